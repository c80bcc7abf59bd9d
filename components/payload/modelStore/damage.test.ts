import { expect, it } from 'vitest';
import { memoryFiles } from '../../../fsw/framework/memoryFiles';
import { type Random, seededRandom } from '../../../fsw/framework/random';
import { testModel } from '../../../fsw/models/testModel';
import { bootStore, missionFolder, openMemory } from './testStore';

const model = testModel(1, { floats: 9000 });
const RUNS = 80;

/** Bursts of flips of every size from one bit to whole pages, few or many of them. */
function damage(bytes: Uint8Array, random: Random): void {
  const bursts = Math.floor(random.next() ** 3 * 40);
  for (let burst = 0; burst < bursts; burst++) {
    const length = Math.ceil(random.next() ** 6 * 9000);
    const from = Math.floor(random.next() * (bytes.length - length));
    for (let at = from; at < from + length; at++) bytes[at] ^= 1 << Math.floor(random.next() * 8);
  }
}

it('PGE-MST-014: whatever is hit in memory, golden copies and ledgers, what is handed out is what was signed, or nothing is', async () => {
  const keysOnly = missionFolder();
  let served = 0;
  let lost = 0;
  for (let run = 0; run < RUNS; run++) {
    const random = seededRandom(run, 'damage');
    const mission = missionFolder(model);
    const files = memoryFiles();
    const { memory, held } = openMemory();
    const b = await bootStore(mission.folder, files, { memory });
    mission.remove();
    for (const bytes of held.values()) damage(bytes, random);
    for (const bytes of Object.values(files.contents())) if (random.next() < 0.7) damage(bytes, random);
    // Some are scrubbed first, some are asked for at once.
    if (run % 2 === 0) for (const { scrub, pages } of b.regions()) await scrub(0, pages);
    for (const stored of [b.fetch(), (await bootStore(keysOnly.folder, files)).fetch()]) {
      if (stored === undefined) lost++;
      else {
        served++;
        expect(Buffer.compare(stored.weights, model.weights)).toBe(0);
        expect(Buffer.compare(stored.graph, model.graph)).toBe(0);
      }
    }
  }
  keysOnly.remove();
  // Both happen, or the test would show nothing.
  expect(served).toBeGreaterThan(RUNS);
  expect(lost).toBeGreaterThan(0);
});
