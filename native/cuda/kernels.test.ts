import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { native } from '../addon';
import { BLOCK_DIFFERS, BLOCK_UNCORRECTABLE, type CudaKernels, cudaDevice, openCuda } from '../cuda';
import { scrubWithCuda } from '../cudaScrub';
import { BLOCK_BYTES, ecc, PAGE_BYTES } from '../ecc';
import { reference as referenceKernels } from '../image';
import { sameBytes } from '../reference/compare';
import { secdedEncode } from '../reference/ecc/bitSliced';
import { crc32c } from '../reference/ecc/crc32c';
import { dataColumns } from '../reference/ecc/hsiao';
import { referenceTensor } from '../reference/tensor';
import { fingerprint, flip, randomBytes, randomRegion, shared } from '../testing';
import { emulatedDriver } from './emulation/build';

/**
 * The kernels' own sources, run by the emulation on this processor through the addon's loader, and on a card where
 * there is one. What a card does in their place, only a card shows.
 */
const folder = mkdtempSync(join(tmpdir(), 'perigee-cuda-'));
const fatbin = join(folder, 'test.fatbin');
writeFileSync(fatbin, Buffer.from([0x50, 0xed, 0x55, 0xba, 0, 0, 0, 0]));
const card = cudaDevice();
const emulation = native.addon ? emulatedDriver() : { reason: 'no addon' };
const jetson = native.addon ? emulatedDriver({ integrated: true }) : { reason: 'no addon' };

interface Place {
  readonly name: string;
  readonly missing: string;
  open(): ReturnType<typeof openCuda>;
}
const places: readonly Place[] = [
  {
    name: 'emulated',
    missing: emulation.reason,
    open: () => openCuda({ fatbin, library: emulation.file }),
  },
  {
    name: "emulated, in the host's memory",
    missing: jetson.reason,
    open: () => openCuda({ fatbin, library: jetson.file }),
  },
  {
    name: 'on the card',
    missing: card.ok ? '' : `compiled, not run: ${card.error.text}`,
    open: () => openCuda(),
  },
];

function opened(place: Place): CudaKernels {
  const kernels = place.open();
  if (!kernels.ok) throw new Error(kernels.error.text);
  return kernels.value;
}

async function value<T>(result: Promise<{ ok: true; value: T } | { ok: false; error: { text: string } }>) {
  const settled = await result;
  if (!settled.ok) throw new Error(settled.error.text);
  return settled.value;
}

for (const place of places) {
  const title = `the CUDA kernels ${place.name}${place.missing === '' ? '' : ` (skipped: ${place.missing})`}`;
  describe.skipIf(place.missing !== '')(title, () => {
    let cuda: CudaKernels;
    beforeAll(() => {
      cuda = opened(place);
    });
    afterAll(async () => {
      await cuda.close();
    });

    /** Random data with its check rows; `blocks` that fill no warp and no CTA. */
    function region(blocks: number, seed: number) {
      const data = randomBytes(blocks * BLOCK_BYTES, seed);
      const check = shared(data.length / 8);
      secdedEncode(data, check);
      return { data, check };
    }

    it('flags nothing of clean blocks, for any number of them', async () => {
      for (const blocks of [0, 2, 4, 6, 14, 16, 18, 34]) {
        const { data, check } = region(blocks, 7 + blocks);
        expect((await value(cuda.examine(data, check))).flags).toEqual(new Uint8Array(blocks));
      }
    });

    it('flags the block of a single upset, wherever in data or check rows it is', async () => {
      const { data, check } = region(6, 3);
      for (let i = 0; i < 160; i++) {
        const inCheck = i % 8 === 0;
        const bits = (inCheck ? check : data).length * 8;
        const bit = (i * 7919 * 13) % bits;
        flip(inCheck ? check : data, bit);
        const expected = new Uint8Array(6);
        expected[Math.floor((bit * 6) / bits)] = BLOCK_DIFFERS;
        expect((await value(cuda.examine(data, check))).flags).toEqual(expected);
        flip(inCheck ? check : data, bit);
      }
    });

    it('says that two upsets in one column cannot be put right, and that a burst over 256 columns can', async () => {
      const { data, check } = region(6, 5);
      flip(data, 2 * BLOCK_BYTES * 8 + 3 * 256 + 77);
      flip(data, 2 * BLOCK_BYTES * 8 + 60 * 256 + 77);
      for (let bit = 0; bit < 256; bit++) flip(data, 4 * BLOCK_BYTES * 8 + 1000 + bit);
      const flags = new Uint8Array(6);
      flags[2] = BLOCK_DIFFERS | BLOCK_UNCORRECTABLE;
      flags[4] = BLOCK_DIFFERS;
      expect((await value(cuda.examine(data, check))).flags).toEqual(flags);
    });

    it('gives the CRC-32C of each page', async () => {
      for (const pages of [1, 3, 4, 9]) {
        const { data, check } = region(pages * 2, 11);
        const expected = Uint32Array.from({ length: pages }, (_, page) =>
          crc32c(data, page * PAGE_BYTES, (page + 1) * PAGE_BYTES),
        );
        expect((await value(cuda.examine(data, check))).crcs).toEqual(expected);
      }
    });

    it('scrubs with the processor to the same report and bytes as the processor alone', async () => {
      const hit = randomRegion(40, 21);
      ecc.protect(hit, 0, 40);
      for (let i = 0; i < 30; i++) flip(hit.pages, (i * 7919 * 2048 + i * 13) % (hit.pages.length * 8));
      flip(hit.check, 5 * 512 * 8 + 3);
      // Four bits of a column make the syndrome of a clean one: the CRC finds them.
      const [a, b] = [dataColumns[0], dataColumns[1]];
      const c = dataColumns.findIndex((column, bit) => bit > 1 && dataColumns.includes(a ^ b ^ column));
      const d = dataColumns.indexOf(a ^ b ^ dataColumns[c]);
      for (const row of [0, 1, c, d]) flip(hit.pages, 20 * PAGE_BYTES * 8 + row * 256 + 9);
      hit.crcs[33] ^= 1;
      const copy = { pages: hit.pages.slice(), check: hit.check.slice(), crcs: hit.crcs.slice() };
      const alone = ecc.scrub(copy, 3, 35);
      expect(alone.badPages).toContain(20);
      expect(await value(scrubWithCuda(cuda, hit, 3, 35))).toEqual(alone);
      expect(fingerprint(hit.pages, hit.check, hit.crcs)).toBe(
        fingerprint(copy.pages, copy.check, copy.crcs),
      );
    });

    it('preprocesses crops of any size, channels and network to the bits of the reference', async () => {
      for (const [channels, outWidth, outHeight] of [
        [3, 16, 12],
        [1, 9, 15],
        [13, 5, 7],
      ]) {
        const [width, height] = [61, 47];
        const picture = { data: randomBytes(width * height * channels, 17), width, height, channels };
        const crops = Uint32Array.of(3, 5, 40, 41, 0, 0, 61, 47, 60, 46, 1, 1, 10, 10, 23, 9, 1, 1, 16, 12);
        const mean = Float32Array.from({ length: channels }, (_, c) => 100 + 3.7 * c);
        const std = Float32Array.from({ length: channels }, (_, c) => 57.1 - c);
        const input = { width: outWidth, height: outHeight, mean, std };
        const expected = new Float32Array(5 * channels * outWidth * outHeight);
        expect(referenceKernels.preprocess(picture, crops, input, expected).ok).toBe(true);
        const out = await value(cuda.preprocess(picture, crops, input));
        expect(sameBytes(out, expected)).toBe(true);
      }
    });

    it('refuses a crop that is not inside the picture with the error of the processor’s kernel', async () => {
      const picture = { data: randomBytes(300, 1), width: 10, height: 10, channels: 3 };
      const input = { width: 4, height: 4, mean: new Float32Array(3), std: Float32Array.of(1, 1, 1) };
      const refused = await cuda.preprocess(picture, Uint32Array.of(5, 5, 6, 5), input);
      expect(refused.ok ? '' : refused.error.code).toBe('IMAGE_CROP');
    });

    it('makes bytes and scales of floats, and floats again, to the bits of the reference', async () => {
      const bits = Uint32Array.from({ length: 4001 }, (_, i) => Math.imul(i, 2654435761));
      const states = new Float32Array(bits.buffer);
      states.set([127, 0.5, 1.5, 2.5, -0.5, Number.NaN, Infinity, -Infinity, -0], 640);
      states.fill(0, 96, 128);
      for (const count of [1, 31, 32, 129, 4001]) {
        const values = states.slice(0, count);
        const expected = { bytes: new Int8Array(count), scales: new Float32Array(Math.ceil(count / 32)) };
        referenceTensor.quantise(values, expected.bytes, expected.scales);
        const quantised = await value(cuda.quantise(values));
        expect(sameBytes(quantised.bytes, expected.bytes)).toBe(true);
        expect(sameBytes(quantised.scales, expected.scales)).toBe(true);
        const back = new Float32Array(count);
        referenceTensor.dequantise(expected.bytes, expected.scales, back);
        expect(sameBytes(await value(cuda.dequantise(quantised)), back)).toBe(true);
      }
    });

    it('works on a part of pinned memory', async () => {
      const { data, check } = region(6, 9);
      expect(cuda.pin(data).ok && cuda.pin(check).ok).toBe(true);
      flip(data, 3 * BLOCK_BYTES * 8 + 5);
      const part = await value(
        cuda.examine(data.subarray(2 * BLOCK_BYTES, 6 * BLOCK_BYTES), check.subarray(512, 1536)),
      );
      expect(part.flags).toEqual(Uint8Array.of(0, BLOCK_DIFFERS, 0, 0));
    });

    it('refuses sizes that do not fit, in words', async () => {
      const refused = await cuda.examine(shared(2 * BLOCK_BYTES), shared(BLOCK_BYTES / 8));
      expect(refused.ok ? '' : refused.error).toMatchObject({ code: 'CUDA_FAILED' });
    });
  });
}

describe('opening CUDA', () => {
  const reasonOf = (result: ReturnType<typeof openCuda>) => (result.ok ? 'opened' : result.error);

  it('is a coded absence where there is no driver, or a library that is none', () => {
    const absent = (library: string) => reasonOf(openCuda({ fatbin, library }));
    expect(absent('/nowhere/libcuda.so.1')).toMatchObject({ code: 'CUDA_ABSENT' });
    if (process.platform === 'linux' && native.addon)
      expect(absent('libm.so.6')).toMatchObject({ text: 'CUDA: the driver has no cuInit' });
  });

  it('is a coded absence where the kernels are not built', () => {
    expect(reasonOf(openCuda({ fatbin: '/nowhere/x.fatbin' }))).toMatchObject({ code: 'CUDA_ABSENT' });
  });

  const missing = emulation.reason;
  const title = (text: string) => (missing === '' ? text : `${text} (skipped: ${missing})`);
  it.skipIf(missing !== '')(title('takes the PTX where the fatbin has no code for the device'), async () => {
    const other = join(folder, 'other.fatbin');
    const ptx = join(folder, 'test.ptx');
    writeFileSync(other, 'another card');
    writeFileSync(ptx, '.version 7.4\n.target sm_80\n');
    const cuda = openCuda({ fatbin: other, ptx, library: emulation.file });
    expect(cuda.ok && cuda.value.code).toBe('ptx');
    if (cuda.ok) await cuda.value.close();
    const without = reasonOf(openCuda({ fatbin: other, ptx: '/nowhere.ptx', library: emulation.file }));
    expect(without).toMatchObject({ code: 'CUDA_ABSENT' });
    expect(JSON.stringify(without)).toContain('CUDA_ERROR_NO_BINARY_FOR_GPU (209)');
  });

  it.skipIf(missing !== '')(title('refuses a module that is damaged, in the driver’s words'), () => {
    const damaged = join(folder, 'damaged.fatbin');
    writeFileSync(damaged, 'no fatbin at all');
    const refused = reasonOf(openCuda({ fatbin: damaged, ptx: '/nowhere.ptx', library: emulation.file }));
    expect(JSON.stringify(refused)).toContain('CUDA_ERROR_INVALID_IMAGE (200)');
  });

  it.skipIf(missing !== '')(title('refuses work after it was closed'), async () => {
    const cuda = openCuda({ fatbin, library: emulation.file });
    if (!cuda.ok) throw new Error(cuda.error.text);
    expect(cuda.value.device.name).toContain('test double');
    await cuda.value.close();
    const late = await cuda.value.examine(shared(PAGE_BYTES), shared(PAGE_BYTES / 8));
    expect(late.ok ? '' : late.error.text).toBe('CUDA: the device was closed');
  });
});
