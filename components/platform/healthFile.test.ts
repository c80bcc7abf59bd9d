import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { healthFile } from './healthFile';

describe('the health file', () => {
  it('PGE-DRV-030: is made new by a stroke, once a second at most, and is whole', () => {
    const folder = mkdtempSync(join(tmpdir(), 'perigee-health-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'health.json');
    let nowUs = 0;
    const watchdog = healthFile({ file, nowUs: () => nowUs, epochUs: 1e15 });
    const beat = () => JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    expect(existsSync(file)).toBe(false);
    for (nowUs = 0; nowUs < 2_500_000; nowUs += 100_000) watchdog.stroke();
    expect(beat()).toEqual({ at: '2001-09-09T01:46:42.000Z', uptimeS: 2, strokes: 21, pid: process.pid });
    expect(readdirSync(folder)).toEqual(['health.json']);
  });

  it('PGE-DRV-030: is missed, and nothing else, where it cannot be written', () => {
    const watchdog = healthFile({ file: '/no/such/folder/health.json', nowUs: () => 0, epochUs: 0 });
    expect(() => watchdog.stroke()).not.toThrow();
  });
});
