import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../fsw/root';
import { demo, rawBytes, withChannel } from '../dictionary/testDictionary';
import { fakeLauncher, wholeFlight } from './fakeLauncher';
import { run } from './program';

/** Runs `perigee ...argv` beside a fake launcher; returns what it said. */
async function perigee(argv: string[], script = wholeFlight, root = projectRoot) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(argv, {
    root,
    launcher: fakeLauncher(script),
    out: { write: (text) => out.push(text) },
    err: { write: (text) => err.push(text) },
  });
  return { code, out: out.join(''), err: err.join('') };
}
const temporary = () => mkdtempSync(join(tmpdir(), 'perigee-cli-'));

describe('perigee fly', () => {
  it('shows a line for each tenth of the flight, then the summary', async () => {
    const { code, out, err } = await perigee([
      'fly',
      'earth-watch',
      '--orbits',
      '1',
      '--seed',
      '7',
      '--out',
      '/tmp/x',
    ]);
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out.split('\n').filter((line) => line.startsWith('orbit 1/1 '))).toHaveLength(11);
    expect(out).toContain('310 captured, 120 kept, 90 clouded, 100 dark');
    expect(out).toContain('1.2 GB seen, 98.8 kB sent down: 12,500.1 to 1');
    expect(out).toContain('25.3 min median, 48.3 min p99');
    expect(out).toContain('cloud 97.3 %, water not judged');
    expect(out).toContain('3 over Svalbard, Awarua');
    expect(out).toContain('7, dictionary 0123456789abcdef');
    expect(out).toContain('/report.json');
  });

  it('stays within 80 columns', async () => {
    const { out } = await perigee(['fly', 'earth-watch', '--out', '/tmp/x']);
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThan(80);
  });

  it('hands its options to the launcher, with paths made absolute', async () => {
    const config = join(temporary(), 'config.json');
    writeFileSync(config, '{ "camera": {} }');
    const script = `tell({ type: 'failed', faults: [{ code: 'X', text: JSON.stringify({ verb, mission, ...options }) }] });`;
    const { err } = await perigee(
      ['fly', 'star-watch', '--orbits', '0.5', '--board', 'flight', '--config', config],
      script,
    );
    expect(JSON.parse(err.slice(err.indexOf('{'), err.lastIndexOf('}') + 1))).toEqual({
      verb: 'fly',
      mission: 'star-watch',
      orbits: 0.5,
      board: 'flight',
      config,
      out: join(process.cwd(), 'out'),
    });
  });

  it('exits 1 and prints the coded faults when the flight fails', async () => {
    const script = `tell({ type: 'failed', faults: [{ code: 'MODEL_HASH', text: 'the model is not what it was' }] }); process.exitCode = 1;`;
    const { code, err } = await perigee(['fly', 'earth-watch'], script);
    expect(code).toBe(1);
    expect(err).toBe('failed  the model is not what it was  [MODEL_HASH]\n');
  });

  it('exits 2 when the launcher finds the command line wrong', async () => {
    const script = `tell({ type: 'failed', faults: [{ code: 'BOARD_UNKNOWN', text: 'there is no board x' }] }); process.exitCode = 1;`;
    expect((await perigee(['fly', 'earth-watch', '--board', 'x'], script)).code).toBe(2);
  });

  it('exits 1 when the launcher dies without a word, and says so', async () => {
    const { code, err } = await perigee(['fly', 'earth-watch'], 'process.exit(9);');
    expect(code).toBe(1);
    expect(err).toContain('the flight ended without a report (exit code 9)');
  });

  it.each([
    [['fly', 'earth-wach'], 'Did you mean earth-watch?'],
    [['fly', 'earth-watch', '--orbit', '1'], 'Did you mean --orbits?'],
    [['fli', 'earth-watch'], 'Did you mean fly?'],
    [['fly'], "missing required argument 'mission'"],
    [['fly', 'earth-watch', '--seed', 'seven'], 'It must be a whole number'],
    [['fly', 'earth-watch', '--orbits', '-1'], 'It must be a number above 0'],
    [['fly', 'earth-watch', '--config', 'nowhere.json'], 'no such file'],
  ])('exits 2 on %j and says what is meant', async (argv, hint) => {
    const { code, out, err } = await perigee(argv);
    expect(err).toContain(hint);
    expect(code).toBe(2);
    expect(out).toBe('');
  });
});

describe('perigee topology and dictionary', () => {
  const script = `tell({ type: 'text', text: [verb, mission, options.format].join(' ') });`;

  it('print what the launcher says', async () => {
    expect(await perigee(['topology', 'earth-watch'], script)).toMatchObject({
      code: 0,
      out: 'topology earth-watch mermaid\n',
    });
    expect((await perigee(['dictionary', 'earth-watch'], script)).out).toBe('dictionary earth-watch \n');
  });

  it('convert the dictionary to what F´ GDS and Yamcs take, and refuse another format', async () => {
    const script_ = `tell({ type: 'text', text: ${JSON.stringify(JSON.stringify(demo))} });`;
    const fprime = await perigee(['dictionary', 'earth-watch', '--format', 'fprime'], script_);
    expect(JSON.parse(fprime.out).metadata.projectVersion).toMatch(/^\d+\.\d+\.\d+\+[0-9a-f]{16}$/);
    const xtce = await perigee(['dictionary', 'earth-watch', '--format', 'xtce'], script_);
    expect(xtce.out).toContain('<SpaceSystem ');
    expect((await perigee(['dictionary', 'earth-watch', '--format', 'csv'])).code).toBe(2);
  });

  it('say which entries have no form in the format asked for', async () => {
    const script_ = `tell({ type: 'text', text: ${JSON.stringify(JSON.stringify(withChannel(rawBytes)))} });`;
    const { code, err } = await perigee(['dictionary', 'earth-watch', '--format', 'fprime'], script_);
    expect(code).toBe(1);
    expect(err).toContain('Odd.odd.Odd');
  });

  it('write to files', async () => {
    const folder = temporary();
    const [svg, mermaid] = [join(folder, 'a.svg'), join(folder, 'a.mmd')];
    await perigee(['topology', 'earth-watch', '--svg', svg, '--mermaid', mermaid], script);
    expect(readFileSync(svg, 'utf8')).toBe('topology earth-watch svg\n');
    expect(readFileSync(mermaid, 'utf8')).toBe('topology earth-watch mermaid\n');
  });

  it('exit 1 when the file cannot be written', async () => {
    const { code, err } = await perigee(
      ['dictionary', 'earth-watch', '-o', '/no/such/folder/d.json'],
      script,
    );
    expect(code).toBe(1);
    expect(err).toContain('/no/such/folder/d.json');
  });
});

describe('perigee', () => {
  it('has help for every command within 80 columns', async () => {
    for (const argv of [
      ['--help'],
      ['fly', '--help'],
      ['topology', '--help'],
      ['new', 'component', '--help'],
    ]) {
      const { code, out } = await perigee(argv);
      expect(code).toBe(0);
      expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    }
  });

  it('says in `doctor` which providers load a model, one line each', async () => {
    const { code, out } = await perigee(['doctor']);
    expect(code).toBe(0);
    expect(out).toMatch(/^yes +inference on cpu +loads a model$/m);
    for (const name of ['Node', 'Rust', 'Python', 'CUDA', 'native kernels', 'real-time threads', 'EDAC'])
      expect(out.split('\n').filter((line) => line.slice(5).startsWith(name))).toHaveLength(1);
  });

  it('refuses a new component whose path is not room/name', async () => {
    const root = temporary();
    expect(await perigee(['new', 'component', '../evil'], '', root)).toMatchObject({ code: 2 });
    expect(existsSync(join(root, 'components'))).toBe(false);
  });
});
