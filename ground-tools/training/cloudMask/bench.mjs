// The cloud screener in onnxruntime-node, one thread: `node bench.mjs MODELS TILES`. Prints CPU seconds a megapixel, least of 5.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const [folder, count] = [process.argv[2], Number(process.argv[3])];
const session = await InferenceSession.create(new Uint8Array(readFileSync(join(folder, 'cloud-mask.onnx'))), {
  externalData: [
    {
      path: 'cloud-mask.safetensors',
      data: new Uint8Array(readFileSync(join(folder, 'cloud-mask.safetensors'))),
    },
  ],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
});
const tiles = Float32Array.from({ length: count * 6 * 96 * 96 }, (_, i) => ((i * 2654435761) % 997) / 997);
const input = new Tensor('float32', tiles, [count, 6, 96, 96]);
const seconds = [];
for (let i = 0; i < 6; i++) {
  const before = process.cpuUsage();
  await session.run({ reflectance: input });
  const { user, system } = process.cpuUsage(before);
  seconds.push((user + system) / 1e6 / ((count * 96 * 96) / 1e6));
}
console.log(Math.min(...seconds.slice(1)));
