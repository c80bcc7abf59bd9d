import { fail, type Result, succeed } from '../../fsw/errors';

/** What a board's computer is to Node and npm: Linux with glibc, on one of the two processors that Perigee flies on. */
export interface Platform {
  readonly os: 'linux';
  readonly arch: 'x64' | 'arm64';
}

/** By what `uname -m` says. */
const machines: Readonly<Record<string, Platform['arch']>> = { x86_64: 'x64', aarch64: 'arm64' };

/** Errors: DEPLOY_ARCH. */
export function platformOf(system: string, machine: string): Result<Platform> {
  if (system !== 'Linux' || !Object.hasOwn(machines, machine))
    return fail('DEPLOY_ARCH', { machine: `${system} ${machine}`, known: Object.keys(machines).join(', ') });
  return succeed({ os: 'linux', arch: machines[machine] });
}

/** Where the addon of a platform is built, in the checkout and on the board alike. */
export function addonOf({ os, arch }: Platform): string {
  return `build/native/perigee-${os}-${arch}.node`;
}
