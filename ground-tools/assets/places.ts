import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Asset } from './catalogue';
import { type AssetHost, assetCache, dataFolders } from './host';

/** An asset's folder in the cache, whether it is there or not: `<package>-<version>`; none for what can't be pulled. */
export function cacheFolderOf({ name, source }: Asset, host: AssetHost): string | undefined {
  if (source.kind === 'byHand') return undefined;
  const title = source.kind === 'hub' ? name : source.package.replace('/', '+');
  return join(assetCache(host), `${title}-${source.version}`);
}

/** The folder in which the asset lies, by its witness: what `PERIGEE_DATA` names, the cache, npm's packages, the neighbour. */
export function findAsset(asset: Asset, host: AssetHost): string | undefined {
  const { before, after } = dataFolders(host);
  const packages = asset.source.kind === 'npm' ? [join(host.root, 'node_modules', asset.source.package)] : [];
  const cached = cacheFolderOf(asset, host);
  // A folder of data sets may have them as the cache has.
  const within = (folders: readonly string[]) =>
    folders.flatMap((folder) => [folder, ...(cached ? [join(folder, basename(cached))] : [])]);
  const folders = [...within(before), ...(cached ? [cached] : []), ...packages, ...within(after)];
  return folders.find((folder) => existsSync(join(folder, asset.witness)));
}
