/** `perigee upload --cfdp` and `download --cfdp`, through a real gateway, with the link bench in flight. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dictionaryJson, dictionaryOf } from '../../fsw/framework/dictionary';
import { topology } from '../../fsw/missions/link-bench/topology';
import { projectRoot } from '../../fsw/root';
import { run } from '../../ground-tools/cli/program';
import { dictionaryFromJson } from '../../ground-tools/client/dictionaryFile';
import { Gateway } from '../../ground-tools/gateway/gateway';
import { type GatewayServer, serveGateway } from '../../ground-tools/gateway/server';
import { flySpacecraft, type Spacecraft } from '../interop/spacecraft';

const SIZE = 300_000;
const folder = mkdtempSync(join(tmpdir(), 'perigee-cfdp-'));
const bytes = Buffer.from(Uint8Array.from({ length: SIZE }, (_, i) => (i * 7 + (i >> 8)) & 0xff));
const source = join(folder, 'model.bin');
let craft: Spacecraft;
let gateway: Gateway;
let server: GatewayServer;

function need<T>(result: { ok: true; value: T } | { ok: false; error: { text: string } }): T {
  if (!result.ok) throw new Error(result.error.text);
  return result.value;
}
const onBoard = (path: string) => readFileSync(join(craft.folder, 'files', path));
const common = () => ['--cfdp', '--state', join(folder, 'state'), '--gateway', `127.0.0.1:${server.port}`];

async function perigee(...argv: string[]) {
  return perigeeUntil(undefined, ...argv);
}

/** `stop` presses Ctrl-C. */
async function perigeeUntil(stop: AbortSignal | undefined, ...argv: string[]) {
  const said: string[] = [];
  const write = (text: string) => said.push(text);
  const context = { root: projectRoot, launcher: '/nowhere', out: { write }, err: { write }, stop };
  const code = await run([...argv, ...common()], context);
  return { code, said: said.join('') };
}

beforeAll(async () => {
  writeFileSync(source, bytes);
  craft = await flySpacecraft(topology, { link: 'tcp-server:127.0.0.1:0', folder: join(folder, 'craft') });
  const dictionaryText = JSON.stringify(dictionaryJson(dictionaryOf(topology)));
  const dictionary = need(dictionaryFromJson(dictionaryText, 'bench'));
  const port = craft.link.kind === 'tcp-server' ? craft.link.port : 0;
  const link = { kind: 'tcp-client', host: '127.0.0.1', port } as const;
  gateway = need(await Gateway.open({ link, dictionary, dictionaryText }));
  server = need(await serveGateway(gateway, 0));
  await until(() => gateway.status.link.up);
});
afterAll(async () => {
  await server?.close();
  await gateway?.close();
  await craft?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 2000; i++) {
    if (what()) return;
    await new Promise((done) => setTimeout(done, 5));
  }
  throw new Error(`never: ${what}`);
}

describe('perigee upload and download --cfdp', () => {
  it.each(['1', '2'])('carry a file up and down again, every byte the same (class %s)', async (cfdpClass) => {
    const path = `models/class${cfdpClass}.bin`;
    const up = await perigee('upload', source, path, '--class', cfdpClass);
    expect([up.said, up.code]).toEqual([
      expect.stringContaining(`is on board as ${path} (${SIZE} bytes)`),
      0,
    ]);
    expect(onBoard(path).equals(bytes)).toBe(true);
    const file = join(folder, 'came', `class${cfdpClass}.bin`);
    const down = await perigee('download', path, file, '--class', cfdpClass, '--json');
    expect([JSON.parse(down.said), down.code]).toMatchObject([
      { type: 'download', outcome: 'done', size: SIZE, resumed: false },
      0,
    ]);
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  it('go on after a kill in the middle, with the same transaction', async () => {
    const child = startUpload('models/killed.bin', '--rate', '60000', '--json');
    await until(() => sentBytes() > 0);
    child.kill('SIGKILL');
    await new Promise((done) => child.once('close', done));
    expect(sentBytes()).toBeLessThan(SIZE);
    const [transaction] = underWay().map((name) => name.slice(2));
    const again = await perigee('upload', source, 'models/killed.bin', '--json');
    expect([JSON.parse(again.said), again.code]).toMatchObject([
      { outcome: 'done', resumed: true, transaction },
      0,
    ]);
    expect(onBoard('models/killed.bin').equals(bytes)).toBe(true);
    expect(readdirSync(join(state(), 'files/up'))).toEqual([]);
  });

  it('a download that was left goes on, with the same transaction', async () => {
    writeFileSync(join(craft.folder, 'files', 'long.bin'), bytes);
    const file = join(folder, 'long.bin');
    const stop = new AbortController();
    const left = perigeeUntil(stop.signal, 'download', 'long.bin', file, '--json');
    await until(() => readdirSync(journal()).some((name) => /^t-2-\d+\.part$/.test(name)));
    stop.abort();
    const first = await left;
    expect([JSON.parse(first.said), first.code]).toMatchObject([{ outcome: 'interrupted' }, 130]);
    const again = await perigee('download', 'long.bin', file, '--json');
    const { transaction } = JSON.parse(first.said);
    expect([JSON.parse(again.said), again.code]).toMatchObject([
      { outcome: 'done', resumed: true, transaction },
      0,
    ]);
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  it('a path that climbs is refused, with the reason', async () => {
    const up = await perigee('upload', source, '../../boot');
    expect([up.said, up.code]).toEqual([
      expect.stringContaining('"../../boot" is no path of a file here: it climbs'),
      1,
    ]);
    const down = await perigee('download', '../secret', join(folder, 'secret'));
    expect([down.said, down.code]).toEqual([expect.stringContaining('it climbs'), 1]);
    mkdirSync(join(craft.folder, 'files', 'taken'), { recursive: true });
    const onto = await perigee('upload', source, 'taken', '--json');
    expect([JSON.parse(onto.said), onto.code]).toMatchObject([
      { outcome: 'failed', text: 'FILESTORE_REJECTION' },
      1,
    ]);
  });

  it('one process at a time uses a state folder; that of a dead one is taken over', async () => {
    writeFileSync(join(state(), 'lock'), String(process.ppid));
    const refused = await perigee('upload', source, 'models/locked.bin');
    expect([refused.said, refused.code]).toEqual([expect.stringContaining('uses it'), 1]);
    rmSync(join(state(), 'lock'));
  });

  it('exit 3 when nobody answers, 4 without a link', async () => {
    const silent = await perigee(
      'upload',
      source,
      'nobody.bin',
      '--entity',
      '99',
      '--timeout',
      '1',
      '--rate',
      '1e6',
    );
    expect([silent.said, silent.code]).toEqual([expect.stringContaining('nothing heard for 1 s'), 3]);
    await craft.stop();
    await until(() => !gateway.status.link.up);
    expect((await perigee('upload', source, 'down.bin')).code).toBe(4);
  });
});

const state = () => join(folder, 'state', 'LinkBench-11');
const journal = () => join(state(), 'files', '.cfdp');

/** Records of transactions of ours. */
function underWay(): string[] {
  return readdirSync(journal()).filter((name) => /^t-11-\d+$/.test(name));
}

/** As the journal has it: the most that any of them has sent. */
function sentBytes(): number {
  const records = underWay().map((name) => readFileSync(join(journal(), name), 'utf8'));
  return Math.max(0, ...records.map((record) => Number(/"sentBytes":(\d+)/.exec(record)?.[1])));
}

function startUpload(path: string, ...options: string[]): ChildProcess {
  const argv = JSON.stringify(['upload', source, path, ...common(), ...options]);
  return spawn(
    process.execPath,
    ['-r', 'ts-node/register/transpile-only', '-e', `require('./ground-tools/cli/main').main(${argv})`],
    { cwd: projectRoot, stdio: ['ignore', 'ignore', 'inherit'] },
  );
}
