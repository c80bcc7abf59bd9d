/**
 * `npm run bench -- native`, on a machine with a card: each kernel's output against its reference first, then the scrub
 * beside the card's own memory, and the rest beside the processor's kernels, copies to and from the card included.
 * Without a card it says that the kernels were compiled, not run.
 */

import type { Result } from '../../../fsw/errors';
import { BLOCK_DIFFERS, type CudaKernels, openCuda } from '../../../native/cuda';
import { BLOCK_BYTES, ecc, PAGE_BYTES } from '../../../native/ecc';
import { image } from '../../../native/image';
import { sameBytes } from '../../../native/reference/compare';
import { tensor } from '../../../native/tensor';
import { flip, randomBytes, shared } from '../../../native/testing';
import { duration, median, type Row } from '../measure';

const MIB = 2 ** 20;
const ON_CARD_BYTES = 1024 * MIB;
const CHECKED_BYTES = 64 * MIB;
const ROUNDS = 21;

export async function cuda(): Promise<Row[]> {
  const opened = openCuda();
  if (!opened.ok) return [skipped(opened.error.text)];
  const kernels = opened.value;
  const { name, capability } = kernels.device;
  const on = `${name}, sm_${capability.replace('.', '')}, from ${kernels.code}`;
  try {
    return [
      ...(await scrubRows(kernels, on)),
      await preprocessRow(kernels, on),
      await quantiseRow(kernels, on),
    ];
  } finally {
    await kernels.close();
  }
}

function skipped(reason: string): Row {
  return {
    what: 'CUDA kernels: skipped, compiled, not run',
    value: 'skipped',
    yardstick: reason,
    yardstickValue: 'none',
    ratio: '',
    promise: '≥ 0.8 × memory bandwidth',
    kept: undefined,
  };
}

async function scrubRows(kernels: CudaKernels, on: string): Promise<Row[]> {
  const { right, wrong } = await checkScrub(kernels);
  const memory = Math.min(
    ON_CARD_BYTES,
    Math.floor(kernels.device.memoryBytes / 8 / PAGE_BYTES) * PAGE_BYTES,
  );
  const { scrub, crc, read, copy } = settled(await kernels.speeds(memory, ROUNDS));
  const bandwidth = Math.max(read, copy);
  const peak = kernels.device.peakGbPerS;
  const yardstick = `the same run's fastest of a kernel that only reads (${gb(read)}) and a copy on the device (${gb(copy)})${peak > 0 ? `; ${gb(peak)} by clock and bus` : ''}`;
  const row = (what: string, rate: number, promise: string): Row => ({
    what: `${what} of ${(memory / MIB).toFixed(0)} MiB on the card (${on})`,
    value: gb(rate),
    yardstick,
    yardstickValue: gb(bandwidth),
    ratio: `${(rate / bandwidth).toFixed(2)} ×`,
    promise,
    kept: promise === '' ? undefined : rate >= 0.8 * bandwidth && wrong === 0,
  });
  return [
    row(`bit-sliced SECDED scrub (${right} blocks right, ${wrong} wrong)`, scrub, '≥ 0.8 × memory bandwidth'),
    row('CRC-32C of pages', crc, ''),
  ];
}

/** Upsets in every 97th block: exactly those must be flagged, and each page's CRC be the processor's. */
async function checkScrub(kernels: CudaKernels): Promise<{ right: number; wrong: number }> {
  const data = randomBytes(CHECKED_BYTES, 5);
  const check = shared(CHECKED_BYTES / 8);
  ecc.secdedEncode(data, check);
  const blocks = CHECKED_BYTES / BLOCK_BYTES;
  for (let block = 0; block < blocks; block += 97)
    flip(data, block * BLOCK_BYTES * 8 + ((block * 7919) % (BLOCK_BYTES * 8)));
  const { flags, crcs } = settled(await kernels.examine(data, check));
  let wrong = 0;
  for (let block = 0; block < blocks; block++)
    if (flags[block] !== (block % 97 === 0 ? BLOCK_DIFFERS : 0)) wrong++;
  for (let page = 0; page < crcs.length; page++)
    if (crcs[page] !== ecc.crc32c(data.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES))) wrong++;
  return { right: blocks - wrong, wrong };
}

async function preprocessRow(kernels: CudaKernels, on: string): Promise<Row> {
  const [side, count, crop, to] = [2048, 64, 512, 224];
  const picture = { data: randomBytes(side * side * 3, 3), width: side, height: side, channels: 3 };
  const crops = Uint32Array.from({ length: count * 4 }, (_, i) =>
    i % 4 < 2 ? (i * 7919) % (side - crop) : crop,
  );
  const input = {
    width: to,
    height: to,
    mean: Float32Array.of(123, 116, 103),
    std: Float32Array.of(58, 57, 57),
  };
  const expected = new Float32Array(count * 3 * to * to);
  const byCard = () => kernels.preprocess(picture, crops, input);
  const byProcessor = async () => image.preprocess(picture, crops, input, expected);
  await byProcessor();
  const same = sameBytes(settled(await byCard()), expected);
  return beside(`preprocess ${count} crops of ${crop}² to ${to}²`, on, same, byCard, byProcessor, image.simd);
}

async function quantiseRow(kernels: CudaKernels, on: string): Promise<Row> {
  const values = Float32Array.from(randomBytes(4 * MIB, 7), (byte) => (byte - 128) / 37);
  const bytes = new Int8Array(values.length);
  const scales = new Float32Array(values.length / 32);
  const byCard = () => kernels.quantise(values);
  const byProcessor = async () => tensor.quantise(values, bytes, scales);
  await byProcessor();
  const there = settled(await byCard());
  const same = sameBytes(there.bytes, bytes) && sameBytes(there.scales, scales);
  return beside('quantise 4 Mi values', on, same, byCard, byProcessor, tensor.simd);
}

async function beside(
  what: string,
  on: string,
  same: boolean,
  byCard: () => Promise<Result<unknown>>,
  byProcessor: () => Promise<unknown>,
  simd: string,
): Promise<Row> {
  const [card, processor] = [await timed(byCard), await timed(byProcessor)];
  return {
    what: `${what}, copies included, ${same ? 'the same bits' : 'NOT THE SAME BITS'} (${on})`,
    value: duration(card),
    yardstick: `the processor's kernel (${simd})`,
    yardstickValue: duration(processor),
    ratio: `${(processor / card).toFixed(2)} × its rate`,
    promise: 'the same bits',
    kept: same,
  };
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 9; round++) {
    const start = process.hrtime.bigint();
    await run();
    times.push(Number(process.hrtime.bigint() - start));
  }
  return median(times);
}

function gb(rate: number): string {
  return `${rate.toFixed(rate < 10 ? 2 : 0)} GB/s`;
}

function settled<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.error.text);
  return result.value;
}
