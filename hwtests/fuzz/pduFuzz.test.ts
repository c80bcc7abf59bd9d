import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { pduForgeries } from './pduForger';
import { fuzzPdus } from './pduFuzz';

const PDUS = 200_000;

describe('a CFDP entity under attack', () => {
  it('survives 200,000 random and altered PDUs: none misread, nothing outside of its folder, memory flat', () => {
    setFlagsFromString('--expose-gc');
    globalThis.gc ??= runInNewContext('gc');
    const report = fuzzPdus({ pdus: PDUS, seed: 1 });
    expect(report).toMatchObject({
      ...{ misread: 0, misreadFirst: [], crashes: 0, crashFirst: [] },
      ...{ escapes: 0, badAnswers: 0, overfull: 0 },
    });
    // It got somewhere: every kind was sent, every kind of PDU was read, and files went over in the midst of it.
    for (const kind of Object.keys(pduForgeries)) expect(report.sent[kind]).toBeGreaterThan(PDUS / 40);
    for (const kind of ['metadata', 'file-data', 'eof', 'finished', 'ack', 'nak', 'prompt', 'keep-alive'])
      expect(report.decoded[kind]).toBeGreaterThan(1000);
    for (const code of ['CFDP_TRUNCATED', 'CFDP_LENGTH', 'CFDP_VALUE', 'CFDP_CRC', 'CFDP_RANGE'] as const)
      expect(report.refused[code]).toBeGreaterThan(100);
    expect(Math.min(report.filesSent, report.filesReceived)).toBeGreaterThan(100);
    expect(report.answers).toBeGreaterThan(1000);
    expect(report.memoryGrowth).toBeLessThan(3e6);
  }, 120_000);
});
