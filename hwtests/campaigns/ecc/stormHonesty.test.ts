import { describe, expect, it, vi } from 'vitest';
import type * as Repair from '../../../components/payload/modelStore/repair';
import { ecc } from '../../../native/ecc';
import { faultStorm } from './storm';

/** A repair that is wrong in one page, and seals it with a fresh CRC. */
vi.mock('../../../components/payload/modelStore/repair', async (original) => {
  const real = await original<typeof Repair>();
  return {
    ...real,
    scrubNow: (...[region, golden]: Parameters<typeof Repair.scrubNow>) => {
      const found = real.scrubNow(region, golden);
      region.protected.pages[5000] ^= 1;
      ecc.protect(region.protected, 1, 1);
      return found;
    },
  };
});

describe('the comparison of the fault storm', () => {
  it('fails where a repair is wrong and nothing says so', async () => {
    const weights = new Uint8Array(50_000).fill(7);
    const result = await faultStorm({ weights, faults: 20, seed: 1, command: 'test', tell: () => undefined });
    expect(result.silent).toBeGreaterThan(0);
    expect(result.wrongRepairs).toBeGreaterThan(0);
  });
});
