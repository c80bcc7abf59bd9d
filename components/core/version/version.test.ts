import { describe, expect, it } from 'vitest';
import { bench } from '../../../fsw/framework/testing';
import { version } from './version';

describe('version', () => {
  it('PGE-VER-001: says at boot which version flies and which dictionary it speaks', async () => {
    const b = await bench(version, { config: { version: '1.2.3' } });
    expect(b.events).toMatchObject([
      { name: 'Booted', severity: 'activity-high', args: { version: '1.2.3' } },
    ]);
    expect(b.events[0].args.dictionaryHash).toMatch(/^[0-9a-f]{16}$/);
  });

  it('PGE-VER-002: has both in telemetry', async () => {
    const b = await bench(version, { config: { version: '1.2.3' } });
    expect(b.telemetry.FrameworkVersion).toBe('1.2.3');
    expect(b.telemetry.DictionaryHash).toBe(b.events[0].args.dictionaryHash);
  });

  it('PGE-VER-003: says it again on command, and not that it booted again', async () => {
    const b = await bench(version, { config: { version: '1.2.3' } });
    b.command('VERSION');
    expect(b.events.map(({ name }) => name)).toEqual(['Booted', 'VersionReported']);
    expect(b.events[1].args).toEqual(b.events[0].args);
    expect(b.responses).toMatchObject([{ status: 'OK' }]);
  });

  it('PGE-VER-004: does not boot without a version, or with one that is too long', async () => {
    await expect(bench(version)).rejects.toThrow('config key version has no default');
    await expect(bench(version, { config: { version: 'x'.repeat(21) } })).rejects.toThrow('longer than 20');
  });
});
