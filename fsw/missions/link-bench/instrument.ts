/** An instrument that is not there: it says back what it is told, in every kind of type that a link carries. */
import {
  array,
  bool,
  component,
  defineComponent,
  enumeration,
  F32,
  F64,
  I8,
  I16,
  I32,
  I64,
  input,
  ok,
  refused,
  Sched,
  string,
  struct,
  U8,
  U16,
  U32,
  U64,
} from '../../framework';

export const Mode = enumeration('LinkBench.Mode', { OFF: 0, NOMINAL: 1, SAFE: 2 });
export const Trend = enumeration(
  'LinkBench.Trend',
  { FALLING: -300, FLAT: 0, RISING: 300 },
  { represent: I16 },
);
export const Vector = array(F32.with({ format: '{.3f}' }), 3, 'LinkBench.Vector');
export const Names = array(string(8), 2, 'LinkBench.Names');
export const Setpoint = struct('LinkBench.Setpoint', {
  mode: Mode,
  gain: F32.with({ format: '{.2f}' }),
  taps: array(U16, 2, 'LinkBench.Taps'),
  label: string(12),
});
export const Numbers = struct('LinkBench.Numbers', {
  u8: U8,
  u16: U16,
  u32: U32,
  u64: U64,
  i8: I8,
  i16: I16,
  i32: I32,
  i64: I64,
  f32: F32,
  f64: F64,
});

const initialNumbers = Numbers.initial;

export const instrument = component(
  defineComponent({
    kind: 'active',
    doc: 'Says back what it is told, by event and telemetry, in every kind of type.',
    ports: { schedIn: input.async(Sched, { onFull: 'drop-oldest' }) },
    commands: {
      SAY: { id: 0, args: { text: string(40) }, doc: 'Says a text back.' },
      SET_POINT: {
        id: 1,
        args: { mode: Mode, vector: Vector, point: Setpoint },
        doc: 'Takes a set point: an enumeration, an array and a struct.',
      },
      SET_NUMBERS: { id: 2, args: { flag: bool, numbers: Numbers }, doc: 'Takes numbers of every kind.' },
      SET_NAMES: { id: 3, args: { names: Names, trend: Trend }, doc: 'Takes an array of texts.' },
      REFUSE: { id: 4, args: { reason: string(40) }, doc: 'Fails, for the reason given.' },
      SET_ALL: {
        id: 5,
        args: {
          u8: U8,
          u16: U16,
          u32: U32,
          u64: U64,
          i8: I8,
          i16: I16,
          i32: I32,
          i64: I64,
          f32: F32,
          f64: F64,
        },
        doc: 'Takes the same numbers, as arguments of their own.',
      },
    },
    events: {
      Said: {
        id: 0,
        severity: 'activity-high',
        args: { text: string(40) },
        format: 'you said "{text}"',
        doc: 'SAY was done.',
      },
      PointSet: {
        id: 1,
        severity: 'activity-high',
        args: { mode: Mode, vector: Vector, point: Setpoint },
        format: 'mode {mode}, vector {vector}, point {point}',
        doc: 'SET_POINT was done.',
      },
      NumbersSet: {
        id: 2,
        severity: 'activity-low',
        args: { flag: bool, numbers: Numbers },
        format: 'flag {flag}: {numbers}',
        doc: 'SET_NUMBERS or SET_ALL was done.',
      },
      NamesSet: {
        id: 3,
        severity: 'activity-low',
        args: { names: Names, trend: Trend, count: U32 },
        format: 'names number {count}, {trend}: {names}',
        doc: 'SET_NAMES was done; its text takes the arguments out of order.',
      },
      GainChanged: {
        id: 4,
        severity: 'activity-high',
        args: { gain: F64 },
        format: 'gain is now {gain.3f}',
        doc: 'The parameter Gain has a new value.',
      },
    },
    telemetry: {
      Counter: { id: 0, type: U32, doc: 'Ticks since boot.' },
      CurrentMode: { id: 1, type: Mode, update: 'on-change', doc: 'Mode of the last set point.' },
      LastText: { id: 2, type: string(40), update: 'on-change', doc: 'What was said last.' },
      CurrentVector: { id: 3, type: Vector, update: 'on-change', doc: 'Vector of the last set point.' },
      CurrentPoint: { id: 4, type: Setpoint, update: 'on-change', doc: 'The last set point.' },
      LastNumbers: { id: 5, type: Numbers, update: 'on-change', doc: 'The last numbers.' },
      Flag: { id: 6, type: bool, update: 'on-change', doc: 'The last flag.' },
      CurrentTrend: { id: 7, type: Trend, update: 'on-change', doc: 'The last trend.' },
      Signal: {
        id: 8,
        type: F32.with({ format: '{.3f}' }),
        unit: 'V',
        limits: { low: { red: -9, yellow: -5 }, high: { yellow: 5, orange: 7, red: 9 } },
        doc: 'Gain times a saw-tooth of the counter.',
      },
      NamesSeen: { id: 9, type: Names, update: 'on-change', doc: 'The last names.' },
    },
    params: {
      Gain: { id: 0, type: F32, default: 1.5, min: -10, max: 10, doc: 'Factor of the signal.' },
      StartMode: { id: 1, type: Mode, default: 'NOMINAL', doc: 'Mode after boot.' },
      Offset: { id: 2, type: Vector, default: [0, 0, 0], doc: 'Added to each vector.' },
      Title: { id: 3, type: string(20), default: 'bench', doc: 'A text that is saved.' },
    },
  }),
  {
    state: () => ({ ticks: 0, namings: 0 }),
    ports: ({ state, tlm, param }) => ({
      schedIn() {
        tlm.Counter(++state.ticks);
        tlm.Signal(param.Gain * ((state.ticks % 9) - 4));
      },
    }),
    commands: ({ state, event, tlm, param }) => {
      const numbersSet = (flag: boolean, numbers: typeof initialNumbers) => {
        tlm.Flag(flag);
        tlm.LastNumbers(numbers);
        event.NumbersSet({ flag, numbers });
        return ok;
      };
      return {
        SAY({ text }) {
          tlm.LastText(text);
          event.Said({ text });
          return ok;
        },
        SET_POINT({ mode, vector, point }) {
          const sum = vector.map((value, axis) => value + param.Offset[axis]);
          tlm.CurrentMode(mode);
          tlm.CurrentVector(sum);
          tlm.CurrentPoint(point);
          event.PointSet({ mode, vector: sum, point });
          return ok;
        },
        SET_NUMBERS: ({ flag, numbers }) => numbersSet(flag, numbers),
        SET_ALL: (numbers) => numbersSet(true, numbers),
        SET_NAMES({ names, trend }) {
          tlm.NamesSeen(names);
          tlm.CurrentTrend(trend);
          event.NamesSet({ names, trend, count: ++state.namings });
          return ok;
        },
        REFUSE: ({ reason }) => refused(reason),
      };
    },
    start({ tlm, param }) {
      tlm.CurrentMode(param.StartMode);
      tlm.LastText(param.Title);
    },
    paramChanged: ({ event, param }, name) => {
      if (name === 'Gain') event.GainChanged({ gain: param.Gain });
    },
  },
);
