/**
 * Error correction at the speed of memory, on 1 GiB (`PERIGEE_BENCH_MIB` for another size): beside a plain read and a
 * plain copy of the same bytes, taken in turns so that a drift of the machine's speed meets both.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { native } from '../../../native/addon';
import { type EccKernels, ecc as kernels, PAGE_BYTES, referenceEcc } from '../../../native/ecc';
import { fillRandom, flip, randomRegion, shared } from '../../../native/testing';
import { duration, median, nsPerOperation, type Row } from '../measure';

const MIB = 1 << 20;
const BYTES = Number(process.env.PERIGEE_BENCH_MIB ?? 1024) * MIB;
/** Short beside the turns that a system gives its processes, so that few are cut in two. */
const SLICE = 4 * MIB;

/** Random pages, their check rows and CRCs, and room for a copy; on huge pages, where the system has them. */
function memory() {
  const [pages, check, copy] = [BYTES, BYTES / 8, BYTES].map(shared);
  // Before the first touch: a small page that is there already stays one.
  for (const bytes of [pages, check, copy]) native.addon?.eccHugePages(bytes);
  const crcs = new Uint32Array(new SharedArrayBuffer((BYTES / PAGE_BYTES) * 12));
  fillRandom(pages, 1);
  copy.fill(1);
  kernels.protect({ pages, check, crcs }, 0, BYTES / PAGE_BYTES);
  return { pages, check, crcs, copy };
}

type Memory = ReturnType<typeof memory>;
/** Works on the slice of `length` bytes from `at`. */
type OnSlice = (at: number, length: number) => void;

/**
 * Both alternatives over all of the memory slice by slice, b half a lap behind: what either touches is long out of
 * the caches. Medians over all slices: one in which another process had the core does not count.
 */
function inTurns(a: OnSlice, b: OnSlice, bytes = BYTES, laps = 4) {
  const times: { a: number; b: number }[] = [];
  for (let lap = -1; lap < laps; lap++)
    for (let at = 0; at < bytes; at += SLICE) {
      const slice = {
        a: timed(() => a(at, SLICE)),
        b: timed(() => b((at + bytes / 2) % bytes, SLICE)),
      };
      if (lap >= 0) times.push(slice);
    }
  const ns = { a: median(times.map((slice) => slice.a)), b: median(times.map((slice) => slice.b)) };
  return { a: rate(SLICE, ns.a), b: rate(SLICE, ns.b), ratio: ns.b / ns.a };
}

function timed(run: () => void): number {
  const start = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - start);
}

const rate = (bytes: number, ns: number) => `${(bytes / ns).toFixed(2)} GB/s of data`;

/** One row: `ours` beside `yardstick`, kept where it is `atLeast` times as fast. */
function row(
  what: string,
  ours: OnSlice,
  yardstick: readonly [string, OnSlice],
  atLeast?: number,
  bytes = BYTES,
): Row {
  const { a, b, ratio } = inTurns(ours, yardstick[1], bytes);
  return {
    what,
    value: a,
    yardstick: yardstick[0],
    yardstickValue: b,
    ratio: `${ratio.toFixed(2)} ×`,
    promise: atLeast === undefined ? '' : `≥ ${atLeast} ×`,
    kept: atLeast === undefined ? undefined : ratio >= atLeast,
  };
}

const secded = ({ pages, check }: Memory, form: EccKernels) => ({
  encode: (at: number, length: number) =>
    form.secdedEncode(pages.subarray(at, at + length), check.subarray(at / 8, (at + length) / 8)),
  scrub: (at: number, length: number) =>
    clean(form.secdedScrub(pages.subarray(at, at + length), check.subarray(at / 8, (at + length) / 8))),
  protectedRead: (memory: Memory) => (at: number, length: number) =>
    clean(form.scrub(memory, at / PAGE_BYTES, length / PAGE_BYTES)),
});

/** A bench of a scrub that corrects would be one of something else. */
function clean(report: { correctedBits: number }): void {
  if (report.correctedBits > 0) throw new Error('the memory of the bench was not clean');
}

function speed(): Row[] {
  if (native.addon === undefined) return [absent('error correction in Rust')];
  const { eccRead, eccCopy } = native.addon;
  const all = memory();
  const { pages, check, copy } = all;
  const rust = secded(all, kernels);
  const typescript = secded(all, referenceEcc);
  const words = shared(BYTES / 8);
  const some = BYTES / 4;
  const read: OnSlice = (at, length) => eccRead(pages.subarray(at, at + length));
  const readAll: OnSlice = (at, length) => {
    read(at, length);
    eccRead(check.subarray(at / 8, (at + length) / 8));
  };
  const copied = [
    'memcpy of the data',
    (at: number, length: number) => eccCopy(pages.subarray(at, at + length), copy.subarray(at, at + length)),
  ] as const;
  const byWord = (form: EccKernels) => ({
    encode: (at: number, length: number) =>
      form.wordEncode(pages.subarray(at, at + length), words.subarray(at / 8, (at + length) / 8)),
    scrub: (at: number, length: number) =>
      clean(form.wordScrub(pages.subarray(at, at + length), words.subarray(at / 8, (at + length) / 8))),
  });
  const size = `${BYTES / MIB} MiB`;
  return [
    row(
      `bit-sliced SECDED scrub of ${size}, one thread`,
      rust.scrub,
      ['sum of data and check rows', readAll],
      0.95,
    ),
    row('the same beside the data alone, an eighth less to read', rust.scrub, ['sum of the data', read]),
    row('bit-sliced SECDED encode', rust.encode, copied, 0.95),
    row('whole protected read, SECDED and CRC-32C', rust.protectedRead(all), copied, 0.6),
    row('bit-sliced SECDED encode, TypeScript', typescript.encode, copied, 0.3, some),
    row('bit-sliced SECDED scrub, TypeScript', typescript.scrub, copied, 0.3, some),
    row('whole protected read, TypeScript', typescript.protectedRead(all), copied, undefined, some),
    row('SECDED word by word, encode, Rust tables', byWord(kernels).encode, copied, undefined, some),
    row('SECDED word by word, scrub, Rust tables', byWord(kernels).scrub, copied, undefined, some),
    row('SECDED word by word, encode, TypeScript', byWord(referenceEcc).encode, copied, undefined, some),
    row('SECDED word by word, scrub, TypeScript', byWord(referenceEcc).scrub, copied, undefined, some),
  ];
}

const absent = (what: string): Row => ({
  what,
  value: 'not run',
  yardstick: native.addon === undefined ? native.reason : '',
  yardstickValue: 'no addon',
  ratio: '',
  promise: '',
  kept: undefined,
});

/** How late the event loop's timers are, in ms (p99), while `work` goes on and on for about two seconds. */
async function lateness(work: () => Promise<unknown>): Promise<number> {
  const resolution = 1;
  const delay = monitorEventLoopDelay({ resolution });
  await work();
  delay.enable();
  const end = performance.now() + 2000;
  while (performance.now() < end) await work();
  delay.disable();
  return Math.max(0, delay.percentile(99) / 1e6 - resolution);
}

async function eventLoop(): Promise<Row[]> {
  if (native.addon === undefined) return [absent('event loop while memory is scrubbed')];
  const region = memory();
  const scrub = () => kernels.scrubAsync(region, 0, BYTES / PAGE_BYTES);
  const busy = await lateness(scrub);
  const idle = await lateness(() => new Promise((done) => setTimeout(done, 100)));
  return [
    {
      what: `event loop late while ${BYTES / MIB} MiB is scrubbed off it, again and again (p99)`,
      value: `${busy.toFixed(2)} ms`,
      yardstick: 'the same with nothing to do',
      yardstickValue: `${idle.toFixed(2)} ms`,
      ratio: '',
      promise: '≤ 2 ms',
      kept: busy <= 2,
    },
  ];
}

const LAYOUT = { dataPages: 64 * 16, groups: 16, parityPerGroup: 4 };

/** One page hit, then repaired; the hit is a byte's work. */
function repairs(): Row[] {
  const region = randomRegion(LAYOUT.dataPages + LAYOUT.groups * LAYOUT.parityPerGroup, 5);
  referenceEcc.parityEncode(region.pages, LAYOUT);
  referenceEcc.protect(region, 0, region.pages.length / PAGE_BYTES);
  const time = (repair: (form: EccKernels) => void) => (form: EccKernels) =>
    nsPerOperation(50, (times) => {
      for (let i = 0; i < times; i++) repair(form);
    });
  const bySecded = time((form) => {
    for (let bit = 0; bit < 256; bit++) flip(region.pages, 5 * PAGE_BYTES * 8 + 77 + bit);
    if (form.scrub(region, 5, 1).correctedBits !== 256) throw new Error('SECDED did not repair the page');
  });
  const byParity = (pages: readonly number[]) =>
    time((form) => {
      for (const page of pages) region.pages.fill(0, page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
      if (form.parityRecover(region, LAYOUT, 5, pages).length > 0)
        throw new Error('parity did not repair it');
    });
  const compared = (what: string, ns: (form: EccKernels) => number): Row => ({
    what,
    value: `${duration(ns(kernels))} (${kernels.simd})`,
    yardstick: 'TypeScript',
    yardstickValue: duration(ns(referenceEcc)),
    ratio: '',
    promise: '',
    kept: undefined,
  });
  return [
    compared('a page repaired by SECDED, 256 neighbouring bits hit', bySecded),
    compared('a page rebuilt from parity, 64 + 4 pages a group', byParity([5])),
    compared('four pages of a group rebuilt from parity', byParity([5, 21, 37, 53])),
  ];
}

export const ecc = [speed, eventLoop, repairs];
