/** The Python side of the eyes bench, as a process that answers tasks. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { projectRoot } from '../../../fsw/root';
import { venv } from '../../interop/venv';
import { MODELS } from './pipeline';

export interface PeerRun {
  readonly wall: number;
  readonly processor: number;
  /** Base64, a byte a tile. */
  readonly classes: string;
  readonly packed: number;
}

/** onnxruntime is the very release that flies, so that the sides differ in what is around it. */
const PACKAGES = ['numpy==2.4.6', 'onnxruntime==1.30.0', 'pillow==13.0.0'];

/** A Python that has what the peer imports, made on first use, or why there is none. */
export function findPython(): { readonly python: string } | { readonly reason: string } {
  const made = venv('eyes', PACKAGES);
  return 'absent' in made ? { reason: made.absent } : made;
}

/** All numerical libraries on one thread. */
const ONE_THREAD = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };

export class Peer {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;

  /** `ending` of the networks' names: which of their forms it runs. */
  constructor(python: string, ending: string) {
    const script = join(projectRoot, 'hwtests', 'bench', 'eyes', 'peer.py');
    this.child = spawn(python, [script, MODELS, `cloud-screener${ending}`, `surface-vit${ending}`], {
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
