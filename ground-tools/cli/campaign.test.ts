import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { run } from './program';
import { summaryOf } from './summary';

/** Runs `perigee ...argv` in a tree whose campaign `name` is `program`, if any. */
async function perigee(argv: string[], program?: string, name = 'ecc') {
  const tree = mkdtempSync(join(tmpdir(), 'perigee-campaign-'));
  onTestFinished(() => rmSync(tree, { recursive: true, force: true }));
  const folder = join(tree, 'hwtests/campaigns', name);
  mkdirSync(folder, { recursive: true });
  if (program !== undefined) writeFileSync(join(folder, 'run.js'), program);
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(argv, {
    root: tree,
    launcher: join(tree, 'fsw/launch.js'),
    out: { write: (text) => out.push(text) },
    err: { write: (text) => err.push(text) },
  });
  return { code, out: out.join(''), err: err.join('') };
}

describe('perigee campaign', () => {
  it('starts the campaign as a process with its own options, and passes on what it says and how it ends', async () => {
    const program = `console.log(process.argv.slice(2).join(' ')); console.error('oh'); process.exitCode = 1;`;
    const ran = await perigee(['campaign', 'ecc', '--faults', '10', '--seed', '3', '--help'], program);
    expect(ran).toEqual({ code: 1, out: '--faults 10 --seed 3 --help\n', err: 'oh\n' });
  });

  it('exits 2 where campaigns were not deployed, or for one that there is not', async () => {
    const missing = await perigee(['campaign', 'ecc']);
    expect(missing.code).toBe(2);
    expect(missing.err).toContain('it comes with the project');
    expect((await perigee(['campaign', 'ecg'])).code).toBe(2);
  });
});

describe('perigee federation', () => {
  const program = `console.log(process.argv.slice(2).join(' '));`;

  it('starts the experiment with its options', async () => {
    const ran = await perigee(
      ['federation', '--satellites', '2', '--no-flower', '--help'],
      program,
      'federation',
    );
    expect(ran).toEqual({ code: 0, out: '--satellites 2 --no-flower --help\n', err: '' });
  });

  it('has the gateway beside it', async () => {
    const ran = await perigee(['federation', 'gateway'], program, 'federation');
    expect(ran.code).toBe(2);
    expect(ran.err).toContain('--superlink');
  });
});

describe('the summary of a flight under radiation', () => {
  it('says what was hit and healed, and which detections came down, within 80 columns', () => {
    const report = {
      detections: 27,
      detectionsSha256: '30717aee0897b905'.repeat(4),
      radiation: {
        factor: 10_000,
        hits: {
          store: { hits: 4433 },
          golden: { hits: 7730 },
          runtime: { hits: 6579 },
          parameters: { hits: 116 },
        },
        healed: {
          storeBitsBySecded: 21_279,
          storePagesByParity: 3,
          storePagesByGolden: 4,
          resultsSuspect: 44,
          resultsRedone: 44,
        },
      },
    };
    const lines = summaryOf(report, 'out/report.json', { write: () => true }).split('\n');
    expect(lines).toContain('  detections  27, sha256 30717aee0897…');
    expect(lines).toContain(
      '  radiation   x10,000: store 4,433, golden 7,730, runtime 6,579, parameters 116',
    );
    expect(lines).toContain('  healed      21,279 bits, 7 pages, 0 lost; 44 suspect, 44 redone');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(80);
  });
});
