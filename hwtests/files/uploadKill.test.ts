import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { seededRandom } from '../../fsw/framework/random';

const SIZE = 1_200_000;
const KILLS = 20;

/**
 * Boots a board whose fileUplink goes on with the upload of `SIZE` bytes; it writes a dot after each packet, and a
 * letter when the file was received. Killed after `packets` dots, or never. It waits 20 packets later: a kill that comes late on a
 * busy host must not find the upload complete.
 */
async function flyAndKill(folder: string, packets: number): Promise<{ output: string; missing: number }> {
  const args = [join(__dirname, 'uploadChild.js'), folder, String(SIZE), String(packets + 20)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  for await (const chunk of child.stdout) {
    output += String(chunk);
    if (output.length - output.lastIndexOf('\n') > packets) break;
  }
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return { output, missing: Number(/^missing (\d+)/.exec(output)?.[1]) };
}

it('an upload killed at 20 instants never leaves a half file under its name, goes on, and completes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'perigee-upload-'));
  const random = seededRandom(3, 'kills');
  const file = join(folder, 'uplink/model.bin');
  const missing: number[] = [];
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      missing.push((await flyAndKill(folder, 1 + Math.floor(random.next() * 30))).missing);
      expect(existsSync(file)).toBe(false);
    }
    const last = await flyAndKill(folder, Number.POSITIVE_INFINITY);
    expect(last.output).toMatch(/FileReceived$/);
    const expected = Buffer.from(Uint8Array.from({ length: SIZE }, (_, i) => (i * 31 + (i >> 8)) & 0xff));
    expect(Buffer.compare(readFileSync(file), expected)).toBe(0);
    expect(readdirSync(join(folder, 'uplink-parts'))).toEqual([]);
    // Each life began where the one before was: never with more missing, and at the end with much less.
    expect(missing).toEqual(missing.toSorted((a, b) => b - a));
    expect(last.missing).toBeLessThan(SIZE - KILLS * 1000);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 180_000);
