/** One of our entities and a peer process, and between them a channel of ours that loses, repeats and reorders. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileStore } from '../../../components/platform/fileStore';
import { CfdpEntity, type Indication } from '../../../fsw/cfdp';
import { seeded } from '../../../fsw/cfdp/testRig';

export const OURS = 2;
export const PEER = 11;
const TICK_MS = 10;
const BYTES_PER_TICK = 60_000;

export interface Channel {
  readonly seed: number;
  readonly loss: number;
  readonly duplicates: number;
  /** Of the PDUs, so many arrive after the one behind them. */
  readonly reorder: number;
}
export const clean: Channel = { seed: 1, loss: 0, duplicates: 0, reorder: 0 };

export interface Session {
  readonly entity: CfdpEntity;
  readonly indications: Indication[];
  /** Lines that the peer said. */
  readonly said: string[];
  readonly ourFolder: string;
  readonly peerFolder: string;
  /** What the channel did, both ways. */
  readonly counts: { offered: number; lost: number; repeated: number; reordered: number };
  until(done: () => boolean, timeoutMs: number): Promise<boolean>;
  stop(): void;
}

export interface Folders {
  readonly ourFolder: string;
  readonly peerFolder: string;
  remove(): void;
}

export function folders(): Folders {
  const home = mkdtempSync(join(tmpdir(), 'perigee-cfdp-'));
  return {
    ourFolder: join(home, 'ours'),
    peerFolder: home,
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

/** Throws where our side can't be opened: this is for tests. */
export function session(
  python: string,
  peerArgs: readonly string[],
  where: Folders,
  channel: Channel,
): Session {
  const { ourFolder, peerFolder } = where;
  const child = spawn(python, [join(__dirname, 'peer.py'), `${PEER}`, peerFolder, ...peerArgs], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const files = fileStore(ourFolder);
  if (!files.ok) throw new Error(files.error.text);
  const counts = { offered: 0, lost: 0, repeated: 0, reordered: 0 };
  const indications: Indication[] = [];
  const said: string[] = [];
  const started = process.hrtime.bigint();
  const nowUs = () => Number((process.hrtime.bigint() - started) / 1000n);

  const toPeer = impaired(channel, channel.seed, counts, (pdu) => writePdu(child, pdu));
  const opened = CfdpEntity.open(
    {
      id: OURS,
      remotes: [
        {
          id: PEER,
          maxPduLength: 4096,
          ackTimeoutUs: 1e6,
          ackLimit: 1000,
          nakDelayUs: 0.2e6,
          nakTimeoutUs: 1e6,
          nakLimit: 1000,
        },
      ],
      files: files.value,
      send: toPeer,
      indicate: (indication) => indications.push(indication),
      firstSequence: 7,
    },
    0,
  );
  if (!opened.ok) throw new Error(opened.error.text);
  const entity = opened.value;
  const fromPeer = impaired(channel, channel.seed + 1, counts, (pdu) => entity.receive(pdu, nowUs()));
  readPdus(child.stdout, fromPeer);
  child.stderr.on('data', (text) => said.push(...`${text}`.split('\n').filter((line) => line !== '')));
  child.stdin.on('error', () => undefined);
  const timer = setInterval(() => {
    // A pipe that is full is a link that is: the peer reads when it can.
    entity.tick(nowUs(), child.stdin.writableNeedDrain ? 0 : BYTES_PER_TICK);
  }, TICK_MS);
  return {
    entity,
    indications,
    said,
    ourFolder,
    peerFolder,
    counts,
    async until(done, timeoutMs) {
      for (const end = Date.now() + timeoutMs; Date.now() < end && !done(); )
        await new Promise((resolve) => setTimeout(resolve, 20));
      return done();
    },
    stop() {
      clearInterval(timer);
      child.stdin.end();
      child.kill('SIGKILL');
    },
  };
}

/** Deterministic in the order of the PDUs. */
function impaired(
  { loss, duplicates, reorder }: Channel,
  seed: number,
  counts: Session['counts'],
  deliver: (pdu: Uint8Array) => void,
): (pdu: Uint8Array) => void {
  const random = seeded(seed);
  let held: Uint8Array | undefined;
  return (pdu) => {
    counts.offered++;
    if (random() < loss) {
      counts.lost++;
      return;
    }
    if (held === undefined && random() < reorder) {
      counts.reordered++;
      held = pdu;
      return;
    }
    deliver(pdu);
    if (random() < duplicates) {
      counts.repeated++;
      deliver(pdu);
    }
    if (held !== undefined) deliver(held);
    held = undefined;
  };
}

function writePdu(child: ChildProcessByStdio<Writable, Readable, Readable>, pdu: Uint8Array): void {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(pdu.length);
  child.stdin.write(Buffer.concat([head, pdu]));
}

function readPdus(stream: Readable, onPdu: (pdu: Uint8Array) => void): void {
  let rest = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
      const end = 4 + rest.readUInt32BE(0);
      onPdu(Uint8Array.from(rest.subarray(4, end)));
      rest = rest.subarray(end);
    }
  });
}
