import {
  component,
  defineComponent,
  input,
  ok,
  PrmGet,
  PrmSet,
  refused,
  type SelfOf,
  string,
  U16,
  U32,
} from '../../../fsw/framework';
import { readParameterFile, writeParameterFile } from './parameterFile';

const NONE = { valid: false, value: new Uint8Array(0) };

const model = defineComponent({
  kind: 'passive',
  doc: 'Keeps saved parameters in one file, which is written whole or not at all.',
  ports: {
    get: input.sync(PrmGet),
    set: input.sync(PrmSet),
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
  },
  telemetry: {
    ParamsSaved: { id: 0, type: U16, update: 'on-change', doc: 'Parameters in the file.' },
    FileWrites: { id: 1, type: U32, update: 'on-change', doc: 'Times the file was written since boot.' },
  },
  config: {
    fileName: { type: string(48), default: 'parameters.bin', doc: "The file's name in the board's storage." },
  },
});

interface State {
  values: ReadonlyMap<number, Uint8Array>;
  /** What was found at boot instead of a parameter file. */
  damaged: { readonly bytes?: Uint8Array; readonly reason: string } | undefined;
  writes: number;
}

export const parameterStore = component(model, {
  // Read here, before any component starts, since each loads its parameters when it does.
  state: ({ board, config }): State => {
    const file = board.storage.read(config.fileName);
    if (!file.ok) {
      const damaged = file.error.code === 'STORAGE_MISSING' ? undefined : { reason: file.error.text };
      return { values: new Map(), damaged, writes: 0 };
    }
    const read = readParameterFile(file.value);
    if (read.ok) return { values: read.value, damaged: undefined, writes: 0 };
    return { values: new Map(), damaged: { bytes: file.value, reason: read.error.text }, writes: 0 };
  },
  ports: (self) => ({
    get({ id }) {
      const value = self.state.values.get(id);
      return value === undefined ? NONE : { valid: true, value };
    },
    set({ id, value }) {
      const before = self.state.values;
      self.state.values = new Map(before).set(id, value.slice());
      const written = writeFile(self);
      if (!written) self.state.values = before;
      return written;
    },
  }),
  commands: (self) => ({
    PRM_SAVE_FILE() {
      if (!writeFile(self)) return refused('the storage did not take the file');
      self.event.ParamFileSaved({ params: self.state.values.size });
      return ok;
    },
  }),
  start({ state, board, config, event, tlm }) {
    const { damaged, values } = state;
    tlm.ParamsSaved(values.size);
    if (damaged === undefined) {
      if (values.size > 0) event.ParamFileLoaded({ params: values.size });
      return;
    }
    const name = `${config.fileName}.damaged`;
    const kept = damaged.bytes !== undefined && board.storage.write(name, damaged.bytes).ok;
    event.ParamFileCorrupt({ reason: damaged.reason, keptAs: kept ? name : 'nothing' });
  },
});

function writeFile({ state, board, config, event, tlm }: SelfOf<typeof model, State>): boolean {
  const written = board.storage.write(config.fileName, writeParameterFile(state.values));
  if (!written.ok) {
    event.ParamFileWriteFailed({ reason: written.error.text });
    return false;
  }
  tlm.ParamsSaved(state.values.size);
  tlm.FileWrites(++state.writes);
  return true;
}
