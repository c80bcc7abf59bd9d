/** For tests: a launcher that speaks the real one's messages, in a folder of its own with two missions. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Writes a launcher whose body is `script`, which has `verb`, `mission`, `options` and `tell`. Returns its path. */
export function fakeLauncher(script: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'perigee-launcher-'));
  for (const mission of ['earth-watch', 'star-watch']) {
    mkdirSync(join(folder, 'missions', mission), { recursive: true });
    writeFileSync(join(folder, 'missions', mission, 'topology.js'), '');
  }
  const launcher = join(folder, 'launch.js');
  const head = `
    const [verb, mission, json] = process.argv.slice(2);
    const options = JSON.parse(json);
    const tell = (message) => process.send(message);
  `;
  writeFileSync(launcher, `${head}\n${script}\nprocess.disconnect?.();\n`);
  return launcher;
}

/** A whole flight of 20 steps, as the launcher tells it. */
export const wholeFlight = `
  for (let percent = 0; percent <= 100; percent += 5)
    tell({ type: 'progress', percent, orbit: 1, orbits: options.orbits ?? 1, frames: percent, kept: 3, passes: 2, queue: 14, station: 'Svalbard' });
  const report = {
    frames: { captured: 310, dark: 100, clouded: 90, kept: 120, failed: 0 },
    detections: 5321,
    bytes: { raw: 1234567890, downlinked: 98765, ratio: 12500.1 },
    latencyMs: { p50: 1520000, p99: 2900000 },
    passes: [{ station: 'Svalbard' }, { station: 'Awarua' }, { station: 'Svalbard' }],
    accuracy: { cloud: 0.9731, water: null },
    inference: { provider: 'cpu', runs: 430 },
    faults: {},
    seed: options.seed ?? 1,
    dictionaryHash: '0123456789abcdef',
  };
  tell({ type: 'summary', report, file: options.out + '/report.json' });
`;
