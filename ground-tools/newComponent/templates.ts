/** The files of a new component: an active one that counts its ticks, with a command, an event, a channel and a parameter to rename. */

export function componentFile(name: string): string {
  return `import { component, defineComponent, input, ok, Sched, U32 } from '../../../fsw/framework';

export const model = defineComponent({
  kind: 'active',
  doc: 'Says in one sentence what ${name} is for.',
  ports: {
    schedIn: input.async(Sched),
  },
  commands: { RESET: { id: 0, doc: 'Starts counting from zero.' } },
  events: {
    LimitReached: {
      id: 0,
      severity: 'warning-low',
      args: { ticks: U32, limit: U32 },
      format: 'reached {ticks} ticks, the limit is {limit}',
      throttle: 10,
      doc: 'The count has reached its limit.',
    },
  },
  telemetry: { Ticks: { id: 0, type: U32, update: 'on-change', doc: 'Ticks since the last reset.' } },
  params: { Limit: { id: 0, type: U32, default: 3, min: 1, max: 1000, doc: 'Ticks to count up to.' } },
});

export const ${name} = component(model, {
  state: () => ({ ticks: 0 }),
  ports: ({ state, event, tlm, param }) => ({
    schedIn() {
      tlm.Ticks(++state.ticks);
      if (state.ticks === param.Limit) event.LimitReached({ ticks: state.ticks, limit: param.Limit });
    },
  }),
  commands: ({ state, tlm }) => ({
    RESET() {
      state.ticks = 0;
      tlm.Ticks(state.ticks);
      return ok;
    },
  }),
});
`;
}

export function testFile(name: string, prefix: string): string {
  return `import { describe, expect, it } from 'vitest';
import { bench } from '../../../fsw/framework/testing';
import { ${name} } from './${name}';

describe('${name}', () => {
  it('PGE-${prefix}-001: counts its ticks in telemetry', async () => {
    const b = await bench(${name});
    b.in.schedIn({ context: 0 });
    b.in.schedIn({ context: 0 });
    await b.settle();
    expect(b.telemetry.Ticks).toBe(2);
  });

  it('PGE-${prefix}-002: says once that the limit is reached', async () => {
    const b = await bench(${name});
    for (let tick = 0; tick < 5; tick++) b.in.schedIn({ context: 0 });
    await b.settle();
    expect(b.events.map(({ text }) => text)).toEqual(['reached 3 ticks, the limit is 3']);
  });

  it('PGE-${prefix}-003: starts from zero on RESET', async () => {
    const b = await bench(${name});
    b.in.schedIn({ context: 0 });
    await b.settle();
    const cmdSeq = b.command('RESET');
    await b.settle();
    expect(b.responses).toEqual([{ command: 'RESET', cmdSeq, status: 'OK', reason: '' }]);
    expect(b.telemetry.Ticks).toBe(0);
  });
});
`;
}

export function readmeFile(name: string, prefix: string): string {
  return `# ${name}

Says in one paragraph what this component does and why it is on board.

| port | type | what |
|---|---|---|
| schedIn | Sched, async | one tick of its rate group |

## Requirements

| id | text | verified by |
|---|---|---|
| PGE-${prefix}-001 | It counts its ticks in telemetry. | test |
| PGE-${prefix}-002 | When the count reaches \`Limit\`, it says so once. | test |
| PGE-${prefix}-003 | RESET starts the count from zero. | test |
`;
}
