/** The rig of a test: closed when the test ends. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { projectRoot } from '../../fsw/root';
import { openRig, type Rig, type RigOptions } from './openRig';

export type { Rig, RigOptions };

/** How many models the reference mission carries. */
export const shippedModels = readdirSync(join(projectRoot, 'fsw/missions/earth-watch/models')).filter(
  (name) => name.endsWith('.manifest'),
).length;

export async function rig(options: RigOptions = {}): Promise<Rig> {
  const opened = await openRig(options);
  onTestFinished(() => opened.close());
  return opened;
}
