/** What else is on this machine: tools that some rooms of the house can use, and none needs in order to fly. */
import { spawnSync } from 'node:child_process';

const python = process.platform === 'win32' ? 'python' : 'python3';

const optionalTools = [
  {
    name: 'Rust',
    command: ['cargo', '--version'],
    without: 'TypeScript does the work of the native kernels',
  },
  { name: 'Python', command: [python, '--version'], without: 'needed only to train the models again' },
  {
    name: 'GStreamer',
    command: ['gst-launch-1.0', '--version'],
    without: 'no USB or CSI camera; frames come from the simulator or folders of pictures',
  },
  {
    name: 'CUDA',
    command: ['nvidia-smi', '--query-gpu=name,driver_version', '--format=csv,noheader'],
    without: 'inference runs on the CPU',
  },
];

/** Each optional tool with the version that it states, or undefined when it isn't there. */
export function findTools() {
  return optionalTools.map(({ name, command: [program, ...args], without }) => {
    const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', timeout: 10_000 });
    return { name, found: status === 0 ? stdout.trim().split('\n')[0] : undefined, without };
  });
}

/** One line for each optional tool that isn't there. */
export function missingTools() {
  return findTools()
    .filter(({ found }) => found === undefined)
    .map(({ name, without }) => `${name} not found: ${without}.`);
}
