/** The launcher as `perigee` starts it: a process of its own that speaks in messages. */
import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { LaunchOptions, Message } from '../../fsw/launch';
import { projectRoot } from '../../fsw/root';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'perigee-launch-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function launch(verb: string, mission: string, options: LaunchOptions = {}) {
  const child = fork(join(projectRoot, 'fsw/launch.ts'), [verb, mission, JSON.stringify(options)], {
    execArgv: ['-r', 'ts-node/register/transpile-only'],
    cwd: projectRoot,
    env: { ...process.env, TS_NODE_PROJECT: join(projectRoot, 'tsconfig.json') },
  });
  const messages: Message[] = [];
  child.on('message', (message) => messages.push(message as Message));
  const code = await new Promise<number | null>((done) => child.on('exit', done));
  return { code, messages, last: messages.at(-1) };
}

describe('the launcher', () => {
  it('flies a mission, tells its progress, and leaves the report with the host apart', async () => {
    const out = folder();
    const { code, messages, last } = await launch('fly', 'earth-watch', { orbits: 0.05, seed: 3, out });
    expect(code).toBe(0);
    expect(messages.filter(({ type }) => type === 'progress')).toHaveLength(100);
    expect(last).toMatchObject({ type: 'summary', file: join(out, 'report.json'), report: { seed: 3 } });
    expect(last).toMatchObject({ page: join(out, 'report.html') });
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('<title>Perigee: earth-watch');
    const report = readFileSync(join(out, 'report.json'), 'utf8');
    expect(JSON.parse(report)).toMatchObject({ mission: 'earth-watch', orbits: 0.05 });
    expect(report).not.toContain('wallS');
    expect(JSON.parse(readFileSync(join(out, 'host.json'), 'utf8'))).toHaveProperty('wallS');
  });

  it('writes the dictionary and draws the topology', async () => {
    const dictionary = await launch('dictionary', 'earth-watch');
    const text = dictionary.last?.type === 'text' ? dictionary.last.text : '';
    expect(JSON.parse(text)).toMatchObject({
      deployment: 'EarthWatch',
      hash: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
    expect(await launch('topology', 'earth-watch', { format: 'svg' })).toMatchObject({
      code: 0,
      last: { text: expect.stringContaining('<svg') },
    });
  });

  it.each([
    ['an unknown mission', 'erth-watch', {}, 'MISSION_UNKNOWN', 'did you mean earth-watch?'],
    ['an unknown board', 'earth-watch', { board: 'moon' }, 'BOARD_UNKNOWN', 'known: sim'],
    [
      'a config file that is not there',
      'earth-watch',
      { config: '/nowhere.json' },
      'CONFIG_FILE',
      'there is no such file',
    ],
    ['radiation that is no factor', 'earth-watch', { radiation: 'lots' }, 'RADIATION_FACTOR', 'x10000'],
    [
      'a target that radiation cannot hit',
      'earth-watch',
      { radiation: 'x1', radiationTargets: 'crew' },
      'RADIATION_TARGETS',
      'known: store, golden',
    ],
    [
      'radiation on a board that is not simulated',
      'earth-watch',
      { board: 'flight', radiation: 'x1' },
      'RADIATION_BOARD',
      'board flight is not simulated',
    ],
  ])('refuses %s, changes nothing and exits 1', async (_, mission, options, code, says) => {
    const out = join(folder(), 'out');
    const flight = await launch('fly', mission, { ...options, out });
    expect(flight.code).toBe(1);
    expect(flight.last).toMatchObject({
      type: 'failed',
      faults: [{ code, text: expect.stringContaining(says) }],
    });
    expect(existsSync(join(out, 'report.json'))).toBe(false);
  });

  it.each([
    ['is not JSON', '{ "camera": ', 'CONFIG_FILE'],
    ['is not an object of objects', '{ "camera": 5 }', 'CONFIG_FILE'],
    ['misspells a key', '{ "camera": { "PeroidS": 5 } }', 'CONFIG_UNKNOWN_KEY'],
    ['gives a value out of range', '{ "camera": { "PeriodS": -5 } }', 'TYPE_RANGE'],
  ])('refuses a config file that %s', async (_, text, code) => {
    const out = folder();
    const config = join(out, 'config.json');
    writeFileSync(config, text);
    const flight = await launch('fly', 'earth-watch', { config, out, orbits: 0.01 });
    expect(flight.code).toBe(1);
    expect(flight.last).toMatchObject({ type: 'failed', faults: [{ code }] });
  });
});
