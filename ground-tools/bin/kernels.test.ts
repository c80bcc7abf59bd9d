import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../fsw/root';

interface Kernels {
  resultsIn(text: string): { passed: number; failed: number; skipped: number };
}
const kernels = (): Promise<Kernels> =>
  import(pathToFileURL(join(projectRoot, 'ground-tools/bin/kernels.mjs')).href) as Promise<Kernels>;

describe('the tests of the Rust kernels', () => {
  it('are counted over all test programs that cargo ran', async () => {
    const { resultsIn } = await kernels();
    const said = `
running 12 tests
.......F....
test result: FAILED. 10 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.04s

running 2 tests
test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.00s
`;
    expect(resultsIn(said)).toEqual({ passed: 12, failed: 1, skipped: 1 });
  });

  it('are none where cargo built nothing', async () => {
    const { resultsIn } = await kernels();
    expect(resultsIn('error: could not compile `perigee-kernels`')).toEqual({
      passed: 0,
      failed: 0,
      skipped: 0,
    });
  });
});
