/**
 * One entity in a process of its own, on real files and the host's clock, for a test that kills it. PDUs go over
 * the channel to the parent. `node.ts ID PEER FOLDER [SOURCE_NAME]`: sends the file unless it was begun before.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileStore } from '../../components/platform/fileStore';
import { CfdpEntity } from '../../fsw/cfdp';

const TICK_MS = 2;
const BYTES_PER_TICK = 6000;
const [id, peer, folder, sourceName] = process.argv.slice(2);
const begun = existsSync(join(folder, '.cfdp', 'sequence'));
const startedNs = process.hrtime.bigint();
const nowUs = () => Number((process.hrtime.bigint() - startedNs) / 1000n);

const files = fileStore(folder);
if (!files.ok) throw new Error(files.error.text);
const opened = CfdpEntity.open(
  {
    id: Number(id),
    remotes: [
      {
        id: Number(peer),
        ackTimeoutUs: 300_000,
        ackLimit: 1000,
        nakDelayUs: 100_000,
        nakTimeoutUs: 300_000,
        nakLimit: 1000,
      },
    ],
    files: files.value,
    send: (pdu) => process.send?.({ pdu }),
    indicate: (indication) => process.send?.({ indication }),
    checkpointBytes: 100_000,
  },
  0,
);
if (!opened.ok) throw new Error(opened.error.text);
const entity = opened.value;
process.on('message', ({ pdu }: { pdu: Uint8Array }) => entity.receive(pdu, nowUs()));
process.on('disconnect', () => process.exit());
if (sourceName !== undefined && !begun) entity.put({ destination: Number(peer), sourceName });
setInterval(() => entity.tick(nowUs(), BYTES_PER_TICK), TICK_MS);
