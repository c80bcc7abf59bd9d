/** Holds the models in shared memory and hands them to a runtime only verified. */
import { type Failed, fail, type Result, succeed } from '../../../fsw/errors';
import {
  component,
  defineComponent,
  input,
  ok,
  refused,
  type Self,
  string,
  U16,
  U32,
} from '../../../fsw/framework';
import { ModelFetch, type StoredModel } from '../ports';
import { type ManifestModel, readManifest } from './manifest';
import { loadSlot, readBytes, type Slot, verifySlot } from './slot';

export const modelStoreModel = defineComponent({
  kind: 'passive',
  doc: 'Holds the models in shared memory and verifies each before every load.',
  ports: { fetch: input.sync(ModelFetch) },
  commands: {
    VERIFY: { id: 0, args: { model: string(40) }, doc: 'Verify one model in memory now.' },
    RELOAD: { id: 1, args: { model: string(40) }, doc: 'Read one model from storage again and verify it.' },
  },
  events: {
    ModelRejected: {
      id: 0,
      severity: 'warning-high',
      args: { model: string(40), code: string(32), reason: string(160) },
      format: '{model} is not fit to fly: {code}: {reason}',
      throttle: 20,
      doc: 'A model is missing, damaged or malformed, and was not handed out.',
    },
    ModelVerified: {
      id: 1,
      severity: 'activity-low',
      args: { model: string(40), version: string(20), bytes: U32 },
      format: '{model} {version} verified, {bytes} bytes of weights',
      doc: 'A model passed at boot or by command.',
    },
  },
  telemetry: {
    ModelsGood: { id: 0, type: U16, update: 'on-change', doc: 'Models that passed when last verified.' },
    ModelsRejected: {
      id: 1,
      type: U32,
      update: 'on-change',
      limits: { high: { yellow: 0 } },
      doc: 'Verifications that failed since boot.',
    },
  },
  config: {
    folder: {
      type: string(200),
      default: 'models',
      doc: 'Folder with manifest.json and the files it lists.',
    },
  },
});

interface State {
  readonly slots: Map<string, Slot>;
  readonly good: Set<string>;
  rejected: number;
}

type M = typeof modelStoreModel;
type Store = Self<M['ports'], M['events'], M['telemetry'], M['params'], M['config'], State>;

export const modelStore = component(modelStoreModel, {
  state: (): State => ({ slots: new Map(), good: new Set(), rejected: 0 }),
  start(self) {
    const manifest = manifestIn(self.config.folder);
    if (!manifest.ok) reject(self, 'manifest', manifest);
    else for (const model of manifest.value) report(self, model.name, reload(self, model));
    self.tlm.ModelsGood(self.state.good.size);
    self.tlm.ModelsRejected(self.state.rejected);
  },
  ports: (self) => ({
    fetch({ model }) {
      const slot = verified(self, model);
      return slot.ok ? storedModel(slot.value) : undefined;
    },
  }),
  commands: (self) => ({
    VERIFY({ model }) {
      return report(self, model, verified(self, model));
    },
    RELOAD({ model }) {
      const manifest = manifestIn(self.config.folder);
      if (!manifest.ok) return report(self, model, reject(self, model, manifest));
      const entry = manifest.value.find(({ name }) => name === model);
      if (entry === undefined)
        return report(self, model, reject(self, model, unknown(model, manifest.value.map(nameOf))));
      return report(self, model, reload(self, entry));
    },
  }),
});

/** Puts a model from storage into its slot, in place of what was there, and verifies it. */
function reload(self: Store, model: ManifestModel): Result<Slot> {
  const slot = loadSlot(self.config.folder, model);
  if (!slot.ok) return reject(self, model.name, slot);
  self.state.slots.set(model.name, slot.value);
  return verified(self, model.name);
}

function verified(self: Store, name: string): Result<Slot> {
  const { slots, good } = self.state;
  const slot = slots.get(name);
  if (slot === undefined) return reject(self, name, unknown(name, [...slots.keys()]));
  const fit = verifySlot(slot);
  if (!fit.ok) return reject(self, name, fit);
  good.add(name);
  self.tlm.ModelsGood(good.size);
  return succeed(slot);
}

function reject({ state, event, tlm }: Store, model: string, failure: Failed): Failed {
  state.good.delete(model);
  tlm.ModelsGood(state.good.size);
  tlm.ModelsRejected(++state.rejected);
  event.ModelRejected({ model, code: failure.error.code, reason: failure.error.text });
  return failure;
}

function report({ event }: Store, model: string, slot: Result<Slot>) {
  if (!slot.ok) return refused(slot.error.text);
  event.ModelVerified({ model, version: slot.value.model.version, bytes: slot.value.weights.length });
  return ok;
}

/** Errors: MODEL_MISSING, MODEL_MANIFEST. */
function manifestIn(folder: string): Result<readonly ManifestModel[]> {
  const file = 'manifest.json';
  const read = readBytes(folder, file);
  if (!read.ok) return fail('MODEL_MISSING', { model: folder, file, reason: read.reason });
  return readManifest(Buffer.from(read.bytes).toString('utf8'), file);
}

function unknown(model: string, known: readonly string[]): Failed {
  return fail('MODEL_UNKNOWN', { model, known: known.join(', ') || 'none' });
}

function nameOf({ name }: ManifestModel): string {
  return name;
}

function storedModel({ model, graph, weights }: Slot): StoredModel {
  const { name, version, input, outputs, classes } = model;
  return { name, version, graph, weightsName: model.weights.path, weights, input, outputs, classes };
}
