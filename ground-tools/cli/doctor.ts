import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Context } from './context';
import { paint } from './screen';

/** What ground-tools/bin/host.mjs exports. */
interface Host {
  findTools(): { name: string; found?: string; without: string }[];
}

/** An ONNX graph of one Identity node, y = x: the least that a provider must load to be called working. */
const identityModel = Buffer.from(
  '08083a370a100a017812017922084964656e746974791201695a0f0a0178120a0a08080112040a020801' +
    '620f0a0179120a0a08080112040a02080142040a00100d',
  'hex',
);

/** Prints one line for each thing that matters here: there, or what happens without it. Always succeeds: nothing below is required. */
export async function doctor({ root, out }: Context): Promise<number> {
  const line = (mark: 'yes' | 'no', name: string, text: string) =>
    out.write(
      `${paint(out, mark === 'yes' ? 'green' : 'yellow', mark.padEnd(4))}${name.padEnd(22)}${text}\n`,
    );
  line('yes', 'Node', `${process.version}, ${process.platform} ${process.arch}`);
  for (const { name, works, why } of await providers()) line(works ? 'yes' : 'no', `inference: ${name}`, why);
  const host = (await import(pathToFileURL(join(root, 'ground-tools/bin/host.mjs')).href)) as Host;
  for (const { name, found, without } of host.findTools())
    line(found ? 'yes' : 'no', name, found ?? `not found: ${without}`);
  const native = existsSync(join(root, 'native/Cargo.toml'));
  line(
    native ? 'yes' : 'no',
    'native kernels',
    native ? 'native/' : 'not written yet: TypeScript does their work',
  );
  return 0;
}

/** Each execution provider that onnxruntime names, tried by loading a model on it alone: with a list, a missing one throws. */
async function providers(): Promise<{ name: string; works: boolean; why: string }[]> {
  const { InferenceSession, listSupportedBackends } = await import('onnxruntime-node');
  return Promise.all(
    listSupportedBackends().map(async ({ name }) => {
      try {
        const session = await InferenceSession.create(identityModel, {
          executionProviders: [name],
          logSeverityLevel: 4,
        });
        await session.release();
        return { name, works: true, why: 'loads a model' };
      } catch (error) {
        return { name, works: false, why: firstLine(error) };
      }
    }),
  );
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0].slice(0, 50);
}
