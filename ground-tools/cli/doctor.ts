import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { native } from '../../native/addon';
import { memoryErrors } from '../../native/edac';
import { type Context, exit } from './context';
import { gpuLines } from './gpuLines';
import { paint } from './screen';

/** What ground-tools/bin/host.mjs exports. */
interface Host {
  findTools(): { name: string; found?: string; without: string }[];
}

/** Prints a line for each thing that matters here: that it is there, or what happens without it. Nothing below Node is required. */
export async function doctor({ root, out }: Context): Promise<number> {
  const line = (there: boolean, name: string, text: string) => {
    const mark = paint(out, there ? 'green' : 'yellow', there ? 'yes' : 'no ');
    out.write(`${mark}  ${name.padEnd(22)}${text}\n`);
  };
  line(true, 'Node', `${process.version}, ${process.platform} ${process.arch}`);
  for (const { name, works } of providers(root))
    line(works, `inference on ${name}`, works ? 'loads a model' : 'does not load here');
  const host = (await import(pathToFileURL(join(root, 'ground-tools/bin/host.mjs')).href)) as Host;
  for (const { name, found, without } of host.findTools())
    line(found !== undefined, name, found ?? `not found: ${without}`);
  if (native.addon) line(true, 'native kernels', `${native.addon.simd()}, ${native.file}`);
  else line(false, 'native kernels', `TypeScript does their work: ${native.reason}`);
  const errors = memoryErrors();
  if (errors === undefined) line(false, 'EDAC', 'not present: this computer counts no memory errors');
  else
    line(
      true,
      'EDAC',
      `${errors.corrected} corrected, ${errors.uncorrected} uncorrected memory errors, by ${errors.counters} counters`,
    );
  const { there, text } = realTime();
  line(there, 'real-time threads', text);
  for (const { there, name, text } of await gpuLines(root)) line(there, name, text);
  return exit.ok;
}

/** Whether the clock's thread may go ahead of every ordinary one. */
function realTime(): { there: boolean; text: string } {
  if (native.addon === undefined)
    return { there: false, text: "the host's timers tick: there are no native kernels" };
  const refused = native.addon.fifoRefused();
  return refused === null
    ? { there: true, text: 'SCHED_FIFO is permitted' }
    : {
        there: false,
        text: `${refused}; needs CAP_SYS_NICE or an rtprio limit, the native clock ticks without`,
      };
}

/** Each execution provider that onnxruntime names, tried by loading a model on it. */
function providers(root: string): { name: string; works: boolean }[] {
  const { status, stdout } = spawnSync(process.execPath, [join(root, 'ground-tools/bin/providers.mjs')], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (status !== 0) return [{ name: 'onnxruntime', works: false }];
  return JSON.parse(stdout) as { name: string; works: boolean }[];
}
