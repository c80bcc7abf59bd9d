import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { projectRoot } from '../../fsw/root';
import { fakeLauncher } from '../cli/fakeLauncher';
import { run } from '../cli/program';
import { demo } from '../dictionary/testDictionary';

async function perigee(...argv: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(argv, {
    root: projectRoot,
    launcher: fakeLauncher(`tell({ type: 'text', text: ${JSON.stringify(JSON.stringify(demo))} });`),
    out: { write: (text) => out.push(text) },
    err: { write: (text) => err.push(text) },
  });
  return { code, out: out.join(''), err: err.join('') };
}

const temporary = () => mkdtempSync(join(tmpdir(), 'perigee-yamcs-'));
const yaml = (dir: string, name: string) => parse(readFileSync(join(dir, 'etc', name), 'utf8'));

describe('perigee yamcs init', () => {
  it('writes a whole instance, in clear unless it is given keys, and says so', async () => {
    const dir = join(temporary(), 'ground');
    const { code, out, err } = await perigee('yamcs', 'init', dir, '--mission', 'earth-watch');
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('link security OFF');
    expect(readdirSync(dir).sort()).toEqual(['README.md', 'dictionary.json', 'etc', 'mdb']);
    expect(readFileSync(join(dir, 'README.md'), 'utf8')).toContain('**Link security is off**');
    const { dataLinks, mdb } = yaml(dir, 'yamcs.earth-watch.yaml');
    expect(dataLinks.map(({ encryption }: { encryption?: unknown }) => encryption)).toEqual([
      undefined,
      undefined,
    ]);
    for (const { args } of mdb) expect(readFileSync(args.file, 'utf8')).toContain('<SpaceSystem');
  });

  it('listens on this host, and keeps its secret to its owner', async () => {
    const dir = temporary();
    await perigee('yamcs', 'init', dir, '--mission', 'earth-watch', '--http-port', '8123');
    const { services, secretKey } = yaml(dir, 'yamcs.yaml');
    expect(services[0].args).toEqual({ port: 8123, address: '127.0.0.1' });
    expect(secretKey).toMatch(/^[0-9a-f]{64}$/);
    expect(statSync(join(dir, 'etc/yamcs.yaml')).mode & 0o077).toBe(0);
  });

  it('puts keys, numbers and the header mask of the mission on both links', async () => {
    const [dir, keys] = [temporary(), temporary()];
    for (const [i, name] of ['tc-0', 'tc-1', 'tm-0'].entries())
      writeFileSync(join(keys, `${name}.key`), new Uint8Array(32).fill(i));
    const init = ['yamcs', 'init', dir, '--mission', 'earth-watch', '--keys', keys, '--instance', 'ops'];
    const { code, out } = await perigee(...init, '--header-mask', 'whole', '--tm-port', '6001');
    expect(code).toBe(0);
    expect(out).toContain('link security on');
    const [tm, tc] = yaml(dir, 'yamcs.ops.yaml').dataLinks;
    expect(tm.port).toBe(6001);
    expect(tm.encryption).toHaveLength(1);
    expect(tm.encryption[0]).toMatchObject({
      spi: 2,
      authMask: `${'ff'.repeat(8)}${'00'.repeat(12)}`,
      args: { keyFile: join(keys, 'tm-0.key'), verifySeqNum: true },
    });
    expect(tm.virtualChannels[0].encryptionSpis).toEqual([2]);
    expect(tc.encryption.map(({ spi }: { spi: number }) => spi)).toEqual([1, 3]);
    expect(tc.virtualChannels[0]).toMatchObject({ encryptionSpi: 1, useCop1: false });
  });

  it('written again, keeps what Yamcs has stored', async () => {
    const dir = temporary();
    await perigee('yamcs', 'init', dir, '--mission', 'earth-watch');
    mkdirSync(join(dir, 'data'));
    writeFileSync(join(dir, 'data/archive'), 'kept');
    expect((await perigee('yamcs', 'init', dir, '--mission', 'earth-watch')).code).toBe(0);
    expect(readFileSync(join(dir, 'data/archive'), 'utf8')).toBe('kept');
  });

  it('writes nothing into a folder that holds something else', async () => {
    const dir = temporary();
    writeFileSync(join(dir, 'thesis.tex'), '');
    const { code, err } = await perigee('yamcs', 'init', dir, '--mission', 'earth-watch');
    expect(code).toBe(1);
    expect(err).toContain('holds something else');
    expect(readdirSync(dir)).toEqual(['thesis.tex']);
  });

  it.each([
    [['--mission', 'earth-watch', '--keys', '/nowhere']],
    [['--mission', 'earth-wach']],
    [[]],
    [['--mission', 'earth-watch', '--tm-port', '70000']],
    [['--mission', 'earth-watch', '--instance', '../up']],
  ])('refuses a wrong command line: %j', async (wrong) => {
    const dir = join(temporary(), 'none');
    expect((await perigee('yamcs', 'init', dir, ...wrong)).code).toBe(2);
  });
});
