/** The kernels for pictures, tensors and bits, each beside its TypeScript; preprocessing beside sharp. */
import crc16ccitt from 'crc/crc16ccitt';
import sharp from 'sharp';
import { crc16 } from '../../../fsw/protocols/crc16';
import { bits, reference as bitsReference, recordBytes } from '../../../native/bits';
import { image, reference as imageReference, type NetworkInput } from '../../../native/image';
import { tensor, reference as tensorReference } from '../../../native/tensor';
import { duration, paired, pairedAsync, type Row } from '../measure';

const SIDE = 4096;
const CHANNELS = 3;
const MEAN = Float32Array.of(123.675, 116.28, 103.53);
const STD = Float32Array.of(58.395, 57.12, 57.375);

/** Cheap noise: no kernel's time depends on what the levels are. */
function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

/** Crops of `crop` pixels squared all over the frame. */
function cropsOf(count: number, crop: number): Uint32Array {
  const room = SIDE - crop;
  return Uint32Array.from({ length: count * 4 }, (_, i) =>
    i % 4 < 2 ? ((i + 1) * 2654435761) % room : crop,
  );
}

/** What a user of sharp does for one crop: extract, resize, raw bytes, then planes of normalised floats. */
async function bySharp(frame: Uint8Array, crops: Uint32Array, { width, height, mean, std }: NetworkInput) {
  const plane = width * height;
  const out = new Float32Array((crops.length / 4) * CHANNELS * plane);
  for (let crop = 0; crop * 4 < crops.length; crop++) {
    const [left, top, cropWidth, cropHeight] = crops.subarray(crop * 4);
    const pixels = await sharp(frame, { raw: { width: SIDE, height: SIDE, channels: CHANNELS } })
      .extract({ left, top, width: cropWidth, height: cropHeight })
      .resize(width, height, { fit: 'fill', kernel: 'linear' })
      .raw()
      .toBuffer();
    for (let c = 0; c < CHANNELS; c++) {
      let to = (crop * CHANNELS + c) * plane;
      for (let at = c; at < pixels.length; at += CHANNELS) out[to++] = (pixels[at] - mean[c]) / std[c];
    }
  }
  return out;
}

export async function preprocess(): Promise<Row[]> {
  const before = sharp.concurrency();
  sharp.concurrency(1);
  const picture = { data: noise(SIDE * SIDE * CHANNELS), width: SIDE, height: SIDE, channels: CHANNELS };
  const rows: Row[] = [];
  for (const [count, from, to] of [
    [16, 512, 224],
    [8, 1024, 224],
    [16, 300, 224],
    [16, 224, 224],
    [16, 96, 224],
    [2, 4096, 512],
  ]) {
    const crops = cropsOf(count, from);
    const input = { width: to, height: to, mean: MEAN, std: STD };
    const out = new Float32Array(count * CHANNELS * to * to);
    const ours = (kernels: typeof image) => () => void kernels.preprocess(picture, crops, input, out);
    const theirs = () => bySharp(picture.data, crops, input);
    const what = `preprocess ${count} crops of ${from}² of a ${SIDE}² frame to CHW float ${to}², each`;
    const { a, b, ratio } = await pairedAsync(count, ours(image), theirs, 7);
    rows.push({
      what: `${what} (${image.simd})`,
      value: duration(a),
      yardstick: `sharp ${sharp.versions.sharp}: extract, resize linear, raw, then normalised in JavaScript; one thread`,
      yardstickValue: duration(b),
      ratio: `${(1 / ratio).toFixed(2)} × its rate`,
      promise: '≥ 2 × sharp',
      kept: ratio <= 0.5,
    });
    if (image !== imageReference && from === 512)
      rows.push(beside(what, await pairedAsync(count, ours(image), ours(imageReference), 7)));
  }
  sharp.concurrency(before);
  return rows;
}

function beside(what: string, { a, b, ratio }: { a: number; b: number; ratio: number }): Row {
  return {
    what: `${what} (${image.simd})`,
    value: duration(a),
    yardstick: 'its TypeScript reference',
    yardstickValue: duration(b),
    ratio: `${(1 / ratio).toFixed(2)} × its rate`,
    promise: '',
    kept: undefined,
  };
}

/** Native and TypeScript in turn, each `times` calls a round. */
function row(what: string, times: number, ours: () => unknown, theirs: () => unknown): Row {
  const repeated = (run: () => unknown) => (n: number) => {
    for (let i = 0; i < n; i++) run();
  };
  return beside(what, paired(times, repeated(ours), repeated(theirs), 7));
}

export function bandMath(): Row[] {
  const pixels = 1_000_000;
  const out = new Float32Array(2 * pixels);
  const pairs = Uint32Array.of(3, 2, 1, 3);
  const samples = new Uint16Array(noise(4 * pixels * 2).buffer);
  const floats = Float32Array.from(samples);
  const indices = { blue: 0, red: 2, reflectance: 1e-4 };
  return (['planar', 'interleaved'] as const).flatMap((layout) => {
    const counts = { data: samples, bands: 4, pixels, layout };
    const reflectances = { ...counts, data: floats };
    return [
      row(
        `NDVI and NDWI of 1 Mpixel, u16 ${layout}`,
        2,
        () => image.normalisedDifference(counts, pairs, out),
        () => imageReference.normalisedDifference(counts, pairs, out),
      ),
      row(
        `cloud index of 1 Mpixel, f32 ${layout}`,
        2,
        () => image.cloudIndex(reflectances, indices, out),
        () => imageReference.cloudIndex(reflectances, indices, out),
      ),
    ];
  });
}

export function debayer(): Row[] {
  const size = { width: 2048, height: 1024, pattern: 'RGGB' as const };
  const bytes = { ...size, data: noise(2048 * 1024) };
  const words = { ...size, data: new Uint16Array(noise(2048 * 1024 * 2).buffer) };
  const rgb8 = new Uint8Array(2048 * 1024 * 3);
  const rgb16 = new Uint16Array(2048 * 1024 * 3);
  return [
    row(
      'debayer 2 Mpixel, u8',
      2,
      () => image.debayer(bytes, rgb8),
      () => imageReference.debayer(bytes, rgb8),
    ),
    row(
      'debayer 2 Mpixel, u16',
      2,
      () => image.debayer(words, rgb16),
      () => imageReference.debayer(words, rgb16),
    ),
  ];
}

export function aroundNetwork(): Row[] {
  const count = 2000;
  const random = noise(count * 6);
  const boxes = {
    corners: Float32Array.from({ length: count * 4 }, (_, i) => {
      const box = Math.floor(i / 4) * 6;
      return random[box + (i % 2)] * 4 + (i % 4 < 2 ? 0 : 10 + random[box + 2 + (i % 2)] / 4);
    }),
    scores: Float32Array.from({ length: count }, (_, i) => random[i * 6 + 4] / 255),
    classes: Uint32Array.from({ length: count }, (_, i) => random[i * 6 + 5] % 4),
  };
  const kept = new Uint32Array(count);
  const values = Float32Array.from(noise(1 << 20), (level) => (level - 128) / 37);
  const bytes = new Int8Array(values.length);
  const scales = new Float32Array(values.length / 32);
  const back = new Float32Array(values.length);
  return [
    row(
      `NMS of ${count} boxes of 4 classes`,
      10,
      () => tensor.nms(boxes, 0.5, kept),
      () => tensorReference.nms(boxes, 0.5, kept),
    ),
    row(
      'quantise 1 Mi floats to blocks of int8',
      4,
      () => tensor.quantise(values, bytes, scales),
      () => tensorReference.quantise(values, bytes, scales),
    ),
    row(
      'dequantise 1 Mi floats',
      4,
      () => tensor.dequantise(bytes, scales, back),
      () => tensorReference.dequantise(bytes, scales, back),
    ),
  ];
}

export function onTheLink(): Row[] {
  // A detection: frame, tile, class, confidence, water, place.
  const schema = Int8Array.of(16, 12, 6, 8, 8, -26, -27, 1);
  const records = 10_000;
  const packed = noise(records * recordBytes(schema));
  const values = new Uint32Array(records * schema.length);
  bitsReference.unpackRecords(schema, packed, values);
  const frames = noise(1024 * 256);
  const [crcs, one] = [new Uint16Array(256), new Uint16Array(1)];
  const first = frames.subarray(0, 1022);
  const node = Buffer.from(first);
  return [
    row(
      `pack ${records} records of ${schema.length} fields`,
      4,
      () => bits.packRecords(schema, values, packed),
      () => bitsReference.packRecords(schema, values, packed),
    ),
    row(
      `unpack ${records} records`,
      4,
      () => bits.unpackRecords(schema, packed, values),
      () => bitsReference.unpackRecords(schema, packed, values),
    ),
    row(
      'CRC-16 of 256 frames of 1024 bytes in one call',
      20,
      () => bits.crc16Frames(frames, 1024, crcs),
      () => bitsReference.crc16Frames(frames, 1024, crcs),
    ),
    row(
      'CRC-16 of one TM frame, the call included',
      5000,
      () => bits.crc16Frames(first, 1022, one),
      () => crc16(first),
    ),
    {
      ...row(
        'CRC-16 of one TM frame, the call included',
        5000,
        () => bits.crc16Frames(first, 1022, one),
        () => crc16ccitt(node),
      ),
      yardstick: 'npm crc',
    },
  ];
}
