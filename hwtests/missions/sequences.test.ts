/** A sequence from its YAML to the commands that it gives: compiled on the ground, checked and run on board. */
import { describe, expect, it } from 'vitest';
import { cmdSequencer } from '../../components/core/cmdSequencer/cmdSequencer';
import { commandDispatcher } from '../../components/core/commandDispatcher/commandDispatcher';
import { telemetryStore } from '../../components/core/telemetryStore/telemetryStore';
import {
  Com,
  component,
  connect,
  defineComponent,
  defineTopology,
  input,
  instance,
  ok,
  refused,
  U8,
  U32,
} from '../../fsw/framework';
import { eventText } from '../../fsw/framework/emitters';
import { memoryFiles } from '../../fsw/framework/memoryFiles';
import { trial } from '../../fsw/framework/testing';
import { decode, struct } from '../../fsw/framework/types';
import { writeCommandPacket } from '../../fsw/protocols';
import { compileYaml, writeSequence } from '../../ground-tools/sequence';

const CS_RUN = 0x300;

async function onBoard(plans: Record<string, string>) {
  const done: [number, string][] = [];
  const camera = component(
    defineComponent({
      kind: 'active',
      doc: 'Takes a picture a second when told.',
      commands: {
        CAPTURE: { id: 0, args: { count: U8 }, doc: 'Takes pictures; refuses 0.' },
        OPEN_DOOR: { id: 1, hazardous: true, authority: 'engineer', doc: 'Opens the door.' },
        STOW: { id: 2, doc: 'Makes it safe.' },
      },
      telemetry: { Frames: { id: 0, type: U32, doc: 'Pictures taken.' } },
    }),
    {
      state: () => ({ frames: 0 }),
      start: ({ tlm }) => tlm.Frames(0),
      commands: ({ state, tlm, clock }) => {
        const note = (what: string) => void done.push([clock.nowUs() / 1e6, what]);
        return {
          CAPTURE({ count }) {
            note(`capture ${count}`);
            if (count === 0) return refused('no picture to take');
            for (let i = 1; i <= count; i++) clock.after(i * 1e6, () => tlm.Frames(++state.frames));
            return ok;
          },
          OPEN_DOOR() {
            note('open');
            return ok;
          },
          STOW() {
            note('stow');
            return ok;
          },
        };
      },
    },
  );
  const radio = component(
    defineComponent({ kind: 'passive', doc: 'Takes packets.', ports: { comIn: input.sync(Com) } }),
    { ports: () => ({ comIn: () => undefined }) },
  );
  const dispatcher = instance('dispatcher', commandDispatcher, {
    baseId: 0x100,
    priority: 40,
    config: { sourceAuthority: ['engineer', ...new Array<'operator'>(7).fill('operator')] },
  });
  const store = instance('store', telemetryStore, { baseId: 0x200 });
  const sequencers = [0, 1].map((i) =>
    instance(`sequencer${i}`, cmdSequencer, { baseId: 0x300 + i * 0x100 }),
  );
  const antenna = instance('antenna', radio, { baseId: 0x600 });
  const topology = defineTopology({
    name: 'Test',
    instances: [dispatcher, store, ...sequencers, instance('camera', camera, { baseId: 0x500 }), antenna],
    connections: [
      connect(store.out.comOut, antenna.in.comIn),
      ...sequencers.flatMap((sequencer, i) => [
        connect(sequencer.out.commandOut, dispatcher.in.sourceIn[i]),
        connect(dispatcher.out.sourceOut[i], sequencer.in.statusIn),
        connect(sequencer.out.tlmGet, store.in.get),
      ]),
    ],
    patterns: {
      commands: {
        register: dispatcher.in.register,
        send: dispatcher.out.send,
        respond: dispatcher.in.respond,
      },
      telemetry: store.in.tlm,
    },
  });
  const files = memoryFiles();
  const { deployment, advance, settle } = trial(topology, { files });
  const { dictionary } = deployment;
  for (const [name, yaml] of Object.entries(plans)) {
    const compiled = compileYaml(yaml, dictionary, name);
    if (!compiled.ok) throw new Error(compiled.faults.map(({ text }) => text).join('\n'));
    files.write(name, 0, writeSequence(compiled.value));
  }
  const events: string[] = [];
  for (const unit of deployment.units.values())
    unit.services.log = ({ id, args }) => {
      const entry = dictionary.events.find((event) => event.id === id);
      const values = decode(struct('event', entry?.args ?? {}), args);
      if (entry && values.ok) events.push(eventText(entry, values.value));
    };
  deployment.start();
  return {
    done,
    events,
    advance,
    run(fileName: string, sequencer = 0) {
      const args = new Uint8Array([0, fileName.length, ...Buffer.from(fileName)]);
      const data = new Uint8Array(6 + args.length);
      writeCommandPacket(data, 0, CS_RUN + sequencer * 0x100, args);
      deployment.units
        .get('dispatcher')
        ?.inlets.own.commandIn[0].accept({ data, context: 0, source: 0 }, undefined);
      return settle();
    },
  };
}

const pictures = `name: pictures
steps:
  - repeat: 2
    steps:
      - command: camera.CAPTURE
        args: { count: 3 }
      - wait: 10 s
  - waitFor: camera.Frames >= 6
    timeout: 1 min
  - at: 1970-01-01T00:01:00Z
  - if: camera.Frames >= 6
    then:
      - command: camera.OPEN_DOOR
        arm: true
`;

describe('sequences on board', () => {
  it('give their commands at their times, by telemetry, and arm what is hazardous', async () => {
    const b = await onBoard({ 'a.seq': pictures });
    await b.run('a.seq');
    await b.advance(61e6);
    expect(b.done).toEqual([
      [0, 'capture 3'],
      [10, 'capture 3'],
      [60, 'open'],
    ]);
    expect(b.events.at(-1)).toBe('sequence a.seq complete');
  });

  it('run side by side, each with the authority of its own sequencer', async () => {
    const b = await onBoard({ 'a.seq': pictures, 'b.seq': pictures.replaceAll('count: 3', 'count: 1') });
    await b.run('b.seq', 0);
    await b.run('a.seq', 1);
    await b.advance(120e6);
    expect(b.done.filter(([at]) => at < 60)).toEqual([
      [0, 'capture 1'],
      [0, 'capture 3'],
      [10, 'capture 1'],
      [10, 'capture 3'],
    ]);
    expect(b.done.slice(4)).toEqual([[60, 'open']]);
    expect(b.events.some((text) => text.includes('operator may not give what it arms'))).toBe(true);
    expect(b.events.filter((text) => text.startsWith('sequence a.seq aborted at step 7'))).toHaveLength(1);
  });

  it('abort by policy: the next sequence makes it safe', async () => {
    const plan = `name: a
onAbort: safe.seq
steps:
  - command: camera.CAPTURE
    args: { count: 0 }
    onFail: continue
  - command: camera.CAPTURE
    args: { count: 0 }
  - command: camera.OPEN_DOOR
    arm: true
`;
    const b = await onBoard({ 'a.seq': plan, 'safe.seq': 'name: s\nsteps:\n  - command: camera.STOW\n' });
    await b.run('a.seq');
    await b.advance(1e6);
    expect(b.done.map(([, what]) => what)).toEqual(['capture 0', 'capture 0', 'stow']);
    expect(b.events).toContain('sequence safe.seq complete');
  });
});
