import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { forgeries } from './forger';
import { fuzzLink } from './linkFuzz';

const FRAMES = 200_000;

describe('the secured receiver under attack', () => {
  it('accepts none of 200,000 forged, altered and replayed frames, not after a reboot either, and obeys every genuine one', () => {
    setFlagsFromString('--expose-gc');
    globalThis.gc ??= runInNewContext('gc');
    const report = fuzzLink({ frames: FRAMES, seed: 1, rebootEvery: 5000 });
    expect(report).toMatchObject({ accepted: 0, crashes: 0, reboots: FRAMES / 5000 });
    expect(report.obeyed).toBe(report.genuine);
    expect(report.genuine).toBe(64 + FRAMES / 5000);
    // Every kind was sent, and each reason of refusal was met.
    for (const kind of Object.keys(forgeries)) expect(report.sent[kind]).toBeGreaterThan(FRAMES / 30);
    for (const code of ['SDLS_MAC', 'SDLS_REPLAY', 'SDLS_SPI', 'SDLS_SHORT'] as const)
      expect(report.refused[code]).toBeGreaterThan(1000);
    expect(report.heapGrowth).toBeLessThan(2e6);
  }, 120_000);
});
