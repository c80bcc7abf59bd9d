/**
 * Kills of a spacecraft that learns, under 10,000 × radiation: at seeded instants or writes, while it trains, keeps checkpoints,
 * adopts, installs, tries and promotes. After each, the next life must fly a signed version that passes its canary, the one
 * last promoted, and no step may go on from a state that no whole engine gave. All is simulated: the same seed, the same report.
 */
import { createPublicKey } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { smallModel, tile } from '../../components/learning/fineTuner/testTuner';
import { afterKill, memoryFiles } from '../../fsw/framework/memoryFiles';
import { seededRandom } from '../../fsw/framework/random';
import { type ManifestModel, ownKeyOf, sealEnvelope } from '../../fsw/models';
import { type LearningCraft, learningCraft, MODEL } from './learningCraft';
import { answersOf, Witness } from './learningEngines';
import { type Known, knownVersions, liveOn, provision } from './learningLife';

export interface LearningReport {
  readonly kills: number;
  readonly seed: number;
  readonly factor: number;
  /** What was under way when it was killed. */
  readonly during: Readonly<Record<string, number>>;
  /** Power cuts in the middle of a write, power cuts and kills of the process at an instant. */
  readonly ends: Readonly<Record<string, number>>;
  /** Upset events by kind of memory. */
  readonly hits: Readonly<Record<string, number>>;
  readonly flownS: number;
  readonly steps: number;
  /** Of them the first after a boot or a rollback. */
  readonly resumed: number;
  readonly trainingRollbacks: number;
  readonly installed: number;
  readonly promoted: number;
  readonly failures: readonly string[];
}

/** A life is this long at most; about as long as three rounds of training and promotion. */
const LIFE_US = 60e6;
/** Writes of such a life, about. */
const LIFE_WRITES = 250;

type End = 'cut at a write' | 'cut' | 'kill';

export async function learningKills(options: {
  readonly kills: number;
  readonly seed: number;
  /** Radiation, in times of the published rate. */
  readonly factor?: number;
  readonly progress?: (kills: number) => void;
}): Promise<LearningReport> {
  const { kills, seed, factor = 10_000, progress } = options;
  const folder = mkdtempSync(join(tmpdir(), 'perigee-learning-'));
  const random = seededRandom(seed, 'learning kills');
  const witness = new Witness();
  const stored = new Map<string, Uint8Array>();
  const during: Record<string, number> = {};
  const ends: Record<string, number> = {};
  const hits: Record<string, number> = {};
  const count = { flownUs: 0, rollbacks: 0, installed: 0, promoted: 0 };
  const failures: string[] = [];
  let files = memoryFiles();
  try {
    const known = await makeMission(folder, stored);
    for (let life = 1; life <= kills + 1; life++) {
      const craft = await learningCraft({
        folder,
        files,
        stored,
        witness,
        seed: seed * 1000 + life,
        factor,
        flownUs: count.flownUs,
      });
      const last = life > kills;
      const end: End = (['cut at a write', 'cut', 'kill'] as const)[random.integer(3)];
      const deathUs = random.next() * LIFE_US;
      const write = 1 + random.integer(LIFE_WRITES);
      const begun = files.operations;
      if (end === 'cut at a write' && !last) files.cutAt(write);
      const dead = () =>
        !last && (end === 'cut at a write' ? files.operations - begun >= write : craft.nowUs >= deathUs);
      const stepUs = () =>
        end === 'cut at a write' ? 1e5 : Math.max(1, Math.min(1e5, deathUs - craft.nowUs));
      const lived = await liveOn(craft, { files, known, random, dead, stepUs, once: last });
      failures.push(...lived.wrong.map((what) => `life ${life}: ${what}`));
      known.current = lived.current;
      known.pending = lived.pending;
      for (const kind of Object.keys(craft.environment.hits.byKind()))
        hits[kind] = (hits[kind] ?? 0) + hitsOf(craft, kind);
      count.flownUs += craft.nowUs;
      count.rollbacks += named(craft, 'fineTuner', 'RolledBack');
      count.installed += named(craft, 'modelStore', 'ModelInstalled');
      count.promoted += named(craft, 'modelStore', 'ModelPromoted');
      if (last) break;
      during[lived.phase] = (during[lived.phase] ?? 0) + 1;
      ends[end] = (ends[end] ?? 0) + 1;
      if (end === 'kill') files = afterKill(files);
      else files.reboot();
      progress?.(life);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return {
    kills,
    seed,
    factor,
    during,
    ends,
    hits,
    flownS: Math.round(count.flownUs / 1e6),
    steps: witness.steps,
    resumed: witness.resumed,
    trainingRollbacks: count.rollbacks,
    installed: count.installed,
    promoted: count.promoted,
    failures: [...failures, ...witness.faults],
  };
}

function hitsOf(craft: LearningCraft, kind: string): number {
  const byKind = craft.environment.hits.byKind() as Readonly<Record<string, { readonly hits: number }>>;
  return byKind[kind].hits;
}

function named({ events }: LearningCraft, from: string, name: string): number {
  return events.filter((event) => event.from === from && event.name === name).length;
}

/** The mission's first version, with a canary, signed by a key that follows from nothing but this program. */
async function makeMission(folder: string, stored: Map<string, Uint8Array>): Promise<Known> {
  const key = ownKeyOf(new Uint8Array(32).fill(1));
  const { graph, weights, manifest: bare, ...rest } = smallModel();
  const inputs = [0, 1, 2].flatMap((id) => [...tile(id).pixels]);
  const input = Float32Array.from(inputs);
  const outputs = await answersOf({ ...rest, graph, weights, classes: bare.classes }, input, 3);
  const manifest: ManifestModel = { ...bare, canary: { count: 3, input, outputs, tolerance: 1e-4 } };
  mkdirSync(join(folder, 'keys'));
  const publicKey = createPublicKey(key);
  writeFileSync(join(folder, 'keys', 'mission.pem'), publicKey.export({ format: 'pem', type: 'spki' }));
  writeFileSync(join(folder, `${MODEL}.manifest`), sealEnvelope(manifest, key));
  writeFileSync(join(folder, manifest.graph.path), graph);
  writeFileSync(join(folder, manifest.weights.path), weights);
  provision(stored);
  return knownVersions({ manifest, weights }, key);
}
