/** The Python side of the eyes bench, as a process that answers tasks. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { projectRoot } from '../../../fsw/root';
import { MODELS } from './pipeline';

export interface PeerRun {
  readonly wall: number;
  readonly processor: number;
  /** Base64, a byte a tile. */
  readonly classes: string;
  readonly packed: number;
}

/** A Python that has what the peer imports, or why there is none. */
export function findPython(): { readonly python: string } | { readonly reason: string } {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const tried = [process.env.PERIGEE_PYTHON, join(cache, 'perigee', 'torch', 'bin', 'python')];
  for (const python of tried)
    if (python !== undefined && existsSync(python)) {
      const { status, stderr } = spawnSync(python, ['-c', 'import PIL, numpy, onnxruntime'], {
        encoding: 'utf8',
      });
      if (status === 0) return { python };
      return { reason: `${python}: ${stderr.trim().split('\n').at(-1)}` };
    }
  return { reason: 'no Python with Pillow, numpy and onnxruntime (PERIGEE_PYTHON names one)' };
}

/** All numerical libraries on one thread. */
const ONE_THREAD = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };

export class Peer {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;

  constructor(python: string) {
    const script = join(projectRoot, 'hwtests', 'bench', 'eyes', 'peer.py');
    this.child = spawn(python, [script, MODELS], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...ONE_THREAD },
    });
    if (this.child.stdout === null) throw new Error('the peer has no output');
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /** Finds the batch size that is fastest for it. */
  async tune(files: readonly string[]): Promise<{ batch: number; versions: string }> {
    return (await this.ask({ tune: files })) as { batch: number; versions: string };
  }

  async run(files: readonly string[]): Promise<PeerRun> {
    return (await this.ask({ files })) as PeerRun;
  }

  close(): void {
    this.child.stdin?.end();
  }

  private async ask(task: unknown): Promise<unknown> {
    this.child.stdin?.write(`${JSON.stringify(task)}\n`);
    const { value, done } = await this.lines.next();
    if (done) throw new Error('the Python peer ended');
    return JSON.parse(value);
  }
}

/** Other forms of the surface network, made from the shipped one by `variants.py`; or why there are none. */
export function makeVariants(
  python: string,
  folder: string,
): { readonly fused: string; readonly int8: string } | { readonly reason: string } {
  const script = join(projectRoot, 'hwtests', 'bench', 'eyes', 'variants.py');
  const { status, stderr } = spawnSync(python, [script, MODELS, folder], { encoding: 'utf8' });
  if (status !== 0) return { reason: `${python}: ${stderr.trim().split('\n').at(-1)}` };
  return { fused: join(folder, 'surface-vit-fused.onnx'), int8: join(folder, 'surface-vit-int8.onnx') };
}
