import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fail, succeed } from '../../../fsw/errors';
import { gstArguments, gstReason } from './command';
import { Frames } from './frames';
import { type GdpHeader, GdpReader } from './gdp';

/** What gst-launch-1.0 1.22.0 wrote: `videotestsrc num-buffers=2 ! video/x-raw,format=RGB,width=5,height=2 ! gdppay ! fdsink`. */
const GOLDEN_BASE64 =
  'AQABAChOAAAAh///////////AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP4fAABHc3RFdmVudFN0' +
  'cmVhbVN0YXJ0LCBzdHJlYW0taWQ9KHN0cmluZyk4YWFmZWZjZTAzNThhOGU4ODNmNzA2Yjg3YmE1YTBkNCwgZmxhZ3M9KEdz' +
  'dFN0cmVhbUZsYWdzKUdTVF9TVFJFQU1fRkxBR19OT05FLCBncm91cC1pZD0odWludCkxOwABAAEAAAIAAAC6AAAAAAAAAAAA' +
  'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAsesAAHZpZGVvL3gtcmF3LCBmb3JtYXQ9KHN0cmluZylS' +
  'R0IsIHdpZHRoPShpbnQpNSwgaGVpZ2h0PShpbnQpMiwgZnJhbWVyYXRlPShmcmFjdGlvbikzMC8xLCBtdWx0aXZpZXctbW9k' +
  'ZT0oc3RyaW5nKW1vbm8sIHBpeGVsLWFzcGVjdC1yYXRpbz0oZnJhY3Rpb24pMS8xLCBpbnRlcmxhY2UtbW9kZT0oc3RyaW5n' +
  'KXByb2dyZXNzaXZlAAEAAQBGTgAAAUf//////////wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABQ' +
  'pQAAR3N0RXZlbnRTZWdtZW50LCBzZWdtZW50PShHc3RTZWdtZW50KSJzZWdtZW50LCBmbGFncz0oR3N0U2VnbWVudEZsYWdz' +
  'KUdTVF9TRUdNRU5UX0ZMQUdfTk9ORSwgcmF0ZT0oZG91YmxlKTEsIGFwcGxpZWQtcmF0ZT0oZG91YmxlKTEsIGZvcm1hdD0o' +
  'R3N0Rm9ybWF0KXRpbWUsIGJhc2U9KGd1aW50NjQpMCwgb2Zmc2V0PShndWludDY0KTAsIHN0YXJ0PShndWludDY0KTAsIHN0' +
  'b3A9KGd1aW50NjQpMTg0NDY3NDQwNzM3MDk1NTE2MTUsIHRpbWU9KGd1aW50NjQpMCwgcG9zaXRpb249KGd1aW50NjQpMCwg' +
  'ZHVyYXRpb249KGd1aW50NjQpMTg0NDY3NDQwNzM3MDk1NTE2MTU7IjsAAQABAAABAAAAIAAAAAAAAAAAAAAAAAH8oFUAAAAA' +
  'AAAAAAAAAAAAAAABAED//////////wAAAAAAALu/AAD//wAA////AP//AAAAAP8A////AID/ExMTAAAA3NzcAAEAAQAAAQAA' +
  'ACAAAAAAAfygVQAAAAAB/KBVAAAAAAAAAAEAAAAAAAAAAgAA//////////8AAAAAAADDjQAA//8AAP///wD//wAAAAD/AP//' +
  '/wCA/xMTEwQEBGVlZQA=';
const golden = Buffer.from(GOLDEN_BASE64, 'base64');
const CAPS_AT = 197;
const FRAME_AT = 834;

/** Reads a stream in the chunks given. */
function read(chunks: Iterable<Uint8Array>, refuse?: 'caps' | 'frame') {
  const texts: string[] = [];
  const frames: { header: GdpHeader; bytes: Uint8Array }[] = [];
  let into = new Uint8Array(0);
  const reader = new GdpReader({
    caps: (text) => {
      texts.push(text);
      return refuse === 'caps' ? fail('CAMERA_SIZE', { found: '', expected: '' }) : succeed(undefined);
    },
    begin: ({ bytes }) => {
      into = new Uint8Array(bytes);
      return refuse === 'frame' ? fail('CAMERA_STREAM', { why: '' }) : succeed(into);
    },
    end: (header) => void frames.push({ header, bytes: into }),
  });
  for (const chunk of chunks) {
    const pushed = reader.push(chunk);
    if (!pushed.ok) return { texts, frames, code: pushed.error.code };
  }
  return { texts, frames, code: undefined };
}

/** Frames of 5 x 2 pixels, fed from a stream, and the time at which each arrives. */
function framesFrom(times: readonly number[]) {
  let arrivals = 0;
  const frames = new Frames({
    width: 5,
    height: 2,
    nowUs: () => times[arrivals++] ?? 0,
    onFrame: () => undefined,
  });
  return frames;
}

const form = (rate = '10/1', width = 5) =>
  `video/x-raw, format=(string)RGB, width=(int)${width}, height=(int)2, framerate=(fraction)${rate}`;
const header = (ptsUs?: number, number?: number): GdpHeader => ({ type: 1, bytes: 32, ptsUs, number });
function give(frames: Frames, one: GdpHeader): void {
  expect(frames.begin(one).ok).toBe(true);
  frames.end(one);
}

describe('the stream of a pipeline', () => {
  it('PGE-GST-001: is read as GStreamer writes it: form, time-stamps, numbers, pixels', () => {
    const { texts, frames, code } = read([golden]);
    expect(code).toBeUndefined();
    expect(texts).toEqual([
      expect.stringMatching(/^video\/x-raw, format=\(string\)RGB, width=\(int\)5, height=\(int\)2/),
    ]);
    expect(frames.map(({ header: { ptsUs, number } }) => [ptsUs, number])).toEqual([
      [0, 0],
      [33_333, 1],
    ]);
    expect([...(frames[0]?.bytes.subarray(0, 6) ?? [])]).toEqual(
      [0, 0, 255, 255, 0, 0].map((_, at) => golden[FRAME_AT + 62 + at]),
    );
  });

  it('PGE-GST-001: is the same in chunks of any size', () => {
    const whole = read([golden]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 30 }), (sizes) => {
        const chunks: Uint8Array[] = [];
        for (let at = 0, turn = 0; at < golden.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          chunks.push(golden.subarray(at, at + size));
          at += size;
        }
        expect(read(chunks)).toEqual(whole);
      }),
      { seed: 7, numRuns: 100 },
    );
  });

  it('PGE-GST-002: is refused when it is no such stream, a bit of a header is wrong, or a text is too long', () => {
    expect(read([Buffer.alloc(62, 'x')]).code).toBe('CAMERA_STREAM');
    for (let bit = 0; bit < 60 * 8; bit++) {
      const damaged = Buffer.from(golden.subarray(FRAME_AT));
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      // Without the flag that says so, there is no CRC; the byte behind it is free, and under the CRC all the same.
      if (bit === 16) continue;
      expect(read([damaged]).code, `bit ${bit}`).toBe('CAMERA_STREAM');
    }
    const long = Buffer.from(golden.subarray(CAPS_AT, CAPS_AT + 62));
    long[2] = 0;
    long.writeUInt32BE(65_537, 6);
    expect(read([long]).code).toBe('CAMERA_STREAM');
  });

  it('PGE-GST-002: ends with what the receiver refuses', () => {
    expect(read([golden], 'caps').code).toBe('CAMERA_SIZE');
    expect(read([golden], 'frame').code).toBe('CAMERA_STREAM');
  });
});

describe('the frames of a pipeline', () => {
  it('PGE-GST-003: are given once each, the newest, without the padding of their rows', () => {
    const frames = framesFrom([1000, 2000]);
    const into = new Uint8Array(30);
    expect(new GdpReader(frames).push(golden).ok).toBe(true);
    expect(frames.received).toBe(2);
    expect(frames.take(into, 0)).toBe(2000);
    expect([...into.subarray(0, 15)]).toEqual([...golden.subarray(928 + 62, 928 + 62 + 15)]);
    expect([...into.subarray(15)]).toEqual([...golden.subarray(928 + 62 + 16, 928 + 62 + 31)]);
    expect(frames.take(into, 0)).toBeUndefined();
  });

  it('PGE-GST-003: are not given when they are older than asked', () => {
    const frames = framesFrom([1000]);
    frames.caps(form());
    give(frames, header(0, 0));
    expect(frames.take(new Uint8Array(30), 1001)).toBeUndefined();
    expect(frames.take(new Uint8Array(30), 1000)).toBe(1000);
  });

  it('PGE-GST-004: have the time of their time-stamp, mapped by the frame that came with the least delay', () => {
    const frames = framesFrom([1_000_000, 1_350_000, 1_190_000, 1_300_000]);
    frames.caps(form());
    const into = new Uint8Array(30);
    const at = (ptsUs?: number) => {
      give(frames, header(ptsUs));
      return frames.take(into, 0);
    };
    expect(at(500_000)).toBe(1_000_000);
    // Came 250 ms late; the clocks may have drifted by 1 in 10,000 of the 100 ms between.
    expect(at(600_000)).toBe(1_100_010);
    expect(at(700_000)).toBe(1_190_000);
    expect(at(undefined)).toBe(1_300_000);
  });

  it('PGE-GST-005: that the source lost are counted by its own numbers, or by gaps in time', () => {
    const numbered = framesFrom([]);
    numbered.caps(form());
    for (const number of [7, 8, 11, 3, 4]) give(numbered, header(0, number));
    expect(numbered.dropped).toBe(2);
    const timed = framesFrom([]);
    timed.caps(form());
    for (const ptsUs of [0, 100_000, 190_000, 510_000]) give(timed, header(ptsUs));
    expect(timed.dropped).toBe(2);
    const untold = framesFrom([]);
    untold.caps(form('0/1'));
    for (const ptsUs of [0, 900_000]) give(untold, header(ptsUs));
    expect(untold.dropped).toBe(0);
  });

  it('PGE-GST-006: of another size or form are refused, also in mid-stream', () => {
    const frames = framesFrom([]);
    expect(frames.begin(header())).toMatchObject({ error: { code: 'CAMERA_STREAM' } });
    expect(frames.caps(form()).ok).toBe(true);
    expect(frames.begin({ ...header(), bytes: 30 })).toMatchObject({ error: { code: 'CAMERA_STREAM' } });
    expect(frames.caps(form('10/1', 6))).toMatchObject({
      error: { code: 'CAMERA_SIZE', text: 'the camera gives 6x2 RGB, 5x2 RGB expected' },
    });
    expect(frames.caps(form().replace('RGB', 'NV12'))).toMatchObject({ error: { code: 'CAMERA_SIZE' } });
    expect(frames.caps('nonsense')).toMatchObject({ error: { code: 'CAMERA_SIZE' } });
  });
});

describe('the command of a pipeline', () => {
  it('PGE-GST-010: has one argument a word, and no shell', () => {
    const args = gstArguments(`v4l2src device='/dev/my cam' ! "video/x-raw, width=640" ! a;rm $HOME`, 64, 48);
    expect(args).toMatchObject({ ok: true });
    expect(args.ok && args.value.slice(0, 8)).toEqual([
      '-q',
      'v4l2src',
      'device=/dev/my cam',
      '!',
      'video/x-raw, width=640',
      '!',
      'a;rm',
      '$HOME',
    ]);
    expect(args.ok && args.value.slice(8)).toEqual([
      '!',
      'capsfilter',
      'caps=video/x-raw,format=RGB,width=64,height=48;video/x-raw,format=RGB',
      '!',
      'gdppay',
      '!',
      'fdsink',
      'fd=3',
      'sync=false',
    ]);
  });

  it.each(['', '  ', `a 'b`, 'a "b c'])('PGE-GST-010: refuses %j', (pipeline) => {
    expect(gstArguments(pipeline, 4, 4)).toMatchObject({ error: { code: 'CAMERA_PIPELINE' } });
  });

  it('PGE-GST-011: gives the line in which GStreamer says why it ended, short enough for an event', () => {
    const said = `Setting pipeline\nERROR: from element src: no ${'x'.repeat(200)}\nAdditional debug info:\n`;
    expect(gstReason(said)).toMatch(/^ERROR: from element src: no x+$/);
    expect(gstReason(said)).toHaveLength(120);
    expect(gstReason('\nsomething\nlast\n')).toBe('last');
    expect(gstReason('')).toBeUndefined();
  });
});
