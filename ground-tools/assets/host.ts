/** What the catalogue looks at on this machine; a test gives its own. */
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { assetCache as cacheOf, namedPlaces } from '../../fsw/imagery/dataPlaces';
import { projectRoot } from '../../fsw/root';

export interface AssetHost {
  /** The project's folder. */
  readonly root: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export const thisHost: AssetHost = { root: projectRoot, home: homedir() || tmpdir(), env: process.env };

/** Where assets are pulled to: `${XDG_CACHE_HOME:-~/.cache}/perigee/assets`. */
export function assetCache({ home, env }: AssetHost): string {
  return cacheOf(env, home);
}

/** Folders in which data sets lie unpacked, each in its own: those of `PERIGEE_DATA`, and the project's neighbour. */
export function dataFolders({ root, env }: AssetHost): { before: string[]; after: string[] } {
  return { before: namedPlaces(env), after: [join(root, '../shared/data')] };
}
