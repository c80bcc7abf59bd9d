import {
  bool,
  component,
  defineComponent,
  input,
  ok,
  PrmGet,
  PrmSet,
  refused,
  Sched,
  type SelfOf,
  string,
  U16,
  U32,
} from '../../../fsw/framework';
import { type Check, ParameterCopies } from './copies';

const NONE = { valid: false, value: new Uint8Array(0) };

const model = defineComponent({
  kind: 'passive',
  doc: 'Keeps saved parameters in two copies of a file and three in memory, and heals each from the others.',
  ports: {
    get: input.sync(PrmGet),
    set: input.sync(PrmSet),
    schedIn: input.sync(Sched),
  },
  commands: {
    PRM_SAVE_FILE: {
      id: 0,
      doc: 'Writes the parameter file again (every save of a parameter writes it too).',
    },
  },
  events: {
    ParamFileLoaded: {
      id: 0,
      severity: 'activity-high',
      args: { params: U16 },
      format: '{params} saved parameters loaded',
      doc: 'The parameter file was read at boot.',
    },
    ParamFileCorrupt: {
      id: 1,
      severity: 'warning-high',
      args: { reason: string(120), keptAs: string(60) },
      format: 'parameter file not used, defaults fly: {reason}; kept as {keptAs}',
      doc: 'The parameter file is damaged; its bytes are kept aside for the ground.',
    },
    ParamFileWriteFailed: {
      id: 2,
      severity: 'warning-high',
      args: { reason: string(120) },
      format: 'parameter file not written: {reason}',
      throttle: 10,
      doc: 'The storage refused the file; the one before it is still there.',
    },
    ParamFileSaved: {
      id: 3,
      severity: 'activity-high',
      args: { params: U16 },
      format: 'parameter file written with {params} parameters',
      doc: 'PRM_SAVE_FILE was done.',
    },
    ParamMemoryCorrected: {
      id: 4,
      severity: 'activity-low',
      args: { bits: U32 },
      format: '{bits} upset bits of the parameters in memory were outvoted',
      throttle: 10,
      doc: 'A copy in memory differed from the two others and was put right.',
    },
    ParamMemoryLost: {
      id: 5,
      severity: 'warning-high',
      args: { restored: bool },
      format:
        'the parameters in memory were damaged beyond their majority; restored from the file: {restored}',
      throttle: 10,
      doc: 'Two copies in memory were wrong in the same bit. If no file was good either, nothing is saved any more.',
    },
    ParamFileRepaired: {
      id: 6,
      severity: 'warning-low',
      args: { file: string(60), reason: string(120) },
      format: 'parameter file {file} was written again: {reason}',
      throttle: 10,
      doc: 'One of the two copies of the file was damaged, missing or old.',
    },
  },
  telemetry: {
    ParamsSaved: { id: 0, type: U16, update: 'on-change', doc: 'Parameters in the file.' },
    FileWrites: { id: 1, type: U32, update: 'on-change', doc: 'Times the file was written since boot.' },
    BitsCorrected: {
      id: 2,
      type: U32,
      update: 'on-change',
      doc: 'Upset bits in memory outvoted since boot.',
    },
    FilesRepaired: {
      id: 3,
      type: U32,
      update: 'on-change',
      doc: 'Copies of the file written again since boot, because they were damaged, missing or old.',
    },
  },
  config: {
    fileName: { type: string(48), default: 'parameters.bin', doc: "The file's name in the board's storage." },
    maxBytes: {
      type: U32,
      default: 16_384,
      min: 64,
      unit: 'B',
      doc: 'What the parameters may take at most.',
    },
  },
});

interface State {
  readonly copies: ParameterCopies;
  writes: number;
  bitsCorrected: number;
  filesRepaired: number;
}

export const parameterStore = component(model, {
  // Read here, before any component starts, since each loads its parameters when it does.
  state: ({ board, config }): State => {
    const bytes = 3 * config.maxBytes;
    const memory = board.memory.allocate('parameters', bytes);
    const cells = new Uint8Array(memory.ok ? memory.value : new SharedArrayBuffer(bytes));
    return {
      copies: new ParameterCopies(board.storage, config.fileName, cells),
      writes: 0,
      bitsCorrected: 0,
      filesRepaired: 0,
    };
  },
  ports: (self) => ({
    get({ id }) {
      const value = self.state.copies.values.get(id);
      return value === undefined ? NONE : { valid: true, value };
    },
    set: ({ id, value }) => save(self, new Map(self.state.copies.values).set(id, value.slice())),
    schedIn: () => report(self, self.state.copies.check()),
  }),
  commands: (self) => ({
    PRM_SAVE_FILE() {
      const { values } = self.state.copies;
      if (!save(self, values)) return refused('the storage did not take the file');
      self.event.ParamFileSaved({ params: values.size });
      return ok;
    },
  }),
  start(self) {
    const { state, board, config, event, tlm } = self;
    const { damagedAtBoot: damaged, values } = state.copies;
    tlm.ParamsSaved(values.size);
    if (damaged === undefined) {
      if (values.size > 0) event.ParamFileLoaded({ params: values.size });
      report(self, state.copies.check());
      return;
    }
    const name = `${config.fileName}.damaged`;
    const kept = damaged.bytes !== undefined && board.storage.write(name, damaged.bytes).ok;
    event.ParamFileCorrupt({ reason: damaged.reason, keptAs: kept ? name : 'nothing' });
  },
});

type Store = SelfOf<typeof model, State>;

function save({ state, event, tlm }: Store, values: ReadonlyMap<number, Uint8Array>): boolean {
  const saved = state.copies.save(values);
  if (!saved.ok) {
    event.ParamFileWriteFailed({ reason: saved.error.text });
    return false;
  }
  tlm.ParamsSaved(values.size);
  tlm.FileWrites(++state.writes);
  return true;
}

function report({ state, event, tlm }: Store, { memoryBits, memory, rewritten, refused }: Check): void {
  if (memoryBits > 0) event.ParamMemoryCorrected({ bits: memoryBits });
  if (memory !== 'good') event.ParamMemoryLost({ restored: memory === 'restored' });
  for (const { name, reason } of rewritten) event.ParamFileRepaired({ file: name, reason });
  for (const { reason } of refused) event.ParamFileWriteFailed({ reason });
  state.bitsCorrected += memoryBits;
  state.filesRepaired += rewritten.length;
  tlm.BitsCorrected(state.bitsCorrected);
  tlm.FilesRepaired(state.filesRepaired);
}
