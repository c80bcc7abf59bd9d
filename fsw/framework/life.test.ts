import { describe, expect, it } from 'vitest';
import { component } from './component';
import { defineComponent } from './model';
import { input, port } from './ports';
import { ok } from './standardPorts';
import { bench, trial } from './testing';
import { defineTopology, instance } from './topology';
import { U32 } from './types';

const Number_ = port('Number', { n: U32 });

const faults = (b: { events: { name: string; args: Record<string, unknown> }[] }) =>
  b.events.filter(({ name }) => name === 'ComponentFault').map(({ args }) => `${args.where}: ${args.action}`);

describe('the life of a component', () => {
  const diary: string[] = [];
  /** `fails`: which parts throw, and from which life on. */
  const mortal = (fails: Partial<Record<'state' | 'start' | 'stop', (life: number) => boolean>> = {}) => {
    let life = 0;
    diary.length = 0;
    const step = (part: 'state' | 'start' | 'stop') => {
      diary.push(`${part} ${life}`);
      if (fails[part]?.(life)) throw new Error(`${part} fails`);
    };
    return component(
      defineComponent({
        kind: 'active',
        doc: 'Writes a diary.',
        ports: { at: input.sync(Number_) },
        commands: { COUNT: { id: 0, doc: 'Answers.' } },
      }),
      {
        state() {
          life++;
          step('state');
          return { life };
        },
        start({ state, clock }) {
          step('start');
          clock.every(10, () => void diary.push(`tick ${state.life}`));
        },
        stop: () => step('stop'),
        ports: () => ({
          at({ n }) {
            if (n === 13) throw new Error('thirteen');
          },
        }),
        commands: () => ({ COUNT: () => ok }),
      },
    );
  };

  it('starts once, and stops once at the end', async () => {
    const b = await bench(mortal());
    await b.advance(10);
    await b.stop();
    await b.stop();
    expect(diary).toEqual(['state 1', 'start 1', 'tick 1', 'stop 1']);
  });

  it('stops before it is restarted, and its timers end with it', async () => {
    const b = await bench(mortal());
    b.in.at({ n: 13 });
    await b.advance(20);
    expect(diary).toEqual(['state 1', 'start 1', 'stop 1', 'state 2', 'start 2', 'tick 2', 'tick 2']);
  });

  it('is restarted like any other fault when its state or its start throws at boot', async () => {
    for (const part of ['state', 'start'] as const) {
      const b = await bench(mortal({ [part]: (life: number) => life === 1 }));
      expect(faults(b)).toEqual([`${part === 'state' ? 'boot' : 'start'}: restart`]);
      b.command('COUNT');
      await b.settle();
      expect(b.responses.map(({ status }) => status)).toEqual(['OK']);
    }
  });

  it('is isolated when it cannot start again', async () => {
    for (const part of ['state', 'start'] as const) {
      const b = await bench(mortal({ [part]: () => true }));
      expect(faults(b)).toEqual([`${part === 'state' ? 'boot' : 'start'}: restart`, 'restart: isolate']);
      b.command('COUNT');
      expect(b.responses.map(({ status }) => status)).toEqual(['EXECUTION_ERROR']);
      await b.advance(100);
      expect(diary.filter((line) => line.startsWith('tick'))).toEqual([]);
    }
  });

  it('reports a stop that throws, and does not start again for that', async () => {
    const b = await bench(mortal({ stop: () => true }));
    await b.stop();
    expect(faults(b)).toEqual(['stop: none']);
    expect(diary).toEqual(['state 1', 'start 1', 'stop 1']);
  });

  it('ends, reported, when a supervisor restarts it once too often', async () => {
    const topology = defineTopology({
      name: 'One',
      instances: [instance('unit', mortal(), { baseId: 0x100 })],
      connections: [],
      patterns: {},
    });
    const t = trial(topology);
    t.deployment.start();
    const unit = t.deployment.units.get('unit');
    for (let i = 0; i < 5; i++) unit?.restart('no answer to ping');
    expect([unit?.isolated, unit?.faults]).toEqual([true, 1]);
    await t.deployment.stop();
    expect(diary.filter((line) => line.startsWith('stop'))).toHaveLength(4);
  });

  it('answers pings while it is alive', async () => {
    const b = await bench(mortal());
    b.ping(77);
    await b.settle();
    expect(b.pongs).toEqual([77]);
  });
});
