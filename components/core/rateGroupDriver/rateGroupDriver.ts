import { Cycle, component, defineComponent, input, output, reference, U8, U32 } from '../../../fsw/framework';

const OUTPUTS = 4;

export const rateGroupDriver = component(
  defineComponent({
    kind: 'passive',
    doc: "Divides the clock's base tick into the cycles of the rate groups.",
    ports: {
      cycleIn: input.sync(Cycle),
      cycleOut: output(Cycle, OUTPUTS),
    },
    events: {
      DivisorInvalid: {
        id: 0,
        severity: 'warning-high',
        args: { output: U8 },
        format: 'divisor of output {output} is not a whole number from 1; that rate group does not run',
        doc: 'A divisor in the config cannot be used.',
      },
    },
    config: {
      periodUs: { type: U32, min: 1000, unit: 'us', doc: 'Base tick.' },
      divisors: {
        type: reference<readonly number[]>('Divisors'),
        doc: 'Base ticks to one cycle, for each output in order.',
      },
    },
  }),
  {
    /** By output: how many cycles would have been since the mission's epoch; -1 before the first tick. */
    state: () => ({ cycles: new Array<number>(OUTPUTS).fill(-1) }),
    ports: ({ state, out, config }) => ({
      cycleIn({ dueUs }) {
        const ticks = Math.round(Number(dueUs) / config.periodUs);
        for (const [i, cycleOut] of out.cycleOut.entries()) {
          const divisor = config.divisors[i];
          if (!isDivisor(divisor)) continue;
          // Counted from the due time, so that ticks which the host clock skipped shift no phase.
          const cycles = Math.floor(ticks / divisor);
          const first = state.cycles[i] < 0 && ticks % divisor !== 0;
          if (cycles > state.cycles[i] && !first) cycleOut({ dueUs });
          state.cycles[i] = cycles;
        }
      },
    }),
    start(self) {
      const { clock, config, event, state } = self;
      for (const [i, divisor] of config.divisors.entries())
        if (i >= OUTPUTS || !isDivisor(divisor)) event.DivisorInvalid({ output: i });
      const timer = clock.every(config.periodUs, (dueUs) => {
        // After a restart another timer drives the new state.
        if (self.state === state) self.in.cycleIn({ dueUs: BigInt(dueUs) });
        else timer.cancel();
      });
    },
  },
);

function isDivisor(value: number | undefined): value is number {
  return value !== undefined && Number.isInteger(value) && value >= 1;
}
