import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type CudaPlaces, cudaDevice, fatbinFile, openCuda } from '../../native/cuda';
import { type TensorRtPlaces, tensorRtVersion } from '../../native/tensorrt';

/** A line of `perigee doctor`. */
export interface Line {
  readonly there: boolean;
  readonly name: string;
  readonly text: string;
}

/** What CUDA and TensorRT are on this machine, each tried, or why not. */
export async function gpuLines(root: string, places: TensorRtPlaces = {}): Promise<Line[]> {
  return [deviceLine(places), await kernelsLine(root, places), tensorRtLine(places)];
}

function deviceLine(places: CudaPlaces): Line {
  const device = cudaDevice(places);
  if (!device.ok) return { there: false, name: 'GPU device', text: device.error.text };
  const { name, capability, memoryBytes, driverVersion, integrated } = device.value;
  const memory = `${(memoryBytes / 2 ** 30).toFixed(1)} GiB${integrated ? ' shared with the processor' : ''}`;
  const driver = `${Math.floor(driverVersion / 1000)}.${(driverVersion % 1000) / 10}`;
  return {
    there: true,
    name: 'GPU device',
    text: `${name}, compute capability ${capability}, ${memory}, driver for CUDA ${driver}`,
  };
}

async function kernelsLine(root: string, places: CudaPlaces): Promise<Line> {
  const line = (there: boolean, text: string) => ({ there, name: 'GPU kernels', text });
  const file = places.fatbin ?? join(root, fatbinFile);
  if (!existsSync(file)) return line(false, 'not built (npm run setup:cuda): the processor does their work');
  const cuda = openCuda({ ...places, fatbin: file });
  if (!cuda.ok) return line(false, `built, not run: ${cuda.error.text}`);
  const { code } = cuda.value;
  await cuda.value.close();
  return line(true, code === 'fatbin' ? file : `${file}: compiled from its PTX by the driver`);
}

function tensorRtLine(places: TensorRtPlaces): Line {
  const found = tensorRtVersion(places);
  if (!found.ok) return { there: false, name: 'TensorRT shim', text: found.error.text };
  const { version, headers, builds } = found.value;
  const text = `libnvinfer ${version}, shim for ${headers}${builds ? '' : ', opens plans and builds none'}`;
  return { there: true, name: 'TensorRT shim', text };
}
