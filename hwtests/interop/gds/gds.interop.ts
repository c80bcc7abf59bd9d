import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { dictionaryJson, dictionaryOf } from '../../../fsw/framework/dictionary';
import { topology } from '../../../fsw/missions/link-bench/topology';
import { convertDictionary } from '../../../ground-tools/dictionary/formats';
import { CommandUplink } from '../../../ground-tools/link/uplink';
import { readChannel } from '../../simulators/readChannel';
import { describeWith, venv } from '../python';
import { flySpacecraft, type Spacecraft } from '../spacecraft';
import { type Gds, type GdsChannel, type GdsEvent, startGds } from './gds';

const environment = venv('gds', ['fprime-gds==4.4.1']);
const folder = mkdtempSync(join(tmpdir(), 'perigee-gds-'));
const dictionary = join(folder, 'dictionary.json');

function writeDictionary(): void {
  const converted = convertDictionary(
    JSON.stringify(dictionaryJson(dictionaryOf(topology))),
    'fprime',
    '0.1.0',
  );
  if (!converted.ok) throw new Error(converted.error.text);
  writeFileSync(dictionary, converted.value);
}

const command = (name: string) => `LinkBench.instrument.${name}`;
const completed = 'LinkBench.commandDispatcher.OpCodeCompleted';

describeWith(environment, 'F´ GDS 4.4.1', ({ bin, ...rest }) => {
  beforeAll(writeDictionary);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(['command-send', 'channels', 'events'])('lists our dictionary offline: fprime-cli %s', (verb) => {
    const listed = spawnSync(
      join(bin, 'fprime-cli'),
      [verb, '--list', '--dictionary', dictionary, '-l', join(folder, 'cliLogs')],
      { cwd: folder, encoding: 'utf8' },
    );
    expect(listed.stderr).not.toContain('Traceback');
    expect(listed.status).toBe(0);
    expect(listed.stdout).toContain('LinkBench.instrument.');
  });

  describe('in flight, as a TCP client of the spacecraft', () => {
    let spacecraft: Spacecraft;
    let gds: Gds;

    beforeAll(async () => {
      spacecraft = await flySpacecraft(topology, {
        link: 'tcp-server:127.0.0.1:0',
        folder: join(folder, 'craft'),
      });
      const { link } = spacecraft;
      const port = link.kind === 'tcp-server' ? link.port : 0;
      gds = await startGds({ bin, ...rest }, dictionary, join(folder, 'flight'), { role: 'client', port });
      await gds.call('await_telemetry', ['LinkBench.instrument.Counter'], { timeout: 60 });
    });
    afterAll(async () => {
      await gds?.stop();
      await spacecraft?.stop();
    });

    const done = async (name: string, args: readonly unknown[], said: string): Promise<GdsEvent> => {
      const events = await gds.call<GdsEvent[]>('send_and_assert_event', [command(name), args], {
        events: ['LinkBench.commandDispatcher.OpCodeDispatched', command(said), completed],
        timeout: 20,
      });
      return events[1];
    };
    const channel = (name: string): Promise<GdsChannel> =>
      gds.call('await_telemetry', [command(name)], { start: 0, timeout: 20 });

    it('receives packetized telemetry, the values behind a padded text included', async () => {
      const signal = await gds.call<GdsChannel>('await_telemetry', [command('Signal')], { timeout: 20 });
      expect(typeof signal.value).toBe('number');
      expect((await channel('LastText')).value).toBe('bench');
      expect((await channel('CurrentMode')).value).toBe('NOMINAL');
      expect(await gds.call('packet_names')).toEqual(['Bench', 'Link']);
    });

    it('receives channels by themselves', async () => {
      const { value } = await gds.call<GdsChannel>(
        'await_telemetry',
        ['LinkBench.systemResources.CpuPercent'],
        { start: 0, timeout: 20 },
      );
      expect(typeof value).toBe('number');
    });

    it('sends a text, and reads the event that says it', async () => {
      expect(await done('SAY', ['grüße, hi there'], 'Said')).toEqual({
        name: command('Said'),
        severity: 'ACTIVITY_HI',
        text: 'you said "grüße, hi there"',
        args: ['grüße, hi there'],
      });
    });

    it('sends an enumeration, an array and a struct, and reads them back in event and channel', async () => {
      const point = { mode: 'SAFE', gain: 0.25, taps: [7, 9], label: 'north' };
      const event = await done(
        'SET_POINT',
        ['NOMINAL', '[1.5, 2.5, 3.5]', JSON.stringify(point)],
        'PointSet',
      );
      expect(event.args[0]).toBe('NOMINAL');
      expect(event.text).toContain('mode NOMINAL, vector [');
      const [vector, current] = [await channel('CurrentVector'), await channel('CurrentPoint')];
      expect((vector.value as unknown[]).map(Number)).toEqual([1.5, 2.5, 3.5]);
      expect(current.value).toMatchObject({ mode: 'SAFE', label: 'north' });
    });

    it('sends numbers of every kind to their very ends', async () => {
      const numbers = {
        u8: 255,
        u16: 65535,
        u32: 4294967295,
        u64: '18446744073709551615',
        i8: -128,
        i16: -32768,
        i32: -2147483648,
        i64: '-9223372036854775808',
        f32: -0.5,
        f64: 1e300,
      };
      const event = await done('SET_ALL', Object.values(numbers).map(String), 'NumbersSet');
      expect(event.text).toContain('18446744073709551615');
      expect(event.text).toContain('-9223372036854775808');
      const { value } = await channel('LastNumbers');
      expect(value).toEqual(numbers);
    });

    it('sends a bool and a struct of numbers', async () => {
      const numbers = {
        u8: 1,
        u16: 2,
        u32: 3,
        u64: 4,
        i8: -5,
        i16: -6,
        i32: -7,
        i64: -8,
        f32: 9.5,
        f64: -10.25,
      };
      const event = await done('SET_NUMBERS', ['True', JSON.stringify(numbers)], 'NumbersSet');
      expect(event.args[0]).toBe(true);
      expect((await channel('Flag')).value).toBe(true);
    });

    it('sends an array of texts; an event whose words take its arguments out of order lists them', async () => {
      const event = await done('SET_NAMES', ['["alpha", "omega"]', 'FALLING'], 'NamesSet');
      expect(event.args[1]).toBe('FALLING');
      expect(event.text).toMatch(
        /^names number <count>, <trend>: <names> \(names: .*alpha.*, trend: FALLING, count: 1\)$/,
      );
    });

    it('sets a parameter, saves it, and the spacecraft boots with it', async () => {
      const gain = await gds.call<GdsEvent[]>('send_and_assert_event', [command('Gain_PRM_SET'), ['2.5']], {
        events: [command('GainChanged'), completed],
        timeout: 20,
      });
      expect(gain[0].text).toBe('gain is now 2.500');
      for (const [name, args] of [
        ['Title_PRM_SET', ['second boot']],
        ['Title_PRM_SAVE', []],
      ] as const)
        await gds.call('send_and_assert_event', [command(name), args], { events: [completed], timeout: 20 });
      const { folder: saved } = spacecraft;
      const later = await flySpacecraft(topology, { link: 'tcp-server:127.0.0.1:0', folder: saved });
      const text = readChannel(later.deployment, 'instrument.LastText');
      await later.stop();
      expect(text).toBe('second boot');
    });

    it('uplinks a file (F´ file protocol), byte-identical on board', async () => {
      const bytes = randomBytes(50_001);
      const source = join(folder, 'up.bin');
      writeFileSync(source, bytes);
      await gds.call('uplink_file_and_await_completion', [source, 'up/there.bin'], { timeout: 60 });
      const received = await gds.call<GdsEvent>('await_event', ['LinkBench.fileUplink.FileReceived'], {
        start: 0,
        timeout: 20,
      });
      expect(received.args).toEqual(['uplink/up/there.bin']);
      expect(readFileSync(join(spacecraft.folder, 'files/uplink/up/there.bin')).equals(bytes)).toBe(true);
    });

    it('downlinks a file (F´ file protocol), byte-identical on the ground', async () => {
      const bytes = randomBytes(50_003);
      writeFileSync(join(spacecraft.folder, 'files/down.bin'), bytes);
      await gds.call('send_and_assert_event', ['LinkBench.fileDownlink.SendFile', ['down.bin', 'got.bin']], {
        events: ['LinkBench.fileDownlink.FileSent'],
        timeout: 20,
      });
      const file = join(gds.storage, 'fprime-downlink', 'got.bin');
      await vi.waitFor(() => expect(readFileSync(file).equals(bytes)).toBe(true), { timeout: 20_000 });
    });

    it('hears of a command that fails, and why', async () => {
      const [error] = await gds.call<GdsEvent[]>('send_and_assert_event', [command('REFUSE'), ['no fuel']], {
        events: ['LinkBench.commandDispatcher.OpCodeError'],
        timeout: 20,
      });
      expect(error).toMatchObject({ severity: 'WARNING_LO' });
      expect(error.text).toContain('no fuel');
    });
  });

  describe('in flight, as the TCP server that it is by default', () => {
    let spacecraft: Spacecraft;
    let gds: Gds;

    beforeAll(async () => {
      const port = await freePort();
      const base = join(folder, 'server');
      gds = await startGds({ bin, ...rest }, dictionary, base, { role: 'server', port });
      spacecraft = await flySpacecraft(topology, {
        link: `tcp-client:127.0.0.1:${port}`,
        folder: join(base, 'craft'),
      });
      await gds.call('await_telemetry', ['LinkBench.instrument.Counter'], { timeout: 60 });
    });
    afterAll(async () => {
      await gds?.stop();
      await spacecraft?.stop();
    });

    it('sends TC frames that are byte-identical with ours', async () => {
      const point = { mode: 'OFF', gain: 0.5, taps: [1, 65535], label: 'süd' };
      const theirs: readonly (readonly [string, readonly string[]])[] = [
        ['SAY', ['hi there']],
        ['SET_POINT', ['SAFE', '[1.5, 2.5, 3.5]', JSON.stringify(point)]],
        ['SET_NAMES', ['["a", ""]', 'RISING']],
        ['Gain_PRM_SET', ['0.125']],
        ['Gain_PRM_SAVE', []],
      ];
      const ours: readonly (readonly [string, Record<string, unknown>])[] = [
        ['SAY', { text: 'hi there' }],
        ['SET_POINT', { mode: 'SAFE', vector: [1.5, 2.5, 3.5], point }],
        ['SET_NAMES', { names: ['a', ''], trend: 'RISING' }],
        ['Gain_PRM_SET', { val: 0.125 }],
        ['Gain_PRM_SAVE', {}],
      ];
      for (const [name, args] of theirs)
        await gds.call('send_and_assert_event', [command(name), args], { events: [completed], timeout: 20 });

      const uplink = new CommandUplink(dictionaryOf(topology));
      const frames = ours.map(([name, args]) => {
        const made = uplink.command(`instrument.${name}`, args);
        if (!made.ok) throw new Error(made.error.text);
        return Buffer.from(made.value.frame).toString('latin1');
      });
      const heard = Buffer.from(spacecraft.heard()).toString('latin1');
      expect(heard).toContain(KEEP_ALIVE);
      expect(heard.replaceAll(KEEP_ALIVE, '')).toBe(frames.join(''));
    });
  });
});

/** What GDS sends twice a second on TCP: no frame, so that a deframer must find its way back over it. */
const KEEP_ALIVE = 'sitting well';

/** A port that was free a moment ago: GDS takes none of the system's choosing. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
