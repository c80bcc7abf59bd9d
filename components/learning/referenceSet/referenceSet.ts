/** Holds labelled tiles on board, which versions of a model are measured by before one takes over. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import {
  component,
  defineComponent,
  input,
  ok,
  output,
  readWhole,
  refused,
  type SelfOf,
  string,
  U16,
} from '../../../fsw/framework';
import { checkLabelsFor, type Label, MAX_LABEL_FILE_BYTES, readLabels } from '../../../fsw/learning/labels';
import { ModelServed, ReferenceFetch } from '../../payload/ports';
import { TileFetch } from '../ports';
import { asReference, type KeptSet, type ReferenceTile, readSet, removeSet, writeSet } from './kept';

const Model = string(40);
const Code = string(40);
const Reason = string(160);

const model = defineComponent({
  kind: 'passive',
  doc: 'Holds labelled tiles, by which versions of a model are measured before one takes the place of another.',
  ports: {
    reference: input.sync(ReferenceFetch),
    tile: output(TileFetch),
    served: output(ModelServed),
  },
  commands: {
    TAKE: {
      id: 0,
      args: { path: string(200) },
      doc: 'Take the tiles that a label file marks as reference, with their pixels; of a tile that is held the new label counts.',
    },
    FORGET: { id: 1, args: { model: Model }, doc: "Forget a model's reference set." },
    SHOW: { id: 2, args: { model: Model }, doc: 'Say how many tiles of each class are held.' },
  },
  events: {
    ReferenceTaken: {
      id: 0,
      severity: 'activity-high',
      args: { model: Model, taken: U16, missing: U16, held: U16 },
      format: '{model}: {taken} reference tiles taken, {missing} are kept no longer; {held} are held',
      doc: 'Tiles of a label file are in the reference set.',
    },
    ReferenceRefused: {
      id: 1,
      severity: 'warning-high',
      args: { path: string(200), code: Code, reason: Reason },
      format: '{path}: {code}: {reason}',
      throttle: 20,
      doc: 'A label file has a fault or no reference tile that is kept; the set is as before.',
    },
    ReferenceHeld: {
      id: 2,
      severity: 'activity-low',
      args: { model: Model, held: U16, classes: string(200) },
      format: '{model}: {held} reference tiles: {classes}',
      doc: 'Answer to SHOW.',
    },
    ReferenceDamaged: {
      id: 3,
      severity: 'warning-high',
      args: { code: Code, reason: Reason },
      format: '{code}: {reason}',
      throttle: 10,
      doc: 'A copy of a reference set is damaged; the other copy heals it, if it is whole.',
    },
  },
  telemetry: {
    TilesHeld: {
      id: 0,
      type: U16,
      update: 'on-change',
      doc: 'Tiles of the set that was last taken or asked for.',
    },
  },
  config: {
    folder: { type: string(60), default: 'reference-set', doc: 'In the file store.' },
    maxTiles: { type: U16, default: 256, min: 1, doc: 'Tiles of one model at most.' },
  },
});

type Self = SelfOf<typeof model, Record<string, never>>;

export const referenceSet = component(model, {
  state: () => ({}),
  ports: (self) => ({
    reference({ model }) {
      const set = held(self, model);
      return set && asReference(set);
    },
  }),
  commands: (self) => ({
    TAKE({ path }) {
      const taken = take(self, path);
      if (taken.ok) return ok;
      self.event.ReferenceRefused({ path, code: taken.error.code, reason: taken.error.text });
      return refused(taken.error.text);
    },
    FORGET({ model }) {
      removeSet(self.board.files, pathOf(self, model));
      self.tlm.TilesHeld(0);
      return ok;
    },
    SHOW({ model }) {
      const set = held(self, model);
      const count = (label: number) => set?.tiles.filter((tile) => tile.label === label).length ?? 0;
      const classes = set?.classes.map((name, label) => `${name} ${count(label)}`).join(', ') ?? 'none';
      self.event.ReferenceHeld({ model, held: set?.tiles.length ?? 0, classes });
      return ok;
    },
  }),
});

function pathOf({ config }: Self, model: string): string {
  return `${config.folder}/${model}`;
}

function held(self: Self, model: string): KeptSet | undefined {
  const { set, faults } = readSet(self.board.files, pathOf(self, model));
  for (const { code, text } of faults) self.event.ReferenceDamaged({ code, reason: text });
  self.tlm.TilesHeld(set?.tiles.length ?? 0);
  return set;
}

/** Errors: LABELS, LABELS_MODEL, REFERENCE (no tile of it is kept, more than there is room for), those of the store. */
function take(self: Self, path: string): Result<void> {
  const { board, out, config, event } = self;
  const bytes = readWhole(board.files, path, MAX_LABEL_FILE_BYTES);
  if (!bytes.ok) return bytes;
  const labels = readLabels(bytes.value, path);
  if (!labels.ok) return labels;
  const { model, classes, entries } = labels.value;
  const flying = out.served({ model })?.manifest.classes;
  if (flying === undefined) return fail('MODEL_UNKNOWN', { model, known: 'see the model store' });
  const fits = checkLabelsFor(labels.value, { model, classes: flying });
  if (!fits.ok) return fits;
  const marked = entries.filter(({ use }) => use === 'reference');
  const fresh = marked.flatMap((label): ReferenceTile[] => {
    const pixels = out.tile({ tile: label.tile })?.pixels;
    return pixels ? [{ id: label.tile, label: classOf(label), pixels }] : [];
  });
  if (fresh.length === 0)
    return fail('REFERENCE', { file: path, why: `none of its ${marked.length} reference tiles is kept` });
  const before = held(self, model);
  const same = before && before.classes.join() === classes.join() ? before.tiles : [];
  const news = new Set(fresh.map(({ id }) => id));
  const tiles = [...same.filter(({ id }) => !news.has(id)), ...fresh];
  if (tiles.length > config.maxTiles)
    return fail('REFERENCE', {
      file: path,
      why: `${tiles.length} tiles in all, ${config.maxTiles} the most`,
    });
  if (tiles.some(({ pixels }) => pixels.length !== tiles[0].pixels.length))
    return fail('REFERENCE', { file: path, why: 'its tiles are not of one size' });
  const written = writeSet(board.files, pathOf(self, model), { classes, tiles });
  if (!written.ok) return written;
  self.tlm.TilesHeld(tiles.length);
  const missing = marked.length - fresh.length;
  event.ReferenceTaken({ model, taken: fresh.length, missing, held: tiles.length });
  return succeed(undefined);
}

/** The class that a label says, or says most. */
function classOf({ says }: Label): number {
  return typeof says === 'number' ? says : says.indexOf(Math.max(...says));
}
