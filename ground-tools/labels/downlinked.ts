/** What recordings of the downlink hold of an archive's tiles: their records, and the pictures that were asked for. */
import { fail, type Result, succeed } from '../../fsw/errors';
import type { Dictionary } from '../../fsw/framework/dictionary';
import type { Value } from '../../fsw/framework/types';
import { classesTagOf, NO_PLACE, TileRecord } from '../../fsw/learning';
import { Assembler, type ProductChunk } from '../../fsw/products';
import { Apid } from '../../fsw/protocols';
import { dictionaryFromJson } from '../client/dictionaryFile';
import { apidOf, messageOf } from '../gateway/lines';
import { packetsIn, recordedDictionary, segmentsOf } from '../gateway/recording';
import type { FrameReader } from '../link/security';
import { type BookTile, byTile, type Thumbnail } from './book';

type TileSaid = Value<typeof TileRecord>;
type ChunkSaid = Value<typeof ProductChunk>;

export interface Downlinked {
  readonly deployment: string;
  readonly dictionary: string;
  /** The archive's instance. */
  readonly archive: string;
  /** Of the archive's last boot that was heard; undefined when none was. */
  readonly said?: { readonly model: string; readonly classes: readonly string[] };
  readonly records: readonly TileSaid[];
  readonly thumbnails: readonly Thumbnail[];
  readonly recordBytes: number;
  readonly thumbnailBytes: number;
}

/** Errors: LABELS_RECORDING, RECORD_EMPTY, DICTIONARY_FILE. */
export function readRecording(folder: string, open?: FrameReader): Result<Downlinked> {
  const segments = segmentsOf(folder);
  if (!segments.ok) return segments;
  const text = recordedDictionary(folder);
  if (text === undefined) return fail('LABELS_RECORDING', { folder, why: 'it has no dictionary beside it' });
  const dictionary = dictionaryFromJson(text, folder);
  if (!dictionary.ok) return dictionary;
  const archive = archiveOf(dictionary.value, folder);
  if (!archive.ok) return archive;
  return succeed(collect(folder, dictionary.value, archive.value, open));
}

/** The instance whose records are those of tiles. Errors: LABELS_RECORDING. */
export function archiveOf({ deployment, records }: Dictionary, folder: string): Result<string> {
  const found = records.filter(({ type }) => type.name === TileRecord.name).map(({ instance }) => instance);
  if (found.length === 1) return succeed(found[0]);
  const why =
    found.length === 0
      ? `${deployment} has no archive of tiles`
      : `${deployment} has several archives of tiles: ${found.join(', ')}`;
  return fail('LABELS_RECORDING', { folder, why });
}

function collect(
  folder: string,
  dictionary: Dictionary,
  archive: string,
  open: FrameReader | undefined,
): Downlinked {
  const prefix = `${dictionary.deployment}.${archive}`;
  const records: TileSaid[] = [];
  const pictures = new Pictures();
  let [recordBytes, thumbnailBytes] = [0, 0];
  let said: Downlinked['said'];
  for (const { packet } of packetsIn(folder, {}, {}, open?.openTm)) {
    const apid = apidOf(packet);
    if (apid !== Apid.DP && apid !== Apid.LOG) continue;
    const message = messageOf(dictionary, packet, { n: 0, at: 0 });
    if (message.type === 'event' && message.name === `${prefix}.ArchiveOpened`)
      said = { model: String(message.args.model), classes: String(message.args.classes).split(',') };
    if (message.type !== 'records') continue;
    if (message.name === `${prefix}.Tile`) {
      records.push(...(message.records as TileSaid[]));
      recordBytes += packet.length;
    }
    if (message.name === `${prefix}.Chunk`) {
      for (const chunk of message.records as ChunkSaid[]) pictures.add(chunk);
      thumbnailBytes += packet.length;
    }
  }
  return {
    deployment: dictionary.deployment,
    dictionary: dictionary.hash,
    archive,
    ...(said && { said }),
    records,
    thumbnails: pictures.whole(),
    recordBytes,
    thumbnailBytes,
  };
}

/** Pictures of tiles out of chunks; the one of the best quality counts. */
export class Pictures {
  readonly #assembler = new Assembler();
  readonly #whole = new Map<number, Thumbnail>();

  /** The picture that became whole with this chunk. */
  add(chunk: ChunkSaid): Thumbnail | undefined {
    const now = this.#assembler.add(chunk);
    if (now === undefined || now.kind !== 'SPECIMEN' || now.wholeLayers < now.layers) return undefined;
    const { product: tile, capture: quality, bytes: webp } = now;
    const known = this.#whole.get(tile);
    if (known === undefined || known.quality <= quality) this.#whole.set(tile, { tile, quality, webp });
    return { tile, quality, webp };
  }

  whole(): Thumbnail[] {
    return [...this.#whole.values()];
  }
}

/**
 * The kept tiles that records tell of. All must be of this model and its classes in this order. Errors: LABELS_RECORDING.
 */
export function tilesOf(
  records: readonly TileSaid[],
  { model, classes }: { readonly model: string; readonly classes: readonly string[] },
  folder: string,
): Result<BookTile[]> {
  const tag = classesTagOf(model, classes);
  const strange = records.find(({ classesTag }) => classesTag !== tag);
  if (strange !== undefined) {
    const why = `the record of tile ${strange.tile} is of another model or other classes than ${model}: ${classes.join(', ')}`;
    return fail('LABELS_RECORDING', { folder, why });
  }
  const kept = records.filter(({ tile }) => tile > 0);
  return succeed(byTile(kept.map((record) => tileOf(record, classes.length))));
}

function tileOf(record: TileSaid, classes: number): BookTile {
  const { tile, seconds: seenS, latE6, lonE6, gsdCm, headingCentideg, versionTag } = record;
  const isPlaced = latE6 !== NO_PLACE && gsdCm > 0;
  const place = {
    latDeg: latE6 / 1e6,
    lonDeg: lonE6 / 1e6,
    gsdM: gsdCm / 100,
    headingDeg: headingCentideg / 100,
  };
  const probabilities = record.probabilities.slice(0, classes);
  return { tile, seenS, ...(isPlaced && { place }), versionTag, probabilities };
}
