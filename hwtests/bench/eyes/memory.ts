/** Whether memory stays flat over many frames: `npm run bench -- eyes --frames 10000`. */
import type { Row } from '../measure';
import { makeFrames } from './frames';
import { Eyes } from './pipeline';

const SIDE = 128;
const WARM_UP = 500;
/** What an allocator may keep back; a leak of a frame's pixels would be 48 KiB × frames. */
const MOST_MIB = 16;

interface Memory {
  readonly rssMiB: number;
  readonly heapMiB: number;
}

function now(): Memory {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rssMiB: rss / 2 ** 20, heapMiB: (heapUsed + external) / 2 ** 20 };
}

function framesAsked(): number {
  const at = process.argv.indexOf('--frames');
  return at < 0 ? 1000 : Math.max(1, Number(process.argv[at + 1]) || 1000);
}

export async function memory(): Promise<Row[]> {
  const frames = await makeFrames(SIDE, 64);
  const eyes = await Eyes.open();
  const count = framesAsked();
  const files = [...frames.files.jpeg, ...frames.files.png, ...frames.files.tiff];
  const look = async (from: number, to: number) => {
    for (let id = from; id < to; id++) await eyes.frame(files[id % files.length], id % 65_536);
  };
  await look(0, WARM_UP);
  const before = now();
  await look(WARM_UP, WARM_UP + count);
  const after = now();
  await eyes.close();
  frames.remove();
  const [rss, heap] = [after.rssMiB - before.rssMiB, after.heapMiB - before.heapMiB];
  const show = ({ rssMiB, heapMiB }: Memory) =>
    `${rssMiB.toFixed(0)} MiB resident, ${heapMiB.toFixed(1)} MiB heap`;
  return [
    {
      what: `memory after ${count} frames of ${SIDE}² in three formats${globalThis.gc ? '' : ' (without --expose-gc)'}`,
      value: show(after),
      yardstick: `after ${WARM_UP} frames of warm-up`,
      yardstickValue: show(before),
      ratio: `${rss >= 0 ? '+' : ''}${rss.toFixed(1)} MiB resident, ${heap >= 0 ? '+' : ''}${heap.toFixed(1)} MiB heap`,
      promise: `flat over 10,000 frames (± ${MOST_MIB} MiB)`,
      kept: count < 10_000 ? undefined : rss <= MOST_MIB && heap <= MOST_MIB,
    },
  ];
}
