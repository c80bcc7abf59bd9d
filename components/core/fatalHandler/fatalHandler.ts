import {
  component,
  defineComponent,
  FatalEvent,
  input,
  Mode,
  ModeChange,
  ok,
  output,
  refused,
  type SelfOf,
  U32,
} from '../../../fsw/framework';

const model = defineComponent({
  kind: 'passive',
  doc: 'Brings the spacecraft to safe mode after a FATAL, and back on command.',
  ports: {
    fatalIn: input.sync(FatalEvent),
    mode: output(ModeChange, 8),
  },
  commands: {
    EXIT_SAFE_MODE: { id: 0, doc: 'Goes back to nominal mode.' },
    ENTER_SAFE_MODE: { id: 1, doc: 'Goes to safe mode as if after a FATAL.' },
  },
  events: {
    SafeModeEntered: {
      id: 0,
      severity: 'warning-high',
      args: { cause: U32 },
      format: 'safe mode because of event {cause} (0: by command)',
      doc: 'From now on only the core and the link run.',
    },
    SafeModeLeft: {
      id: 1,
      severity: 'activity-high',
      format: 'back in nominal mode',
      doc: 'EXIT_SAFE_MODE was done.',
    },
  },
  telemetry: {
    Mode: { id: 0, type: Mode, doc: 'The mode of the spacecraft.' },
    FatalCount: {
      id: 1,
      type: U32,
      update: 'on-change',
      limits: { high: { red: 0 } },
      doc: 'FATALs since boot.',
    },
  },
});

interface State {
  safe: boolean;
  fatals: number;
}

export const fatalHandler = component(model, {
  state: (): State => ({ safe: false, fatals: 0 }),
  ports: (self) => ({
    fatalIn({ id }) {
      self.tlm.FatalCount(++self.state.fatals);
      if (!self.state.safe) enterSafeMode(self, id);
    },
  }),
  commands: (self) => ({
    EXIT_SAFE_MODE() {
      const { state, event, tlm, out } = self;
      if (!state.safe) return refused('the spacecraft is not in safe mode');
      state.safe = false;
      for (const mode of out.mode) mode({ mode: 'NOMINAL' });
      tlm.Mode('NOMINAL');
      event.SafeModeLeft();
      return ok;
    },
    ENTER_SAFE_MODE() {
      if (self.state.safe) return refused('the spacecraft is in safe mode already');
      enterSafeMode(self, 0);
      return ok;
    },
  }),
  start: ({ tlm, state }) => tlm.Mode(state.safe ? 'SAFE' : 'NOMINAL'),
});

function enterSafeMode({ state, event, tlm, out }: SelfOf<typeof model, State>, cause: number): void {
  state.safe = true;
  for (const mode of out.mode) mode({ mode: 'SAFE' });
  tlm.Mode('SAFE');
  event.SafeModeEntered({ cause });
}
