import {
  array,
  Cycle,
  component,
  defineComponent,
  input,
  isConnected,
  output,
  reference,
  Sched,
  U32,
} from '../../../fsw/framework';

const MEMBERS = 16;

export const rateGroup = component(
  defineComponent({
    kind: 'active',
    doc: 'Calls its members in order, once a cycle, and reports cycles that slip.',
    ports: {
      cycleIn: input.async(Cycle, { priority: 10, onFull: 'drop-new' }),
      member: output(Sched, MEMBERS),
    },
    events: {
      RateGroupStarted: {
        id: 0,
        severity: 'diagnostic',
        format: 'rate group started',
        doc: 'The first cycle has run.',
      },
      RateGroupCycleSlip: {
        id: 1,
        severity: 'warning-high',
        args: { cycle: U32, lateUs: U32, lost: U32 },
        format: 'cycle {cycle} slipped: {lateUs} us late, {lost} cycles lost before it',
        throttle: 10,
        doc: 'A cycle started a period or more late, or cycles before it were lost.',
      },
    },
    telemetry: {
      Cycles: { id: 0, type: U32, update: 'on-change', doc: 'Cycles run since boot.' },
      CycleSlips: {
        id: 1,
        type: U32,
        update: 'on-change',
        limits: { high: { yellow: 0, red: 100 } },
        doc: 'Cycles that slipped or were lost since boot.',
      },
      MaxCycleTime: {
        id: 2,
        type: U32,
        update: 'on-change',
        unit: 'us',
        doc: 'Longest cycle since boot, in flight time (0 on a simulated clock, which stands still meanwhile).',
      },
      MemberMaxTime: {
        id: 3,
        type: array(U32, MEMBERS),
        update: 'on-change',
        unit: 'us',
        doc: 'Longest call of each member since boot, in flight time.',
      },
    },
    config: {
      contexts: {
        type: reference<readonly number[]>('Contexts'),
        default: [],
        doc: "Each member's own number, given in its calls; 0 where there is none.",
      },
    },
  }),
  {
    state: () => ({
      cycles: 0,
      slips: 0,
      maxCycleUs: 0,
      memberMaxUs: new Array<number>(MEMBERS).fill(0),
      lastDueUs: undefined as number | undefined,
      /** The shortest time between two cycles so far. */
      periodUs: Number.POSITIVE_INFINITY,
    }),
    ports: ({ state, out, event, tlm, config, clock }) => {
      const slipOf = (dueUs: number, startUs: number) => {
        const gapUs = state.lastDueUs === undefined ? Number.POSITIVE_INFINITY : dueUs - state.lastDueUs;
        state.lastDueUs = dueUs;
        if (gapUs > 0) state.periodUs = Math.min(state.periodUs, gapUs);
        const lost = Number.isFinite(gapUs) ? Math.max(0, Math.round(gapUs / state.periodUs) - 1) : 0;
        const lateUs = Math.max(0, startUs - dueUs);
        return { lost, lateUs, late: lateUs >= state.periodUs };
      };

      return {
        cycleIn({ dueUs }) {
          const startUs = clock.nowUs();
          const { lost, lateUs, late } = slipOf(Number(dueUs), startUs);
          let beforeUs = startUs;
          let slower = false;
          for (const [index, member] of out.member.entries()) {
            if (!isConnected(member)) continue;
            member({ context: config.contexts[index] ?? 0 });
            const afterUs = clock.nowUs();
            if (afterUs - beforeUs > state.memberMaxUs[index]) {
              state.memberMaxUs[index] = afterUs - beforeUs;
              slower = true;
            }
            beforeUs = afterUs;
          }
          tlm.Cycles(++state.cycles);
          state.maxCycleUs = Math.max(state.maxCycleUs, beforeUs - startUs);
          tlm.MaxCycleTime(state.maxCycleUs);
          if (slower || state.cycles === 1) tlm.MemberMaxTime(state.memberMaxUs);
          if (state.cycles === 1) event.RateGroupStarted();
          if (lost > 0 || late) {
            state.slips += lost + Number(late);
            event.RateGroupCycleSlip({ cycle: state.cycles, lateUs, lost });
          }
          tlm.CycleSlips(state.slips);
        },
      };
    },
  },
);
