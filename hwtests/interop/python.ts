import { describe } from 'vitest';
import type { MaybeVenv, Venv } from './venv';

export { type MaybeVenv, type Venv, venv } from './venv';

/** As `describe`; without the environment, the suite is skipped by its name, and the reason is printed. */
export function describeWith(environment: MaybeVenv, title: string, body: (venv: Venv) => void): void {
  if ('absent' in environment) {
    console.warn(`SKIPPED ${title}: ${environment.absent}`);
    describe.skip(`${title} (skipped: ${environment.absent})`, () => body({ python: '', bin: '' }));
  } else describe(title, () => body(environment));
}
