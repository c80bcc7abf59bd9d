/** Our engine against LibreCube's `cfdp` 0.2.0, over a channel of ours. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { randomBytes } from '../../../fsw/cfdp/testRig';
import { FilestoreAction } from '../../../fsw/protocols/cfdp';
import { describeWith, venv } from '../python';
import { type Channel, clean, type Folders, folders, OURS, PEER, type Session, session } from './shim';

const environment = venv('cfdp', ['cfdp==0.2.0', 'fastcrc==0.3.6', 'cfdp-py==0.7.0', 'spacepackets==0.32.0']);
const MIB = 2 ** 20;
const noisy: Channel = { seed: 42, loss: 0.3, duplicates: 0.1, reorder: 0.2 };
const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describeWith(environment, 'CFDP with LibreCube cfdp 0.2.0', ({ python }) => {
  let where: Folders | undefined;
  let open: Session | undefined;
  afterEach(() => {
    open?.stop();
    where?.remove();
  });

  function begin(channel: Channel, size: number, from: 'ours' | 'peer', args: readonly string[]) {
    where = folders();
    mkdirSync(where.ourFolder);
    const file = randomBytes(size, channel.seed);
    writeFileSync(join(from === 'ours' ? where.ourFolder : where.peerFolder, 'a.bin'), file);
    open = session(python, args, where, channel);
    return { file, live: open };
  }

  async function finish(live: Session, timeoutMs: number) {
    const over = () =>
      live.entity.transactions().length === 0 && live.said.some((line) => /^FINISHED/.test(line));
    const started = Date.now();
    const done = await live.until(over, timeoutMs);
    const { offered, lost, repeated, reordered } = live.counts;
    console.log(
      `${(Date.now() - started) / 1000} s, ${offered} PDUs, ${lost} lost, ${repeated} repeated, ${reordered} reordered`,
    );
    expect({ done, said: live.said, still: live.entity.transactions() }).toMatchObject({ done: true });
    return live.indications.flatMap((one) => (one.kind === 'finished' ? [one.outcome] : []));
  }

  it.each([
    ['class 1', false, 100_003, clean],
    ['class 2', true, 100_003, clean],
    ['class 2 through 30 % loss, repeats and reorder', true, 20 * MIB, noisy],
  ] as const)('%s, ours to the peer, byte-identical', async (_, acknowledged, size, channel) => {
    const { file, live } = begin(channel, size, 'ours', ['receive']);
    const put = live.entity.put({
      destination: PEER,
      sourceName: 'a.bin',
      destinationName: 'b.bin',
      acknowledged,
    });
    expect(put.ok).toBe(true);
    const outcomes = await finish(live, 110_000);
    expect(outcomes).toMatchObject([{ condition: 0, complete: true }]);
    expect(sha(readFileSync(join(live.peerFolder, 'b.bin')))).toBe(sha(file));
  });

  it.each([
    ['class 1', 'unacknowledged', 100_003, clean],
    ['class 2', 'acknowledged', 100_003, clean],
    ['class 2 through 30 % loss, repeats and reorder', 'acknowledged', 20 * MIB, noisy],
  ] as const)('%s, the peer to us, byte-identical', async (_, mode, size, channel) => {
    const { file, live } = begin(channel, size, 'peer', ['send', `${OURS}`, 'a.bin', 'in/b.bin', mode]);
    const outcomes = await finish(live, 110_000);
    expect(outcomes).toMatchObject([{ condition: 0, complete: true }]);
    expect(sha(readFileSync(join(live.ourFolder, 'in/b.bin')))).toBe(sha(file));
  });

  it('carries filestore requests to the peer', async () => {
    const { live } = begin(clean, 10, 'ours', ['receive']);
    const requests = [
      { action: FilestoreAction.CREATE_DIRECTORY, first: 'made' },
      { action: FilestoreAction.CREATE_FILE, first: 'made/empty' },
    ];
    expect(live.entity.put({ destination: PEER, sourceName: 'a.bin', requests }).ok).toBe(true);
    await finish(live, 30_000);
    expect(existsSync(join(live.peerFolder, 'made/empty'))).toBe(true);
  });

  it('a path of the peer that climbs is refused, and the peer is told', async () => {
    const { live } = begin(clean, 1000, 'peer', ['send', `${OURS}`, 'a.bin', '../out.bin', 'acknowledged']);
    const outcomes = await finish(live, 30_000);
    expect(outcomes).toMatchObject([{ condition: 4, complete: false, fileStatus: 1 }]);
    expect(live.indications).toContainEqual(
      expect.objectContaining({ kind: 'refused', error: expect.objectContaining({ code: 'FILE_PATH' }) }),
    );
    expect(existsSync(join(live.ourFolder, '../out.bin'))).toBe(false);
  });
});
