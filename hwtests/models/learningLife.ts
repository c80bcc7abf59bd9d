/** One life in the campaign of kills: what it does until it is killed, and what is looked at when it boots. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { fail, type Result, succeed } from '../../fsw/errors';
import type { MemoryFiles } from '../../fsw/framework/memoryFiles';
import type { Random } from '../../fsw/framework/random';
import {
  applyDelta,
  hexOf,
  keyIdOf,
  type ManifestModel,
  openDelta,
  ownKeyOf,
  provideOwnKey,
  resultOf,
  type TrustedKeys,
} from '../../fsw/models';
import { LABELS, type LearningCraft, MODEL, sentLabels } from './learningCraft';
import { canaryFault } from './learningEngines';

const OWN_SECRET = new Uint8Array(32).fill(2);
const SHADOW_RUNS = 3;

interface Version {
  readonly manifest: ManifestModel;
  readonly weights: Uint8Array;
}

/** What the ground knows: every version, put together from its delta by the ground itself. */
export interface Known {
  readonly versions: Map<number, Version>;
  readonly keys: TrustedKeys;
  /** The version last promoted, and one that was being promoted or gone back to when the life ended. */
  current: number;
  pending: number | undefined;
}

export function knownVersions(first: Version, missionKey: KeyObject): Known {
  const keys = [missionKey, ownKeyOf(OWN_SECRET)].map((key): [string, KeyObject] => [
    hexOf(keyIdOf(key)),
    createPublicKey(key),
  ]);
  const { serial } = first.manifest;
  return { versions: new Map([[serial, first]]), keys: new Map(keys), current: serial, pending: undefined };
}

/** Gives the spacecraft its own key. */
export function provision(stored: Map<string, Uint8Array>): void {
  provideOwnKey(
    {
      read: (name) => {
        const bytes = stored.get(name);
        return bytes ? succeed(bytes) : fail('STORAGE_MISSING', { name });
      },
      write: (name, bytes) => succeed(void stored.set(name, bytes)),
    },
    () => OWN_SECRET,
  );
}

interface LifeOptions {
  readonly files: MemoryFiles;
  readonly known: Known;
  readonly random: Random;
  readonly dead: () => boolean;
  /** How far time may go before `dead` is asked again. */
  readonly stepUs: () => number;
  /** Only boot and look. */
  readonly once: boolean;
}

interface Lived {
  readonly phase: string;
  readonly current: number;
  readonly pending: number | undefined;
  readonly wrong: readonly string[];
}

/** Boots, is looked at, and lives until it is dead. */
export async function liveOn(craft: LearningCraft, options: LifeOptions): Promise<Lived> {
  const { files, known, random, dead, stepUs, once } = options;
  let phase = 'boot';
  let pending: number | undefined;
  const wrong: string[] = [];
  const until = async (done: () => boolean, seconds: number) => {
    const endUs = craft.nowUs + seconds * 1e6;
    while (!dead() && !done() && craft.nowUs < endUs) await craft.advance(stepUs());
    return !dead();
  };
  const obey = async (target: string, name: string, args: Record<string, unknown> = {}) => {
    const seq = craft.command(target, name, args);
    await until(() => craft.responses.has(seq), 200);
    return craft.responses.get(seq);
  };
  const heard = (from: string, name: string) =>
    craft.events.filter((event) => event.from === from && event.name === name);
  const lived = (): Lived => {
    const promoted = heard('modelStore', 'ModelPromoted').at(-1)?.args.serial;
    return { phase, current: Number(promoted ?? known.current), pending, wrong };
  };

  const look = await lookAt(craft, known);
  wrong.push(...look.wrong);
  known.current = look.serial;
  known.pending = undefined;
  await until(() => heard('inference', 'ModelLoaded').length > 0, 60);
  if (dead()) return lived();
  const loaded = heard('inference', 'ModelLoaded').at(-1)?.args.version;
  const served = craft.served().version?.manifest.version;
  if (loaded !== served) wrong.push(`the runtime flies ${loaded}, the store hands out ${served}`);
  if (once) return lived();

  for (;;) {
    phase = 'labels';
    files.makeFolder('uplink');
    if (!files.stat(LABELS).ok) {
      const bytes = sentLabels();
      files.write(LABELS, 0, bytes);
      files.sync(LABELS);
    }
    await obey('fineTuner', 'TAKE_LABELS', { path: LABELS });
    await obey('referenceSet', 'TAKE', { path: LABELS });
    phase = 'train';
    if (!(await until(() => craft.stage() === 'IDLE', 200))) return lived();
    const what = random.next() < 0.5 ? 'LORA' : 'ALL';
    const task = { what, rank: 2, batch: 8, steps: 24, rate: 0.01, seed: random.integer(1e6) };
    await obey('fineTuner', 'TRAIN', task);
    if (!(await until(() => craft.stage() === 'IDLE', 200))) return lived();
    phase = 'adopt and install';
    const before = heard('fineTuner', 'Adopted').length;
    await obey('fineTuner', 'ADOPT', { version: `learned ${known.versions.size}`, force: true });
    const adopted = heard('fineTuner', 'Adopted')[before];
    if (adopted) wrong.push(...note(known, files, String(adopted.args.path)));
    if (dead()) return lived();
    if (adopted && !(await until(() => heard('fineTuner', 'InstallEnded').length > before, 200)))
      return lived();
    if (random.next() < 0.4) {
      phase = 'shadow';
      await obey('modelStore', 'SHADOW', { model: MODEL, runs: SHADOW_RUNS, seconds: 0 });
      for (let run = 0; run < SHADOW_RUNS && !dead(); run++) {
        craft.ask(run * 8, 8);
        await until(() => false, 1);
      }
    }
    if (dead()) return lived();
    phase = 'promote';
    pending = Number(adopted?.args.serial ?? known.current);
    await obey('modelStore', 'PROMOTE', { model: MODEL });
    if (dead()) return lived();
    pending = undefined;
    phase = 'watch';
    craft.ask(0, 8);
    if (!(await until(() => false, random.next() * 10))) return lived();
    if (random.next() < 0.85) continue;
    phase = 'rollback';
    pending = previousOf(known, craft);
    await obey('modelStore', 'ROLLBACK', { model: MODEL });
    if (dead()) return lived();
    pending = undefined;
  }
}

/** What flies before the last promotion of this life; that is what a rollback goes back to. */
function previousOf(known: Known, craft: LearningCraft): number {
  const serials = craft.events
    .filter(({ name }) => name === 'ModelPromoted')
    .map(({ args }) => Number(args.serial));
  return serials.at(-2) ?? known.current;
}

/** The ground puts the new version together itself, from its own copy of the base. */
function note(known: Known, files: MemoryFiles, path: string): string[] {
  const made = versionOf(known, files.contents()[path] ?? new Uint8Array(0), path);
  if (made.ok) known.versions.set(made.value.manifest.serial, made.value);
  return made.ok ? [] : [`what was adopted can't be rebuilt: ${made.error.text}`];
}

function versionOf({ versions, keys }: Known, bytes: Uint8Array, path: string): Result<Version> {
  const opened = openDelta(bytes, bytes.length, keys, path);
  if (!opened.ok) return opened;
  const { base, changes, payload } = opened.value;
  const from = versions.get(base.serial);
  if (from === undefined) return fail('MODEL_UNKNOWN', { model: String(base.serial), known: '' });
  const result = resultOf(opened.value, from.manifest, keys, path);
  if (!result.ok) return result;
  const weights = applyDelta(from.weights, { changes, payload: bytes.subarray(payload.at) }, path);
  return weights.ok ? succeed({ manifest: result.value.manifest, weights: weights.value }) : weights;
}

/** What is handed out after a boot: known, signed, whole, allowed, and passing its canary. */
async function lookAt(
  craft: LearningCraft,
  { versions, current, pending }: Known,
): Promise<{ readonly serial: number; readonly wrong: readonly string[] }> {
  const { stored, version } = craft.served();
  const serial = version?.manifest.serial ?? 0;
  const known = versions.get(serial);
  if (stored === undefined) return { serial: current, wrong: ['no model is handed out'] };
  const wrong: string[] = [];
  if (known === undefined) wrong.push(`serial ${serial} is flown, which nobody knows`);
  else if (Buffer.compare(stored.weights, known.weights) !== 0)
    wrong.push(`the weights of ${serial} are others`);
  if (serial !== current && serial !== pending)
    wrong.push(`serial ${serial} is flown, not ${current}${pending === undefined ? '' : ` or ${pending}`}`);
  const canary = await canaryFault(stored);
  if (canary !== undefined) wrong.push(`serial ${serial} fails its canary: ${canary}`);
  return { serial, wrong };
}
