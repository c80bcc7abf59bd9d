/** The gateway on a secured link, and recordings of one. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readIv } from '../../fsw/protocols/sdls';
import { run } from '../../ground-tools/cli/program';
import { blocksOf, segmentsOf } from '../../ground-tools/gateway/recording';
import { GROUND_COUNTER_FILE, HEARD_FILE, makeKeys } from '../../ground-tools/keys/keys';
import { flyLive, groundOf, until } from './flying';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'perigee-secured-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function perigee(...argv: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(argv, {
    root: '/nowhere',
    launcher: '/nowhere/launch.js',
    out: { write: (text) => out.push(text) },
    err: { write: (text) => err.push(text) },
  });
  return { code, out: out.join(''), err: err.join('') };
}

/** What was radiated and heard, in order. */
function recorded(recording: string, direction: 'sent' | 'received'): Buffer[] {
  const segments = segmentsOf(recording);
  if (!segments.ok) throw new Error(segments.error.text);
  return segments.value
    .flatMap((segment) => [...blocksOf(segment)])
    .filter((block) => block.direction === direction)
    .map(({ payload }) => Buffer.from(payload));
}

const NO_OP = 'commandDispatcher.CMD_NO_OP';

describe('the gateway on a secured link', () => {
  it('commands a spacecraft over restarts of both; without the keys, or with others, it says so', async () => {
    const out = folder();
    const record = join(out, 'recording');
    const ground = join(out, 'keys/ground');
    const file = join(out, 'file');
    writeFileSync(file, Buffer.alloc(5000, 'perigee'));
    let craft = await flyLive('earth-watch', { out });
    onTestFinished(() => craft.kill());

    // Without keys: refused, and told.
    const blind = await groundOf('earth-watch', craft.port, { record: join(out, 'blind') });
    await until(() => blind.gateway.status.security?.why !== undefined);
    const refused = await blind.client.command(NO_OP, {});
    expect(refused).toMatchObject({
      value: {
        outcome: 'refused',
        status: 'SDLS_KEYS_MISSING',
        reason: expect.stringContaining('--keys'),
        sent: 0,
      },
    });
    expect(blind.gateway.next).toBe(0);
    const sent = await perigee('send', NO_OP, '--gateway', blind.at);
    expect([sent.code, sent.out]).toEqual([1, expect.stringContaining('no keys were given')]);
    await blind.close();

    // With the keys of another spacecraft.
    const others = makeKeys(join(out, 'others'));
    if (!others.ok) throw new Error(others.error.text);
    const stranger = await groundOf('earth-watch', craft.port, { keys: others.value.ground });
    await until(() => stranger.gateway.status.security?.why !== undefined);
    expect(await stranger.client.command(NO_OP, {})).toMatchObject({
      value: {
        outcome: 'refused',
        status: 'SDLS_KEYS_WRONG',
        reason: expect.stringContaining('may not fit'),
      },
    });
    await stranger.close();

    // With its own, over restarts of the gateway and of the spacecraft.
    for (let life = 0; life < 3; life++) {
      // So soon that it is repeated: each repeat must have a number of its own, or it would be a replay.
      const station = await groundOf('earth-watch', craft.port, { keys: ground, record, repeatMs: 5 });
      await until(() => station.gateway.next > 0);
      const outcome = await station.client.command(NO_OP, {});
      expect(outcome).toMatchObject({ value: { outcome: 'completed' } });
      expect(await perigee('send', NO_OP, '--gateway', station.at)).toMatchObject({ code: 0 });
      // 987 bytes of packet fill a secured frame, as those of a file do.
      expect(station.gateway.sendPacket(3, new Uint8Array(982))).toMatchObject({
        error: { code: 'TC_TOO_LONG' },
      });
      const upload = await perigee('upload', file, `/up${life}`, '--gateway', station.at);
      expect([upload.code, upload.err]).toEqual([0, '']);
      expect(station.gateway.status.security).toEqual({ keys: true, refused: 0 });
      await station.close();
      if (life !== 1) continue;
      expect(await craft.stop()).toBe(0);
      craft = await flyLive('earth-watch', { out });
    }
    const numbers = recorded(record, 'sent').map((frame) => readIv(frame, 7));
    expect(numbers.length).toBeGreaterThan(6);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(await craft.stop()).toBe(0);

    // What was recorded is read with the keys only, and reading it leaves them as they are.
    const kept = () =>
      [GROUND_COUNTER_FILE, HEARD_FILE].map((file) => readFileSync(join(ground, file), 'hex'));
    const before = kept();
    for (const recording of [record, join(out, 'blind')]) {
      const read = await perigee('replay', recording, '--keys', ground, '--json');
      expect([read.code, read.err]).toEqual([0, '']);
      expect(read.out).toMatch(/"type":"event"/);
      const unread = await perigee('replay', recording);
      expect([unread.code, unread.out]).toEqual([1, '']);
      expect(unread.err).toMatch(/^error {2}\d+ frames were not opened: .*--keys[^\n]*\n$/);
      const wrong = await perigee('replay', recording, '--keys', others.value.ground);
      expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('the MAC is not ours')]);
    }
    const raw = join(out, 'raw');
    writeFileSync(raw, Buffer.concat([...recorded(record, 'received'), ...recorded(record, 'sent')]));
    const decoded = await perigee('decode', raw, '--dictionary', dictionaryIn(record), '--keys', ground);
    expect([decoded.code, decoded.err]).toEqual([0, '']);
    expect(decoded.out.match(/^TC frame/gm)).toHaveLength(numbers.length);
    expect(decoded.out).toMatch(/command 1\.\d+ EarthWatch\.commandDispatcher\.CMD_NO_OP/);
    const closed = await perigee('decode', raw);
    expect([closed.code, closed.err]).toEqual([
      1,
      expect.stringMatching(/^error {2}\d+ frames were not opened/),
    ]);
    expect(kept()).toEqual(before);
  }, 120_000);
});

function dictionaryIn(recording: string): string {
  const about = readFileSync(join(recording, '00000001.segment')).toString('latin1').split('\n', 1)[0];
  return join(recording, `dictionary-${/"dictionary":"(\w+)"/.exec(about)?.[1]}.json`);
}
