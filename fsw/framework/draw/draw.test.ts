import { describe, expect, it } from 'vitest';
import { component } from '../component';
import { defineComponent } from '../model';
import { input, output, port } from '../ports';
import { Log } from '../standardPorts';
import { connect, defineTopology, instance } from '../topology';
import { U32 } from '../types';
import { mermaidOf, svgOf } from './index';
import { layersOf } from './layers';

const Data = port('Data', { n: U32 });

const stage = component(
  defineComponent({
    kind: 'active',
    doc: 'Takes <data> & passes it on.',
    ports: {
      dataIn: input.async(Data, 2),
      tick: input.sync(Data),
      dataOut: output(Data, 3),
      log: input.sync(Log),
    },
  }),
  { ports: () => ({ dataIn() {}, tick() {}, log() {} }) },
);
const ticker = component(
  defineComponent({ kind: 'passive', doc: 'Ticks.', ports: { member: output(Data, 16) } }),
  {},
);
const lone = component(defineComponent({ kind: 'queued', doc: 'Stands alone.' }), {});

const names = ['camera', 'tiler', 'screener', 'classifier', 'engine', 'packer', 'queue', 'framer', 'radio'];
const stages = names.map((name, i) => instance(name, stage, { baseId: 0x100 * (i + 1) }));
const [camera, , screener, , engine] = stages;
const group = instance('rateGroup', ticker, { baseId: 0x1000 });
const chain = stages.slice(1).map((to, i) => connect(stages[i].out.dataOut[0], to.in.dataIn[0]));

const topology = defineTopology({
  name: 'Sketch',
  instances: [
    group,
    ...stages,
    ...['health', 'version'].map((name, i) => instance(name, lone, { baseId: 0x2000 + 0x100 * i })),
  ],
  connections: [
    ...chain,
    connect(screener.out.dataOut[1], engine.in.dataIn[1]),
    connect(engine.out.dataOut[1], screener.in.tick),
    connect(camera.out.dataOut[2], stages[8].in.tick),
    connect(stages[7].out.dataOut[1], stages[7].in.tick),
    ...[0, 2, 4].map((i) => connect(group.out.member[i], stages[i].in.tick)),
  ],
  patterns: { events: camera.in.log },
});

const svg = svgOf(topology);

/** Boxes by name: left, top, right, bottom. */
const boxes = new Map(
  [
    ...svg.matchAll(/<g><rect x="(\d+)" y="([\d.]+)" width="(\d+)" height="(\d+)".*?class="name">(\w+)</g),
  ].map(([, x, y, w, h, name]) => [name, { x: +x, y: +y, right: +x + +w, bottom: +y + +h }]),
);

describe('the picture of a topology', () => {
  it('is the same each time, and stands alone', () => {
    expect(svgOf(topology)).toBe(svg);
    expect(svg).toMatch(/^<svg xmlns=.* width="1400"/);
    expect(svg).not.toMatch(/href|<script|NaN|undefined|Infinity/);
  });

  it('has a box for every instance, within the picture and on no other', () => {
    expect([...boxes.keys()].sort()).toEqual(topology.instances.map(({ name }) => name).sort());
    const all = [...boxes.values()];
    for (const [i, a] of all.entries()) {
      expect(a.x).toBeGreaterThanOrEqual(0);
      expect(a.right).toBeLessThanOrEqual(1400);
      for (const b of all.slice(i + 1))
        expect(a.right <= b.x || b.right <= a.x || a.bottom <= b.y || b.bottom <= a.y).toBe(true);
    }
  });

  it('has an arrow for every connection but those of a large array, which it tells in words', () => {
    const titles = [...svg.matchAll(/<title>([^<]*→[^<]*)<\/title>/g)].map(([, title]) => title);
    expect(titles).toHaveLength(topology.connections.length - 3);
    expect(titles).toContain('camera.dataOut → tiler.dataIn (Data)');
    expect(svg).toContain('calls 3 components');
    expect(svg).toContain('tick from rateGroup');
  });

  it('shows queued calls dashed, and names who serves the patterns', () => {
    const arrowOf = (title: string) => svg.split('\n').find((line) => line.includes(title)) ?? '';
    expect(arrowOf('camera.dataOut → tiler.dataIn')).toContain('class="queued"');
    expect(arrowOf('engine.dataOut[1] → screener.tick')).not.toContain('class="queued"');
    expect(svg).toContain('Every component is also served, by patterns: events by camera.');
  });

  it('escapes what is not for XML', () => {
    expect(svg).toContain('<title>Takes &lt;data&gt; &amp; passes it on.</title>');
  });

  it('can also be of a topology without connections or patterns', () => {
    const bare = svgOf(
      defineTopology({
        name: 'Bare',
        instances: [instance('one', lone, { baseId: 0x100 })],
        connections: [],
        patterns: {},
      }),
    );
    expect(bare).toContain('>one<');
    expect(bare).not.toContain('served');
    expect(svgOf(defineTopology({ name: 'None', instances: [], connections: [], patterns: {} }))).not.toMatch(
      /NaN|Infinity/,
    );
  });
});

describe('layers', () => {
  it('follow the arrows, break circles, and keep sources near what they feed', () => {
    const layers = layersOf(
      ['a', 'b', 'c', 'd', 'late'],
      [
        ['a', 'b'],
        ['b', 'c'],
        ['c', 'd'],
        ['d', 'b'],
        ['late', 'd'],
      ],
    );
    expect(Object.fromEntries(layers)).toEqual({ a: 0, b: 1, c: 2, d: 3, late: 2 });
  });
});

describe('the Mermaid text', () => {
  it('has every instance and connection, dotted where a queue is between', () => {
    const text = mermaidOf(topology);
    expect(text.split('\n')[0]).toBe('flowchart LR');
    expect(text).toContain('  camera["camera"]:::active');
    expect(text).toContain('  camera -.->|"dataOut → dataIn"| tiler');
    expect(text).toContain('  engine -->|"dataOut[1] → tick"| screener');
    expect(text.match(/-->|-\.->/g)).toHaveLength(topology.connections.length);
    expect(text).toContain('classDef queued');
  });
});
