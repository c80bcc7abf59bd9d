/** The context file: which sources of Earth context there are, what each weighs, and how its words are ours. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';
import { isRecord, list, Malformed, member, optional, text, whole } from '../../fsw/models/fields';
import { number, oneOf } from './bookFile';
import { bookSource } from './sources/labels';
import { pointSource } from './sources/points';
import { polygonSource } from './sources/polygons';
import { rasterSource } from './sources/raster';
import { type Declared, type Legend, type Source, sourceFault } from './sources/source';

const FORMAT = 'perigee-context/1';
const kinds = ['raster', 'polygons', 'points', 'labels'] as const;
const MAX_WEIGHT = 10;

interface SourceSpec extends Declared {
  readonly kind: (typeof kinds)[number];
  /** The source's words to the names of classes; absent: the words are those names. */
  readonly classes: ReadonlyMap<string, readonly string[]> | undefined;
  /** Raster: counted from 0. Polygons: the property with the class. */
  readonly band: number;
  readonly property: string;
  readonly columns: { readonly latitude: string; readonly longitude: string; readonly class: string };
}

export interface Context {
  readonly file: string;
  /** Absent: as the archive on board says. */
  readonly model?: string;
  readonly classes?: readonly string[];
  readonly networkWeight: number;
  readonly sources: readonly SourceSpec[];
}

/** Errors: LABELS_CONTEXT, with the field that is wrong. */
export function readContext(file: string): Result<Context> {
  try {
    return succeed(contextOf(JSON.parse(readFileSync(file, 'utf8')), file));
  } catch (error) {
    return fail('LABELS_CONTEXT', { file, why: (error as Error).message });
  }
}

function contextOf(value: unknown, file: string): Context {
  const at = 'the context';
  const format = member(value, 'format', at);
  if (format !== FORMAT) throw new Malformed(`format: ${String(format)} is not ${FORMAT}`);
  const [model, classes, network] = ['model', 'classes', 'network'].map((key) => optional(value, key));
  const sources = list(member(value, 'sources', at), 'sources', 100).map((source, i) =>
    specOf(source, `sources[${i}]`, dirname(file)),
  );
  const names = sources.map(({ name }) => name);
  const twice = names.find((name, i) => name === 'network' || names.indexOf(name) < i);
  if (twice !== undefined) throw new Malformed(`sources: ${twice} is there twice`);
  return {
    file,
    ...(model !== undefined && { model: text(model, 'model', 40) }),
    ...(classes !== undefined && {
      classes: list(classes, 'classes', 16).map((name, i) => text(name, `classes[${i}]`, 40)),
    }),
    networkWeight: weightOf(optional(network, 'weight') ?? 1, 'network.weight', 0),
    sources,
  };
}

function specOf(value: unknown, at: string, folder: string): SourceSpec {
  const own = (key: string, otherwise: string) => text(optional(value, key) ?? otherwise, `${at}.${key}`);
  return {
    name: text(member(value, 'name', at), `${at}.name`, 40),
    kind: oneOf(member(value, 'kind', at), `${at}.kind`, kinds),
    file: resolve(folder, text(member(value, 'file', at), `${at}.file`, 1000)),
    weight: weightOf(member(value, 'weight', at), `${at}.weight`, 0.01),
    classes: wordsOf(optional(value, 'classes'), `${at}.classes`),
    band: whole(optional(value, 'band') ?? 0, `${at}.band`, { max: 15 }),
    property: own('property', 'class'),
    columns: {
      latitude: own('latitude', 'latitude'),
      longitude: own('longitude', 'longitude'),
      class: own('class', 'class'),
    },
  };
}

function weightOf(value: unknown, at: string, least: number): number {
  return number(value, at, least, MAX_WEIGHT);
}

function wordsOf(value: unknown, at: string): SourceSpec['classes'] {
  if (value === undefined) return undefined;
  if (!isRecord(value)) throw new Malformed(`${at}: not a map`);
  return new Map(
    Object.entries(value).map(([word, names]) => [
      word,
      (Array.isArray(names) ? names : [names]).map((name) => text(name, `${at}.${word}`, 40)),
    ]),
  );
}

/** Opens all sources; when one can't be, none is. Errors: LABELS_SOURCE and those of the sources. */
export async function openSources(
  { sources }: Context,
  classes: readonly string[],
): Promise<Result<Source[]>> {
  const opened: Source[] = [];
  for (const spec of sources) {
    const source = await openSource(spec, classes);
    if (!source.ok) {
      for (const one of opened) await one.close();
      return source;
    }
    opened.push(source.value);
  }
  return succeed(opened);
}

async function openSource(spec: SourceSpec, classes: readonly string[]): Promise<Result<Source>> {
  const legend = legendOf(spec, classes);
  if (!legend.ok) return legend;
  if (!existsSync(spec.file)) return sourceFault(spec, 'there is no such file');
  const { name, file, weight } = spec;
  const declared = { name, file, weight };
  const bytes = readFileSync(spec.file);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const given = () => ({ text: bytes.toString('utf8'), sha256 });
  switch (spec.kind) {
    case 'raster':
      return rasterSource(declared, sha256, legend.value, spec.band);
    case 'polygons':
      return polygonSource(declared, given(), legend.value, spec.property);
    case 'points':
      return pointSource(declared, given(), legend.value, spec.columns);
    case 'labels':
      return bookSource(declared, sha256, legend.value);
  }
}

function legendOf(spec: SourceSpec, classes: readonly string[]): Result<Legend> {
  const words = spec.classes ?? new Map(classes.map((name) => [name, [name]]));
  const legend = new Map<string, number[]>();
  for (const [word, names] of words) {
    const unknown = names.find((name) => !classes.includes(name));
    if (unknown !== undefined)
      return sourceFault(spec, `${word} is said to be ${unknown}, which is none of ${classes.join(', ')}`);
    legend.set(
      word,
      names.map((name) => classes.indexOf(name)),
    );
  }
  if (spec.kind === 'raster' && spec.classes === undefined)
    return sourceFault(spec, 'its counts need a key: classes is missing');
  return succeed(legend);
}
