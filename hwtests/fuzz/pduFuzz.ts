import { posix } from 'node:path';
import { CfdpEntity } from '../../fsw/cfdp';
import type { ErrorCode } from '../../fsw/errors';
import type { FileStore } from '../../fsw/framework';
import { memoryFiles } from '../../fsw/framework/memoryFiles';
import { seededRandom } from '../../fsw/framework/random';
import { Condition, decodePdu, type Pdu } from '../../fsw/protocols/cfdp';
import { FILE, PEER, pduForgeries, US, validPdu } from './pduForger';
import { shapeOf } from './pduReference';

export interface PduFuzzOptions {
  readonly pdus: number;
  readonly seed: number;
  readonly progress?: (pdus: number) => void;
}

export interface PduFuzzReport {
  readonly pdus: number;
  /** By kind of forgery. */
  readonly sent: Readonly<Record<string, number>>;
  /** What the decoder took, by kind of PDU, and what it and the entity refused, by reason. */
  readonly decoded: Readonly<Record<string, number>>;
  readonly refused: Readonly<Partial<Record<ErrorCode, number>>>;
  /** PDUs that were taken and are not well formed, or the other way round, or were read otherwise: 0; the first of them. */
  readonly misread: number;
  readonly misreadFirst: readonly string[];
  /** Throws: 0, and the first of them. */
  readonly crashes: number;
  readonly crashFirst: readonly string[];
  /** Paths given to the file store that lie outside of the entity's folder, or are strange to its journal: 0. */
  readonly escapes: number;
  /** PDUs that the entity sent and that are not well formed, or bring other bytes than the file has: 0. */
  readonly badAnswers: number;
  readonly answers: number;
  /** Times that more transactions were open than may be: 0. */
  readonly overfull: number;
  /** Files sent and received in the midst of it, and transactions that ended in any way. */
  readonly filesSent: number;
  readonly filesReceived: number;
  readonly finished: number;
  readonly reboots: number;
  /** Live memory at the end minus after the first tenth, bytes; undefined without --expose-gc. */
  readonly memoryGrowth: number | undefined;
}

const MAX_TRANSACTIONS = 8;
const DISK_BYTES = 256 * 1024;
const PDUS_A_TICK = 20;
const PDUS_A_BOOT = 5_000;
const PDUS_A_DISK = 50_000;
const PDUS_AN_EPOCH = 200;
const JOURNAL_FILE = /^\.cfdp(\/((sequence|history|t-\d+-\d+)(\.new|\.bad)?|t-\d+-\d+\.part))?$/;

/** Hands broken and malicious PDUs to the decoder and to an entity that sends and receives, and checks both. */
export function fuzzPdus({ pdus, seed, progress }: PduFuzzOptions): PduFuzzReport {
  const random = seededRandom(seed, 'pduFuzz');
  const sent: Record<string, number> = {};
  const decoded: Record<string, number> = {};
  const refused: Partial<Record<ErrorCode, number>> = {};
  const report = {
    ...{ misread: 0, crashes: 0, escapes: 0, badAnswers: 0, answers: 0, overfull: 0 },
    ...{ filesSent: 0, filesReceived: 0, finished: 0, reboots: 0 },
  };
  const misreadFirst: string[] = [];
  const crashFirst: string[] = [];
  let pdu: Uint8Array = new Uint8Array(0);
  const guarded = (act: () => void) => {
    try {
      act();
    } catch (error) {
      report.crashes++;
      if (crashFirst.length < 10) crashFirst.push(`${hexOf(pdu)}: ${(error as Error).stack}`);
    }
  };
  const refuse = (code: ErrorCode) => {
    refused[code] = (refused[code] ?? 0) + 1;
  };

  let files = freshDisk();
  let nowUs = 0;
  let entity = boot();
  function freshDisk(): FileStore {
    const disk = memoryFiles(DISK_BYTES);
    disk.write('source.bin', 0, FILE);
    return watched(disk, () => void report.escapes++);
  }
  function boot(): CfdpEntity {
    const abandon = 'abandon' as const;
    const faults = [Condition.POSITIVE_ACK_LIMIT, Condition.NAK_LIMIT, Condition.INACTIVITY];
    const opened = CfdpEntity.open(
      {
        id: US,
        remotes: [
          {
            id: PEER,
            inactivityTimeoutUs: 10_000_000,
            ackTimeoutUs: 3_000_000,
            ackLimit: 2,
            faultHandlers: Object.fromEntries(faults.map((condition) => [condition, abandon])),
          },
        ],
        files,
        send(pdu) {
          report.answers++;
          if (!isGoodAnswer(pdu)) report.badAnswers++;
        },
        indicate(indication) {
          if (indication.kind === 'refused') refuse(indication.error.code);
          if (indication.kind !== 'finished') return;
          report.finished++;
          const { outcome, role } = indication;
          if (!outcome.complete || outcome.condition !== 0) return;
          report[role === 'source' ? 'filesSent' : 'filesReceived']++;
        },
        maxSources: MAX_TRANSACTIONS,
        maxDestinations: MAX_TRANSACTIONS,
        maxFileBytes: 4 * FILE.length,
        maxRanges: 64,
        maxHistory: 16,
      },
      nowUs,
    );
    if (!opened.ok) throw new Error(opened.error.text);
    return opened.value;
  }

  const kinds = Object.keys(pduForgeries);
  let sequences: number[] = [];
  let memoryBefore: number | undefined;
  const warm = Math.ceil(pdus / 10 / PDUS_A_DISK) * PDUS_A_DISK;
  for (let n = 0; n < pdus; n++) {
    if (n % PDUS_A_TICK === 0) {
      nowUs += 1_000_000;
      guarded(() => entity.tick(nowUs, 20_000));
      const open = entity.transactions();
      if (open.length > 2 * MAX_TRANSACTIONS) report.overfull++;
      sequences = open.filter(({ role }) => role === 'source').map(({ id }) => id.sequence);
      if (sequences.length < 2) guarded(() => entity.put({ destination: PEER, sourceName: 'source.bin' }));
    }
    // Four in ten as they should be, or nothing would ever get far.
    const kind = random.next() < 0.4 ? 'none' : kinds[random.integer(kinds.length)];
    sent[kind] = (sent[kind] ?? 0) + 1;
    const epoch = Math.floor(n / PDUS_AN_EPOCH);
    pdu = pduForgeries[kind](random, () => validPdu(random, sequences, epoch));
    guarded(() => {
      const read = decodePdu(pdu);
      if (read.ok) decoded[read.value.body.kind] = (decoded[read.value.body.kind] ?? 0) + 1;
      if (agrees(read.ok ? read.value : undefined, pdu)) return;
      report.misread++;
      if (misreadFirst.length < 10) misreadFirst.push(hexOf(pdu));
    });
    guarded(() => entity.receive(pdu, nowUs));
    if ((n + 1) % PDUS_A_DISK === 0) files = freshDisk();
    if ((n + 1) % PDUS_A_BOOT === 0) {
      guarded(() => {
        entity = boot();
      });
      report.reboots++;
      progress?.(n + 1);
    }
    if (n + 1 === warm) memoryBefore = liveMemory();
  }
  const memoryAfter = liveMemory();
  const memoryGrowth =
    memoryBefore === undefined || memoryAfter === undefined ? undefined : memoryAfter - memoryBefore;
  return { pdus, sent, decoded, refused, misreadFirst, crashFirst, ...report, memoryGrowth };
}

/** Whether our decoder and the other reader say the same of it. */
function agrees(read: Pdu | undefined, pdu: Uint8Array): boolean {
  const shape = shapeOf(pdu);
  if (read === undefined || shape === undefined) return read === undefined && shape === undefined;
  const { body, header } = read;
  const { kind, ids, sizes, count } = shape;
  if (body.kind !== kind) return false;
  const { source, sequence, destination } = header;
  if ([source, sequence, destination].some((id, i) => BigInt(id) !== ids[i])) return false;
  const found = sizesOf(body);
  return (
    found.length === sizes.length &&
    found.every((size, i) => Number.isSafeInteger(size) && BigInt(size) === sizes[i]) &&
    (body.kind !== 'file-data' || body.data.length === count) &&
    (body.kind !== 'metadata' || body.options.length === count) &&
    (!('faultLocation' in body) || Number.isSafeInteger(body.faultLocation))
  );
}

function sizesOf(body: Pdu['body']): number[] {
  switch (body.kind) {
    case 'file-data':
      return [body.offset];
    case 'metadata':
    case 'eof':
      return [body.fileSize];
    case 'nak':
      return [body.scope, ...body.missing].flatMap(({ start, end }) => [start, end]);
    case 'keep-alive':
      return [body.progress];
    default:
      return [];
  }
}

function isGoodAnswer(pdu: Uint8Array): boolean {
  const read = decodePdu(pdu);
  if (!read.ok || !agrees(read.value, pdu)) return false;
  const { body } = read.value;
  if (body.kind !== 'file-data') return true;
  const there = FILE.subarray(body.offset, body.offset + body.data.length);
  return Buffer.compare(there, body.data) === 0;
}

/** A file store that looks at each path it is given. */
function watched(files: FileStore, escaped: () => void): FileStore {
  const look = (path: string) => {
    const full = posix.resolve('/home', path);
    const isInside = full === '/home' || full.startsWith('/home/');
    const inside = full.slice('/home/'.length);
    const isJournal = inside.toLowerCase().split('/')[0] === '.cfdp';
    if (path.startsWith('/') || !isInside || (isJournal && !JOURNAL_FILE.test(inside))) escaped();
  };
  return new Proxy(files, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        if (typeof args[0] === 'string') look(args[0]);
        if (name === 'rename') look(args[1] as string);
        return Reflect.apply(member, target, args);
      };
    },
  });
}

function liveMemory(): number | undefined {
  if (globalThis.gc === undefined) return undefined;
  // Once more for what the first has only let go of.
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
