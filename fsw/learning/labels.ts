/**
 * A label file: what the ground says of tiles that stayed on board. Packed small, for the uplink:
 *
 *     0   8  "PGELABEL"
 *     8   4  format, 1                       numbers big-endian
 *    12   4  length of the body
 *    16  32  sha256 of the body
 *    48      body: CBOR {name, model, classes, entries: [[tile, class or probabilities, weight, use], …]}
 *
 * In the body weights and probabilities are counts of 1/255, and use is 0 (train) or 1 (reference).
 */
import { createHash } from 'node:crypto';
import { fail, type Result, succeed } from '../errors';
import { decodeCbor, encodeCbor } from '../models/cbor';
import { bytes, fileName, list, Malformed, member, text, whole } from '../models/fields';

export const LABEL_FILE_EXTENSION = '.labels';
export const MAX_LABEL_FILE_BYTES = 1 << 20;
export const MAX_LABELS = 16_384;
/** As many as a tile's record has probabilities. */
export const MAX_CLASSES = 16;

/** `train`: learned from. `reference`: held out, the measure of what was learned; never trained on. */
export const labelUses = ['train', 'reference'] as const;
export type LabelUse = (typeof labelUses)[number];

export interface Label {
  /** The tile's id on board, a U32. */
  readonly tile: number;
  /** The index of its class, or the probability of each in 1/255. */
  readonly says: number | Uint8Array;
  /** How much it counts, 1/255 to 1; kept to 1/255. */
  readonly weight: number;
  readonly use: LabelUse;
}

export interface Labels {
  /** A plain file name: what events and the ledger call the file. */
  readonly name: string;
  /** The model that is to learn from them, and its classes in order. */
  readonly model: string;
  readonly classes: readonly string[];
  /** One at most for a tile. */
  readonly entries: readonly Label[];
}

/** Labels as they were read, with the hash that names them. */
export interface LabelFile extends Labels {
  /** Of the body, 64 lower-case hex digits. */
  readonly sha256: string;
}

const MAGIC = 'PGELABEL';
const FORMAT = 1;
const HASH_AT = 16;
const BODY_AT = HASH_AT + 32;

/** Errors: LABELS, with the entry that is wrong; what is written can be read. */
export function writeLabels(labels: Labels): Result<Uint8Array> {
  const { name, model, classes, entries } = labels;
  const body = encodeCbor({
    name,
    model,
    classes,
    entries: entries.map(({ tile, says, weight, use }) => [
      tile,
      says,
      Math.round(weight * 255),
      labelUses.indexOf(use),
    ]),
  });
  const file = new Uint8Array(BODY_AT + body.length);
  const view = new DataView(file.buffer);
  file.set(Buffer.from(MAGIC, 'latin1'));
  view.setUint32(8, FORMAT);
  view.setUint32(12, body.length);
  file.set(createHash('sha256').update(body).digest(), HASH_AT);
  file.set(body, BODY_AT);
  const read = readLabels(file, name);
  return read.ok ? succeed(file) : read;
}

/** Reads a whole file. `file` names it in the error: LABELS, with what is wrong and where. */
export function readLabels(given: Uint8Array, file: string): Result<LabelFile> {
  const wrong = (why: string) => fail('LABELS', { file, why });
  if (given.length > MAX_LABEL_FILE_BYTES)
    return wrong(`${given.length} bytes, ${MAX_LABEL_FILE_BYTES} the most`);
  if (given.length < BODY_AT) return wrong(`${given.length} bytes, ${BODY_AT} the least`);
  const view = new DataView(given.buffer, given.byteOffset, given.length);
  const magic = Buffer.from(given.subarray(0, MAGIC.length)).toString('latin1');
  if (magic !== MAGIC) return wrong('it does not begin as a label file does');
  if (view.getUint32(8) !== FORMAT)
    return wrong(`format ${view.getUint32(8)}, this software reads ${FORMAT}`);
  const length = view.getUint32(12);
  if (given.length !== BODY_AT + length)
    return wrong(`${given.length} bytes, its header says ${BODY_AT + length}`);
  const body = given.slice(BODY_AT);
  const sha256 = createHash('sha256').update(body).digest();
  if (Buffer.compare(sha256, given.subarray(HASH_AT, BODY_AT)) !== 0)
    return wrong('its sha256 is not that of its body');
  try {
    return succeed({ ...labelsOf(decodeCbor(body)), sha256: sha256.toString('hex') });
  } catch (error) {
    return wrong(error instanceof Malformed ? error.message : 'its body is no CBOR');
  }
}

/**
 * Whether labels are for this model: the same name and classes in the same order. Errors: LABELS_MODEL.
 */
export function checkLabelsFor(
  { name, model, classes }: Labels,
  expected: { readonly model: string; readonly classes: readonly string[] },
): Result<void> {
  if (model !== expected.model)
    return fail('LABELS_MODEL', { file: name, what: 'model', found: model, expected: expected.model });
  const [found, known] = [classes.join(','), expected.classes.join(',')];
  if (found !== known) return fail('LABELS_MODEL', { file: name, what: 'classes', found, expected: known });
  return succeed(undefined);
}

/** What a network is to answer for this label: probabilities of `classes` classes, which sum to 1. */
export function targetOf({ says }: Pick<Label, 'says'>, classes: number): Float32Array {
  const target = new Float32Array(classes);
  if (typeof says === 'number') target[says] = 1;
  else {
    const sum = says.reduce((all, share) => all + share, 0);
    for (let i = 0; i < classes; i++) target[i] = says[i] / sum;
  }
  return target;
}

function labelsOf(value: unknown): Labels {
  const at = 'the body';
  const classes = list(member(value, 'classes', at), 'classes', MAX_CLASSES).map((name, i) =>
    text(name, `classes[${i}]`, 40),
  );
  if (classes.length < 2) throw new Malformed(`classes: ${classes.length}, 2 the least`);
  if (new Set(classes).size < classes.length) throw new Malformed('classes: one is there twice');
  const entries = list(member(value, 'entries', at), 'entries', MAX_LABELS).map((entry, i) =>
    labelOf(entry, `entries[${i}]`, classes.length),
  );
  if (entries.length === 0) throw new Malformed('entries: there is none');
  const tiles = new Set<number>();
  for (const [i, { tile }] of entries.entries()) {
    if (tiles.has(tile)) throw new Malformed(`entries[${i}]: tile ${tile} is there twice`);
    tiles.add(tile);
  }
  return {
    name: fileName(member(value, 'name', at), 'name', 40),
    model: fileName(member(value, 'model', at), 'model', 40),
    classes,
    entries,
  };
}

function labelOf(value: unknown, at: string, classes: number): Label {
  const fields = list(value, at, 4);
  if (fields.length !== 4) throw new Malformed(`${at}: ${fields.length} fields, 4 needed`);
  const [tile, says, weight, use] = fields;
  return {
    tile: whole(tile, `${at}, tile`, { max: 0xffff_ffff }),
    says: saysOf(says, at, classes),
    weight: whole(weight, `${at}, weight`, { min: 1, max: 255 }) / 255,
    use: labelUses[whole(use, `${at}, use`, { max: labelUses.length - 1 })],
  };
}

function saysOf(says: unknown, at: string, classes: number): number | Uint8Array {
  if (!(says instanceof Uint8Array)) return whole(says, `${at}, class`, { max: classes - 1 });
  const shares = bytes(says, `${at}, probabilities`, classes);
  if (shares.every((share) => share === 0)) throw new Malformed(`${at}, probabilities: all are 0`);
  return shares;
}
