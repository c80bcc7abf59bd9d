/**
 * Stands in for gst-launch-1.0 in tests: writes to file descriptor 3 what `gdppay` would. Its first argument is JSON: for
 * each start a list of steps, the last list for all later starts. Steps: `{ size: [width, height] }`,
 * `{ fill, frame, ptsUs }` a frame, `{ garbage }` bytes, `{ say }` a line on stderr, `{ stubborn }` SIGINT is ignored,
 * `{ exit }` with a code. After the last step it stays, and is silent. Its second argument is a file that gets its pid.
 */
import { appendFileSync, readFileSync, writeSync } from 'node:fs';

const [steps, log] = process.argv.slice(2);
appendFileSync(log, `${process.pid}\n`);
const starts = readFileSync(log, 'utf8').split('\n').length - 1;
const runs = JSON.parse(steps);

function crc16(bytes) {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return crc ^ 0xffff;
}

function send(type, payload, ptsUs, number) {
  const header = Buffer.alloc(62);
  header.set([1, 0, 1]);
  header.writeUInt16BE(type, 4);
  header.writeUInt32BE(payload.length, 6);
  header.writeBigUInt64BE(ptsUs === undefined ? 0xffffffffffffffffn : BigInt(ptsUs) * 1000n, 10);
  header.writeBigUInt64BE(number === undefined ? 0xffffffffffffffffn : BigInt(number), 26);
  header.writeUInt16BE(crc16(header.subarray(0, 58)), 58);
  writeAll(Buffer.concat([header, payload]));
}

function writeAll(bytes) {
  for (let at = 0; at < bytes.length; ) at += writeSync(3, bytes, at);
}

let size = [4, 2];
for (const step of runs[Math.min(starts, runs.length) - 1]) {
  if (step.size) {
    size = step.size;
    const caps = `video/x-raw, format=(string)RGB, width=(int)${size[0]}, height=(int)${size[1]}, framerate=(fraction)10/1\0`;
    send(2, Buffer.from(caps));
  }
  if (step.fill !== undefined)
    send(1, Buffer.alloc(Math.ceil((size[0] * 3) / 4) * 4 * size[1], step.fill), step.ptsUs, step.frame);
  if (step.garbage) writeAll(Buffer.from(step.garbage));
  if (step.say) process.stderr.write(`${step.say}\n`);
  if (step.stubborn) process.on('SIGINT', () => undefined);
  if (step.exit !== undefined) process.exit(step.exit);
}
setInterval(() => undefined, 1000);
