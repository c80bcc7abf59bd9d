/**
 * Adaptation as it flies: the learner sees tiles through a drifted camera, records come down, labels are made of them by
 * `ground-tools/labels` and go up, the board calibrates, learns, adopts and promotes. All of it over the link.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StoredModel } from '../../../components/payload/ports';
import type { Result } from '../../../fsw/errors';
import type { ClassColours } from '../../../fsw/learning/colour';
import { topology as learner } from '../../../fsw/missions/learner/topology';
import { approve } from '../../../ground-tools/labels/approve';
import type { Book } from '../../../ground-tools/labels/book';
import { readContext } from '../../../ground-tools/labels/context';
import { archiveOf, type Downlinked } from '../../../ground-tools/labels/downlinked';
import { isPlaced } from '../../../ground-tools/labels/footprint';
import { proposals } from '../../../ground-tools/labels/propose';
import { packLabels } from '../../../ground-tools/labels/uplink';
import type { DriftName } from '../../datasets/drift';
import { follow, mapOf, recordsHeard, sendUp, shortFlight, tilesShown } from '../../missions/learnerFlight';
import { openRig, type Rig } from '../../missions/openRig';

const MODEL = 'land-cover';
export const TILES_A_FRAME = 16;
/** What README of `fineTuner` advises for a network that sees its colours right. */
const RECIPE = { what: 'LORA', rank: 8, batch: 32, steps: 50, rate: 0.001 } as const;
/** A network behind a drifted camera is heard, but little; see README of `ground-tools/labels`. */
const NETWORK_WEIGHT = 0.1;
const REFERENCE_SHARE = 0.2;
const SURE = 0.9;

export interface FlightPlan {
  readonly seed: number;
  readonly drift: DriftName;
  /** Of 16 tiles each. */
  readonly frames: number;
  /** Mean colours of the training tiles, as the ground knows them. */
  readonly colours: ClassColours;
  /** Of training; the advised ones unless told. */
  readonly steps?: number;
  /** Where the ground puts its context. */
  readonly folder: string;
}

export interface Flown {
  /** Those of the model that the store hands out at the end. */
  readonly weights: Uint8Array;
  readonly version: string;
  readonly train: number;
  readonly reference: number;
  /** Share of right answers on board on the reference tiles: before, calibrated, of the version that flies at the end. */
  readonly before: number;
  readonly calibrated: number;
  readonly after: number;
  /** Space packets with records; those of all that came down; tiles as they are. */
  readonly recordBytes: number;
  readonly downBytes: number;
  readonly rawBytes: number;
  /** TC frames of label file and commands. */
  readonly upBytes: number;
  /** What the board would not do, by its own words. */
  readonly refused: readonly string[];
}

/** Throws where the flight does not come to its end. */
export async function flyAdaptation(plan: FlightPlan): Promise<Flown> {
  let done = false;
  const rig = await openRig({
    topology: learner,
    config: { ...shortFlight, camera: { ...shortFlight.camera, PeriodS: 5 } },
    drift: plan.drift,
    seed: plan.seed,
    orbits: 0.08,
    prepare: (self) =>
      follow(
        self,
        adaptation(self, plan, () => (done = true)),
      ),
  });
  try {
    await rig.fly(() => done);
    if (!done) throw new Error(`the flight ended too early: ${heard(rig).join(', ')}`);
    return outcomeOf(rig);
  } finally {
    await rig.close();
  }
}

async function* adaptation(
  rig: Rig,
  { frames, colours, folder, seed, steps = RECIPE.steps }: FlightPlan,
  done: () => void,
): AsyncGenerator<() => boolean, void> {
  yield () => Number(rig.channel('camera.FramesCaptured')) >= frames;
  rig.command('camera.STOP');
  yield () => tilesShown(rig).length >= frames * TILES_A_FRAME;
  const labels = await labelsOf(rig, folder);
  let path: string | undefined;
  sendUp(rig, 'pass-1.labels', labels, (where) => {
    path = where;
  });
  yield () => path !== undefined;
  rig.command('fineTuner.TAKE_LABELS', { path });
  rig.command('referenceSet.TAKE', { path });
  yield () => ['LabelsTaken', 'ReferenceTaken'].every((name) => rig.events(name).length > 0);
  const version = { version: 'seen-1', force: false };
  yield* flying(rig, 'fineTuner.CALIBRATE', { colours: coloursText(colours), ...version });
  rig.command('fineTuner.TRAIN', { ...RECIPE, steps, seed });
  yield () => rig.events('JobDone').length + rig.events('JobFailed').length > 0;
  yield* flying(rig, 'fineTuner.ADOPT', { version: 'learned-1', force: false });
  done();
}

/** A command that makes a version, until that flies or is refused. */
async function* flying(
  rig: Rig,
  name: string,
  args: Record<string, unknown>,
): AsyncGenerator<() => boolean, void> {
  const count = (...names: string[]) => names.reduce((sum, one) => sum + rig.events(one).length, 0);
  const [adopted, ended, promoted] = [
    ['Adopted', 'AdoptRefused'],
    ['InstallEnded'],
    ['ModelPromoted', 'PromotionRefused'],
  ].map((names) => {
    const before = count(...names);
    return () => count(...names) > before;
  });
  const refusals = count('AdoptRefused');
  rig.command(name, args);
  yield adopted;
  if (count('AdoptRefused') > refusals) return;
  yield ended;
  if (rig.events('InstallEnded').at(-1)?.installed !== true) return;
  rig.command('modelStore.PROMOTE', { model: MODEL });
  yield promoted;
}

/** From the records that came down to a label file, by the steps of `perigee labels`. The context knows what each place shows. */
async function labelsOf(rig: Rig, folder: string): Promise<Uint8Array> {
  const content = downlinked(rig);
  const context = join(folder, 'context.json');
  const declare = (sources: readonly unknown[]) =>
    writeFileSync(
      context,
      JSON.stringify({ format: 'perigee-context/1', network: { weight: NETWORK_WEIGHT }, sources }),
    );
  const proposed = async (book: Book | undefined): Promise<Book> => {
    const read = orThrow(readContext(context));
    const recordings = [{ folder, content }];
    return orThrow(await proposals({ recordings, context: read, sure: SURE, book, file: 'pass-1' }));
  };
  declare([]);
  const book = await proposed(undefined);
  const truth = new Map(tilesShown(rig).map((shown) => [shown.tile, shown.class]));
  const mapped = book.tiles.flatMap((tile) => {
    const name = truth.get(tile.tile);
    return name !== undefined && isPlaced(tile) ? [{ tile, class: name }] : [];
  });
  writeFileSync(join(folder, 'areas.json'), JSON.stringify(mapOf(mapped)));
  declare([{ name: 'map', kind: 'polygons', file: 'areas.json', weight: 1 }]);
  const approved = approve(await proposed(book), {
    tiles: [],
    rejected: [],
    from: { class: undefined, confidence: SURE },
    by: 'campaign',
    note: '',
    at: new Date(rig.flight.board.clock.epochUs / 1000).toISOString(),
    referenceShare: REFERENCE_SHARE,
  });
  return orThrow(packLabels(orThrow(approved).book, { name: 'pass-1', all: true })).bytes;
}

/** What a recording of the gateway would hold. */
function downlinked(rig: Rig): Downlinked {
  const { dictionary } = rig.deployment;
  const { records, bytes } = recordsHeard(rig);
  const opened = rig.events('ArchiveOpened').at(-1);
  return {
    deployment: dictionary.deployment,
    dictionary: dictionary.hash,
    archive: orThrow(archiveOf(dictionary, 'the flight')),
    ...(opened && { said: { model: String(opened.model), classes: String(opened.classes).split(',') } }),
    records,
    thumbnails: [],
    recordBytes: bytes,
    thumbnailBytes: 0,
  };
}

function outcomeOf(rig: Rig): Flown {
  const { ground, deployment } = rig;
  const [fetch, served] = ['fetch', 'served'].map((end) =>
    deployment.units.get('modelStore')?.inlets.own[end]?.[0]?.accept({ model: MODEL }, undefined),
  );
  const { weights } = fetch as StoredModel;
  const { version } = (served as { manifest: { version: string } }).manifest;
  const [labels] = rig.events('LabelsTaken');
  const measured = rig.events('ReferenceMeasured');
  const of = (name: string) => measured.find((one) => one.version === name);
  const calibrated = of('seen-1');
  const before = Number((calibrated ?? of('learned-1'))?.flying ?? rig.events('Measured')[0]?.accuracy);
  const { bytes: recordBytes, records } = recordsHeard(rig);
  return {
    weights: new Uint8Array(weights),
    version,
    train: Number(labels.train),
    reference: Number(labels.reference),
    before,
    calibrated: calibrated === undefined ? before : Number(calibrated.accuracy),
    after: Number(of(version)?.accuracy ?? before),
    recordBytes,
    downBytes: ground.received.reduce((sum, { bytes }) => sum + bytes, 0),
    rawBytes: records.length * 3 * 64 * 64,
    upBytes: ground.radiatedBytes,
    refused: ['AdoptRefused', 'InstallRefused', 'PromotionRefused', 'JobFailed'].flatMap((name) =>
      rig.events(name).map(({ reason }) => `${name}: ${String(reason)}`),
    ),
  };
}

/** As `CALIBRATE` has them. */
function coloursText({ means, weights }: ClassColours): string {
  const said = (mean: readonly number[]) => mean.map((value) => value.toFixed(1)).join(' ');
  return means.map((mean, c) => (weights[c] > 0 ? said(mean) : '-')).join('; ');
}

/** The names of the events that came down, each once. */
function heard({ ground }: Rig): string[] {
  return [
    ...new Set(ground.received.flatMap(({ content }) => (content.kind === 'event' ? [content.name] : []))),
  ];
}

function orThrow<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.error.text);
  return result.value;
}
