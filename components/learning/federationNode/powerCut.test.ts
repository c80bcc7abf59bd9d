import { describe, expect, it } from 'vitest';
import { idOf, openUpdate, type Update, unpack } from '../../../fsw/federation';
import { testDelta } from '../../../fsw/federation/testVectors';
import type { Board } from '../../../fsw/framework';
import { afterCut, afterKill, type MemoryFiles, memoryFiles } from '../../../fsw/framework/memoryFiles';
import { readOwed } from './owed';
import { bootNode, keysOfAll, learnedFrom, orThrow, startOf, storageOf, taskOf, VALUES } from './testNode';

const ROUNDS = [1, 2];
/** Of the last round: the ground does not want it. */
const RETURNED = 2;
const tasks = ROUNDS.map((round) =>
  taskOf({ round, seed: round, ...(round === 2 && { start: startOf(testDelta(VALUES, 50)) }) }),
);

/** The ground, which outlives the node: it says everything again until it has an answer. */
interface Ground {
  /** By round, the ids that came, and what they hold. */
  readonly came: Map<number, Map<string, Update>>;
  readonly settled: Set<number>;
}

function hear({ came }: Ground, bytes: Uint8Array): void {
  const { content } = orThrow(openUpdate(bytes, keysOfAll));
  const ids = came.get(content.round) ?? new Map<string, Update>();
  ids.set(idOf(bytes), content);
  came.set(content.round, ids);
}

/** A life of the node: tasks up, updates down, ACK or RETURN. It ends when all is done, or nothing more can be written. */
async function live(files: MemoryFiles, storage: Board['storage'], ground: Ground): Promise<void> {
  const n = await bootNode({ files, storage });
  for (const round of ROUNDS) {
    if (ground.settled.has(round)) continue;
    if (!ground.came.has(round)) await n.give(tasks[round - 1]);
    await n.tick(4);
    for (const path of n.sent.splice(0)) {
      const bytes = files.contents()[path];
      if (bytes) hear(ground, bytes);
    }
    const [id] = ground.came.get(round)?.keys() ?? [];
    if (id === undefined) return;
    if ((await n.obey(round === RETURNED ? 'RETURN' : 'ACK', { update: id })) === 'OK')
      ground.settled.add(round);
  }
}

/** One update for each task; all that was learned came down, or is owed; nothing is left lying about. */
function expectSound(files: MemoryFiles, ground: Ground): void {
  const total = new Float64Array(VALUES);
  for (const round of ROUNDS) {
    const ids = ground.came.get(round) ?? new Map<string, Update>();
    expect([...ids.keys()]).toHaveLength(1);
    learnedFrom({ seed: round }).forEach((value, i) => {
      total[i] += value;
    });
    if (round === RETURNED) continue;
    for (const { delta } of ids.values())
      orThrow(unpack(delta, VALUES)).forEach((value, i) => {
        total[i] -= value;
      });
  }
  const owed = orThrow(readOwed(files, 'federation/owed', { bytes: 1e6, norm: 1e6 }));
  owed?.residual.forEach((value, i) => {
    expect(Math.abs(value - total[i])).toBeLessThan(1e-6);
  });
  const left = Object.keys(files.contents()).filter((path) => /federation\/(tasks|updates)\//.test(path));
  expect(left).toEqual([]);
}

describe('the end of a flight at any instant', () => {
  it.each([
    ['a power cut', afterCut],
    ['a kill', afterKill],
  ])(
    'PGE-FED-010: %s at any write loses no update, counts none twice, and owes what was left out',
    async (_, endOf) => {
      const storage = storageOf('alpha');
      let ends = 0;
      for (let n = 1; ; n++) {
        const cut = memoryFiles();
        const ground: Ground = { came: new Map(), settled: new Set() };
        cut.cutAt(n);
        await live(cut, storage, ground);
        const finished = cut.operations < n;
        const files = endOf(cut);
        // A second end, some writes into the boot after the first.
        files.cutAt(1 + (n % 7));
        await live(files, storage, ground);
        const last = endOf(files);
        await live(last, storage, ground);
        expect(ground.settled.size).toBe(ROUNDS.length);
        expectSound(last, ground);
        if (finished) break;
        ends++;
      }
      expect(ends).toBeGreaterThan(50);
    },
  );
});
