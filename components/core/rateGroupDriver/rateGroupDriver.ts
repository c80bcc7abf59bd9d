import {
  array,
  Cycle,
  component,
  defineComponent,
  input,
  output,
  reference,
  U8,
  U32,
} from '../../../fsw/framework';
import { countJitter, JITTER_BUCKETS, noJitter } from './jitter';

const OUTPUTS = 4;
/** Jitter is told once a second at most: it changes with every tick. */
const TELL_US = 1e6;

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
    telemetry: {
      JitterHistogram: {
        id: 0,
        type: array(U32, JITTER_BUCKETS),
        update: 'on-change',
        doc: 'Base ticks since boot that started 2^i to 2^(i+1) us before or after they were due, i from 0.',
      },
      JitterMaxUs: {
        id: 1,
        type: U32,
        update: 'on-change',
        unit: 'us',
        doc: 'The farthest from when it was due that a base tick started since boot.',
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
    state: () => ({
      cycles: new Array<number>(OUTPUTS).fill(-1),
      jitter: noJitter(),
      lastTick: undefined as number | undefined,
    }),
    ports: ({ state, out, tlm, config, clock }) => {
      const measure = (tick: number, startUs: number) => {
        const { jitter, lastTick = tick - 1 } = state;
        // Ticks that the clock merged into this one start with it.
        for (let due = lastTick + 1; due <= tick; due++) countJitter(jitter, startUs - due * config.periodUs);
        state.lastTick = tick;
        const second = (number: number) => Math.floor((number * config.periodUs) / TELL_US);
        if (second(tick) === second(lastTick) || jitter.maxUs === 0) return;
        tlm.JitterHistogram(jitter.histogram);
        tlm.JitterMaxUs(jitter.maxUs);
      };

      return {
        cycleIn({ dueUs }) {
          const startUs = clock.nowUs();
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
          measure(ticks, startUs);
        },
      };
    },
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
