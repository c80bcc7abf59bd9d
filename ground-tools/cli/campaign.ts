/** Campaigns belong to the rig, which nothing imports: they run as processes of their own, like the launcher. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail } from '../../fsw/errors';
import { type Context, exit } from './context';

/** The campaigns by name, and what each compares. */
export const CAMPAIGNS = {
  ecc: 'bit errors in the weights of models under each protection',
  downlink: 'what the order of the downlink is worth: by value density, first in first out, everything sent',
  federation:
    'ways to learn: satellites together through their passes, in turn, by gossip, alone, all tiles on the ground',
  adaptation: 'fine-tuning on a few labelled tiles behind a drifted camera, beside trivial baselines',
} as const;

/** Runs a campaign with its own options; returns its exit code. */
export async function campaign(
  { launcher, out, err }: Context,
  name: string,
  options: readonly string[],
): Promise<number> {
  const file = join(dirname(launcher), '../hwtests/campaigns', name, 'run.js');
  if (!existsSync(file)) {
    err.write(`error: ${fail('CAMPAIGN_MISSING', { name, file }).error.text}\n`);
    return exit.usage;
  }
  const child = spawn(process.execPath, [file, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.on('data', (text: Buffer) => out.write(text.toString()));
  child.stderr.on('data', (text: Buffer) => err.write(text.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve(code ?? exit.interrupted)));
}
