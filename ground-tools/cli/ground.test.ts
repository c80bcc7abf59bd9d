import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Gateway } from '../gateway/gateway';
import { packetsIn } from '../gateway/recording';
import { serveGateway } from '../gateway/server';
import { TestSpacecraft, testDictionary } from '../gateway/testSpacecraft';
import { CommandUplink } from '../link/uplink';
import { run } from './program';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
const { dictionary, text: dictionaryText } = testDictionary();
const temporary = () => {
  const folder = mkdtempSync(join(tmpdir(), 'perigee-ground-'));
  closers.push(() => rmSync(folder, { recursive: true }));
  return folder;
};
async function until(what: () => unknown): Promise<void> {
  for (let i = 0; i < 2000; i++) {
    if (what()) return;
    await new Promise((done) => setTimeout(done, 5));
  }
  throw new Error(`never: ${what}`);
}

/** Starts `perigee ...argv`; `stop` presses Ctrl-C. */
function perigee(...argv: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const controller = new AbortController();
  const code = run(argv, {
    root: '/nowhere',
    launcher: '/nowhere/launch.js',
    out: { write: (text) => out.push(text) },
    err: { write: (text) => err.push(text) },
    stop: controller.signal,
  });
  return {
    code,
    stop: () => controller.abort(),
    out: () => out.join(''),
    err: () => err.join(''),
    objects: () =>
      out
        .join('')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

async function station(record?: string) {
  const spacecraft = await TestSpacecraft.start({ dictionary });
  closers.push(() => spacecraft.close());
  const link = { kind: 'tcp-client', host: '127.0.0.1', port: spacecraft.port } as const;
  const gateway = await Gateway.open({ link, dictionary, dictionaryText, record, fsync: 'never' });
  if (!gateway.ok) throw new Error(gateway.error.text);
  closers.push(() => gateway.value.close());
  const server = await serveGateway(gateway.value, 0);
  if (!server.ok) throw new Error(server.error.text);
  closers.push(() => server.value.close());
  await until(() => spacecraft.connected && gateway.value.status.link.up);
  return { spacecraft, gateway: gateway.value, at: ['--gateway', `127.0.0.1:${server.value.port}`] };
}

describe('perigee send', () => {
  it('exits 0, 1, 3 as the command completed, failed, or is not known to have ended', async () => {
    const { at, spacecraft } = await station();
    spacecraft.boot();
    const said = perigee('send', 'craft.SAY', 'text=a=b', '--json', ...at);
    expect(await said.code).toBe(0);
    expect(said.objects()).toMatchObject([
      { type: 'outcome', name: 'craft.SAY', outcome: 'completed', sent: 1 },
    ]);
    const failed = perigee('send', 'craft.FAIL', ...at);
    expect(await failed.code).toBe(1);
    expect(failed.out()).toMatch(/^failed {2}craft.FAIL {2}EXECUTION_ERROR: as it must/);
    const hung = perigee('send', 'craft.HANG', '--timeout', '0.2', ...at);
    expect(await hung.code).toBe(3);
    expect(hung.out()).toContain('still under way');
  });

  it('takes values by name or in order: enumerators, numbers, 64 bits', async () => {
    const { at, spacecraft } = await station();
    for (const words of [
      ['NOMINAL', '7', '18446744073709551615'],
      ['long=1', 'mode=SAFE', 'level=0'],
    ])
      expect(await perigee('send', 'craft.SET', ...words, ...at).code).toBe(0);
    expect(spacecraft.executed.size).toBe(2);
  });

  it('exits 2, names the nearest, and sends nothing when the name or an argument is wrong', async () => {
    const { at, spacecraft } = await station();
    const wrong: [string[], RegExp][] = [
      [['craft.SAYS'], /did you mean Test\.craft\.SAY\?/],
      [['craft.SAY'], /text is missing \(it takes text=string\(40\)/],
      [['craft.SAY', 'a', 'b'], /takes 1 arguments, 2 were given/],
      [['craft.SAY', 'a', 'text=b'], /text was given twice/],
      [['craft.SET', 'mod=SAFE', '1', '2'], /has no mod; did you mean mode\?/],
      [['craft.SET', 'SAFE', '256', '2'], /level: 256 is outside 0\.\.255/],
      [['craft.SET', 'SAVE', '1', '2'], /SAFE \| NOMINAL/],
    ];
    for (const [words, says] of wrong) {
      const sent = perigee('send', ...words, ...at);
      expect([words, await sent.code]).toEqual([words, 2]);
      expect(sent.err()).toMatch(says);
    }
    expect(spacecraft.framesHeard).toBe(0);
  });

  it('exits 4 without a gateway, and with a gateway that has no link', async () => {
    const lost = perigee('send', 'craft.SAY', 'x', '--gateway', '127.0.0.1:1', '--json');
    expect(await lost.code).toBe(4);
    expect(lost.objects()).toMatchObject([{ type: 'error', code: 'GATEWAY_UNREACHABLE' }]);
    const { at, spacecraft, gateway } = await station();
    await spacecraft.close();
    await until(() => !gateway.status.link.up);
    expect(await perigee('send', 'craft.SAY', 'x', ...at).code).toBe(4);
  });
});

describe('perigee events, telemetry and watch', () => {
  it('follow what comes, filtered, as text and as JSON', async () => {
    const { at, spacecraft } = await station();
    const all = perigee('events', '--json', '--all', '--count', '4', ...at);
    const loud = perigee('events', '--severity', 'activity-high', ...at);
    const named = perigee('events', '--name', '*.Cou*', ...at);
    const levels = perigee('telemetry', 'Level', '--follow', '--json', ...at);
    await new Promise((done) => setTimeout(done, 100));
    spacecraft.boot();
    spacecraft.event('Counted', { count: 1, long: 2n });
    spacecraft.channel('Level', 5);
    spacecraft.channel('Note', 'x');
    spacecraft.flush();
    expect(await all.code).toBe(0);
    expect(all.objects().map(({ type }) => type)).toEqual(['event', 'event', 'channels', 'channels']);
    await until(() => loud.out() !== '' && named.out() !== '' && levels.out() !== '');
    expect(loud.out()).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {2}activity-high Test\.craft\.Booted {2}booted 1\n$/);
    expect(named.out()).toContain('Counted');
    expect(levels.objects()).toMatchObject([{ name: 'Test.craft.Level', value: 5 }]);
    for (const one of [loud, named, levels]) {
      one.stop();
      expect(await one.code).toBe(0);
    }
    const now = perigee('telemetry', ...at);
    expect(await now.code).toBe(0);
    expect(now.out()).toMatch(/Test\.craft\.Level = 5\n.*Test\.craft\.Note = x\n$/);
    const stranger = perigee('telemetry', 'Lewel', ...at);
    expect(await stranger.code).toBe(2);
    expect(stranger.err()).toContain('no channel Lewel');
    const table = perigee('watch', '--seconds', '0.1', ...at);
    expect(await table.code).toBe(0);
    expect(table.out()).toMatch(/^Test {2}link up {2}dictionary ours/);
    expect(table.out()).toMatch(/Test\.craft\.Level {2}5/);
  });

  it('exit 4 when the gateway goes away', async () => {
    const { at, gateway } = await station();
    const watching = perigee('events', ...at);
    await new Promise((done) => setTimeout(done, 100));
    for (const close of closers.splice(0).reverse()) await close();
    expect(await watching.code).toBe(4);
    expect(watching.err()).toContain('the gateway was closed');
    expect(gateway.next).toBe(0);
  });
});

describe('perigee record, replay and decode', () => {
  it('keep what came, and print it again as it was served', async () => {
    const folder = temporary();
    const { at, spacecraft } = await station();
    const live = perigee('events', '--all', '--json', '--count', '50', ...at);
    const recording = perigee('record', folder, '--json', ...at);
    await new Promise((done) => setTimeout(done, 150));
    for (let i = 0; i < 50; i++) spacecraft.event('Counted', { count: i, long: BigInt(i) });
    spacecraft.flush();
    expect(await live.code).toBe(0);
    await until(() => [...packetsIn(folder)].length === 50);
    recording.stop();
    expect(await recording.code).toBe(0);
    expect(recording.objects()).toMatchObject([{ type: 'recorded', packets: 50 }]);
    const again = perigee('replay', folder, '--json');
    expect(await again.code).toBe(0);
    const said = ({ name, args, time, n }: Record<string, unknown>) => ({ name, args, time, n });
    expect(again.objects().map(said)).toEqual(live.objects().map(said));
    const none = perigee('replay', folder, '--apid', '1');
    expect([await none.code, none.out()]).toEqual([0, '']);
    expect(await perigee('replay', temporary()).code).toBe(2);
  });

  it('read frames out of a raw file and out of a capture, between garbage', async () => {
    const folder = temporary();
    const uplink = new CommandUplink(dictionary);
    const set = uplink.identified('craft.SET', { mode: 'NOMINAL', level: 3, long: 9n }, 1, 77);
    if (!set.ok) throw new Error(set.error.text);
    const frame = set.value.frame;
    const dictionaryFile = join(folder, 'd.json');
    writeFileSync(dictionaryFile, dictionaryText);
    const raw = join(folder, 'frames.bin');
    writeFileSync(raw, Buffer.concat([Buffer.alloc(9, 7), frame]));
    const decoded = perigee('decode', raw, '--dictionary', dictionaryFile, '--json');
    expect(await decoded.code).toBe(0);
    const command = { type: 'command', sender: 1, number: 77, name: 'Test.craft.SET' };
    expect(decoded.objects()).toMatchObject([
      { type: 'garbage', at: 0, bytes: 9 },
      { type: 'tc-frame', at: 9, channel: 1, bypass: true },
      { ...command, args: { mode: 'NOMINAL', level: 3, long: '9' } },
    ]);
    const capture = join(folder, 'frames.pcap');
    writeFileSync(capture, pcapOf(frame));
    const captured = perigee('decode', capture, '--dictionary', dictionaryFile, '--json');
    expect(await captured.code).toBe(0);
    expect(captured.objects()).toMatchObject([{ type: 'tc-frame', at: 0 }, command]);
    const nothing = join(folder, 'nothing');
    writeFileSync(nothing, Buffer.alloc(3000, 1));
    expect(await perigee('decode', nothing).code).toBe(1);
    expect(await perigee('decode', join(folder, 'absent')).code).toBe(2);
  });

  /** One UDP datagram over IPv4 over Ethernet. */
  function pcapOf(payload: Uint8Array): Buffer {
    const udp = Buffer.alloc(8);
    udp.writeUInt16BE(8 + payload.length, 4);
    const ip = Buffer.alloc(20);
    ip[0] = 0x45;
    ip.writeUInt16BE(28 + payload.length, 2);
    ip[9] = 17;
    const packet = Buffer.concat([Buffer.alloc(14), ip, udp, payload]);
    const head = Buffer.alloc(24);
    head.writeUInt32LE(0xa1b2c3d4, 0);
    head.writeUInt32LE(1, 20);
    const record = Buffer.alloc(16);
    record.writeUInt32LE(packet.length, 8);
    return Buffer.concat([head, record, packet]);
  }
});

describe('perigee completion', () => {
  it('completes commands, options, and the names of the dictionary', async () => {
    const { at } = await station();
    const words = async (...line: string[]) => {
      const asked = perigee('completion', 'words', '--', ...line);
      expect(await asked.code).toBe(0);
      return asked.out().trim().split('\n');
    };
    expect(await words('se')).toContain('send');
    expect(await words('send', '--t')).toEqual(['--timeout']);
    expect(await words('send', ...at, 'craft.S')).toEqual(['craft.SAY', 'craft.SET']);
    expect(await words('send', ...at, 'craft.SET', '')).toEqual([
      'level=',
      'long=',
      'mode=NOMINAL',
      'mode=SAFE',
    ]);
    expect(await words('telemetry', ...at, 'craft.N')).toEqual(['craft.Note']);
    const script = perigee('completion', 'bash');
    expect([await script.code, script.out()]).toEqual([0, expect.stringContaining('complete -o default -F')]);
  });
});
