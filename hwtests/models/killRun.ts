/**
 * `kill -9` of a real process at seeded instants while it uploads, installs, promotes, scrubs and rolls back models on
 * real files; after each, a boot must find a signed good model, the one last promoted, and a store that is whole.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { readLedger } from '../../components/payload/modelStore/ledger';
import { bootStore } from '../../components/payload/modelStore/testStore';
import { fileStore } from '../../components/platform/fileStore';
import { seededRandom } from '../../fsw/framework/random';
import { makeKeyPair, readPrivateKey, sealEnvelope } from '../../fsw/models';
import { type TestModel, testModel } from '../../fsw/models/testModel';

export const MODEL = 'mean';
/** About as long as a child needs for a few changes: where the instants lie. */
const LIFE_MS = 1200;

export interface KillReport {
  readonly kills: number;
  readonly seed: number;
  /** What the child was doing when it was killed. */
  readonly during: Readonly<Record<string, number>>;
  /** Versions that were current after a kill. */
  readonly versions: number;
  /** Kill by kill, what was wrong after it. */
  readonly failures: readonly string[];
}

export function killModel(serial: number): TestModel {
  return testModel(serial, { name: MODEL, floats: 80_000 });
}

export function places(folder: string) {
  return { mission: join(folder, 'mission'), files: join(folder, 'files'), key: join(folder, 'signing.key') };
}

export async function killRun(options: {
  readonly kills: number;
  readonly seed: number;
  readonly progress?: (kills: number) => void;
}): Promise<KillReport> {
  const { kills, seed, progress } = options;
  const folder = mkdtempSync(join(tmpdir(), 'perigee-kills-'));
  const random = seededRandom(seed, 'kills');
  const during: Record<string, number> = {};
  const versions = new Set<number>();
  const failures: string[] = [];
  /** What may be flown: the last version that was promoted, and one that was being promoted. */
  let allowed = [1];
  try {
    makeMission(folder);
    for (let kill = 1; kill <= kills; kill++) {
      const { phase, wanted } = await liveAndDie(folder, seed + kill, random.next() * LIFE_MS, allowed);
      during[phase] = (during[phase] ?? 0) + 1;
      const after = await lookAfter(folder, wanted);
      if (after.failure) failures.push(`kill ${kill} during ${phase}: ${after.failure}`);
      versions.add(after.serial);
      allowed = [after.serial];
      progress?.(kill);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { kills, seed, during, versions: versions.size, failures };
}

function makeMission(folder: string): void {
  const { mission, key } = places(folder);
  mkdirSync(join(mission, 'keys'), { recursive: true });
  const { privatePem, publicPem } = makeKeyPair();
  writeFileSync(key, privatePem, { mode: 0o600 });
  writeFileSync(join(mission, 'keys', 'owner.pem'), publicPem);
  const signer = readPrivateKey(privatePem, key);
  if (!signer.ok) throw new Error(signer.error.text);
  const { manifest, graph, weights } = killModel(1);
  writeFileSync(join(mission, `${MODEL}.manifest`), sealEnvelope(manifest, signer.value));
  writeFileSync(join(mission, manifest.graph.path), graph);
  writeFileSync(join(mission, manifest.weights.path), weights);
}

/** Lets a child live until `afterMs` after its start of work, and kills it. */
async function liveAndDie(folder: string, seed: number, afterMs: number, allowed: readonly number[]) {
  const child = startChild(folder, seed);
  let output = '';
  let killer: NodeJS.Timeout | undefined;
  child.stdout?.on('data', (chunk) => {
    output += String(chunk);
    killer ??= setTimeout(() => child.kill('SIGKILL'), afterMs);
  });
  await once(child, 'close');
  clearTimeout(killer);
  if (child.signalCode !== 'SIGKILL') throw new Error(`the child ended by itself: ${output.slice(-500)}`);
  const lines = output.split('\n').slice(0, -1);
  const phase = lines.findLast((line) => line.startsWith('phase '))?.slice(6) ?? 'boot';
  const answered = lines.findLastIndex((line) => line.startsWith('done '));
  const done = answered < 0 ? allowed : [Number(lines[answered].slice(5))];
  const want = lines.slice(answered + 1).filter((line) => line.startsWith('want '));
  return { phase, wanted: [...done, ...want.map((line) => Number(line.slice(5)))] };
}

function startChild(folder: string, seed: number): ChildProcess {
  const source = extname(__filename) === '.ts';
  const program = join(__dirname, `killChild${extname(__filename)}`);
  const register = source ? ['-r', createRequire(__filename).resolve('ts-node/register/transpile-only')] : [];
  const project = join(__dirname, '..', '..', 'tsconfig.json');
  return spawn(process.execPath, [...register, program, folder, String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: source ? { ...process.env, TS_NODE_PROJECT: project } : process.env,
  });
}

/** Boots on what the kill has left. */
async function lookAfter(
  folder: string,
  allowed: readonly number[],
): Promise<{ readonly serial: number; readonly failure?: string }> {
  const { mission, files: filesFolder } = places(folder);
  const opened = fileStore(filesFolder);
  if (!opened.ok) return { serial: 0, failure: opened.error.text };
  const files = opened.value;
  const b = await bootStore(mission, files);
  const model = b.fetch(MODEL);
  const serial = Number(model?.version.split('.')[0] ?? 0);
  const wrong: string[] = [];
  if (model === undefined) wrong.push('no model is handed out');
  else if (Buffer.compare(model.weights, killModel(serial).weights) !== 0)
    wrong.push(`the weights of ${model.version} are others`);
  if (!allowed.includes(serial)) wrong.push(`serial ${serial} is flown, not ${allowed.join(' or ')}`);
  for (const { name, scrub, pages } of b.regions()) {
    const { lostPages } = await scrub(0, pages);
    if (lostPages > 0) wrong.push(`${name} has lost ${lostPages} pages`);
  }
  const { ledger, agree } = readLedger(files, 'model-store');
  if (!agree) wrong.push('the ledgers differ');
  const known = ledger?.entries.flatMap((entry) => [entry.current, entry.previous, entry.candidate]) ?? [];
  for (const copy of ['a', 'b'])
    for (const name of readdirSync(join(filesFolder, 'model-store', copy)))
      if (!known.includes(Number(/-(\d+)[.]golden$/.exec(name)?.[1])))
        wrong.push(`${copy}/${name} is left over`);
  await b.stop();
  return wrong.length === 0 ? { serial } : { serial, failure: wrong.join('; ') };
}
