import { resolve } from 'node:path';
import type { HeaderMask } from '../../fsw/protocols/sdls';
import { type Context, exit } from '../cli/context';
import { missionDictionary } from '../cli/missionDictionary';
import { initYamcs } from './init';
import { type YamcsOptions, yamcsDefaults } from './instance';
import { readLinkKeys } from './keys';

export interface YamcsInitOptions {
  readonly mission: string;
  readonly instance?: string;
  readonly httpPort?: number;
  readonly tmPort?: number;
  readonly tcPort?: number;
  readonly tcHost?: string;
  readonly keys?: string;
  readonly headerMask: HeaderMask;
  readonly onboardTime?: true;
}

/** `perigee yamcs init`. */
export async function yamcsInit(
  context: Context,
  dir: string,
  { mission, instance = mission, keys: folder, headerMask, onboardTime, ...ports }: YamcsInitOptions,
  version: string,
): Promise<number> {
  const { out, err } = context;
  const keys = folder === undefined ? undefined : readLinkKeys(folder);
  if (keys?.ok === false) {
    err.write(`error: ${keys.error.text}\n`);
    return exit.usage;
  }
  const dictionary = await missionDictionary(context, mission);
  if (dictionary === undefined) return exit.failed;
  const options: YamcsOptions = {
    ...yamcsDefaults,
    ...ports,
    instance,
    dir: resolve(dir),
    time: onboardTime ? 'onboard' : 'reception',
    ...(keys && { security: { ...keys.value, mask: headerMask } }),
  };
  const made = initYamcs(options, mission, dictionary, version);
  if (!made.ok) {
    err.write(`error: ${made.error.text}\n`);
    return exit.failed;
  }
  for (const file of made.value) out.write(`${dir}/${file}\n`);
  out.write(`link security ${keys ? 'on' : 'OFF: no --keys'}; how to start it: ${dir}/README.md\n`);
  return exit.ok;
}
