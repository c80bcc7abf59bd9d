/** `perigee products`: pictures and maps into a folder, each better with every layer that comes. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeWholeFile } from '../../fsw/wholeFile';
import { ProductFiles } from '../products/productFiles';
import { type Context, exit } from './context';
import { complain, follow, type GroundOptions, withGateway } from './ground';

export interface ProductsOptions extends GroundOptions {
  readonly out: string;
  readonly seconds?: number;
}

/** Follows the products that come down, until Ctrl-C or `seconds`. */
export function products(context: Context, options: ProductsOptions): Promise<number> {
  const { out: folder, seconds, json } = options;
  mkdirSync(folder, { recursive: true });
  const files = new ProductFiles();
  return withGateway(context, options, async (client) => {
    client.onMessage((message) => {
      if (message.type !== 'records' || !message.name.endsWith('.Chunk')) return;
      for (const record of message.records) {
        const file = files.add(record as Readonly<Record<string, unknown>>);
        if (!file.ok) complain(context, file.error, json);
        else if (file.value !== undefined) {
          const { name, bytes, wholeLayers, layers } = file.value;
          writeWholeFile(join(folder, name), bytes);
          const line = { file: name, bytes: bytes.length, layer: wholeLayers, layers };
          const text = json
            ? JSON.stringify(line)
            : `${name}: layer ${wholeLayers} of ${layers}, ${bytes.length} bytes`;
          context.out.write(`${text}\n`);
        }
      }
    });
    const subscribed = await client.subscribe('json', ['records']);
    if (!subscribed.ok) {
      complain(context, subscribed.error, json);
      return exit.linkDown;
    }
    return follow(context, client, options, seconds && seconds * 1000);
  });
}
