/** The gateway behind a radio that codes: from a spacecraft on a link that damages bytes, and from its recording. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { packetsIn } from '../../ground-tools/gateway/recording';
import { frameReader } from '../../ground-tools/link/security';
import { flyLive, groundOf, until } from './flying';

const coding = 'rs255-223:5,randomise';
const frameLength = 1115;
/** Marker and codeblock. */
const BLOCK_LENGTH = 4 + 5 * 255;
/** 5 codewords a block, 16 wrong bytes each can have: neighbours in a burst fall to different ones. */
const BURST = 5 * 16;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'perigee-coded-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Passes bytes between a ground and the spacecraft at `port`, damaging all that comes down; returns its port. */
async function noisyLine(port: number, damage: (byte: number, at: number) => number): Promise<number> {
  let at = 0;
  const server = createServer((ground) => {
    const craft = connect(port, '127.0.0.1');
    craft.on('data', (bytes) => ground.write(bytes.map((byte) => damage(byte, at++))));
    ground.pipe(craft);
    for (const end of [ground, craft]) {
      end.on('error', () => undefined);
      end.on('close', () => {
        ground.destroy();
        craft.destroy();
      });
    }
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

describe('a coded, randomised and secured downlink', () => {
  it('is put right by the gateway and read again from its recording', async () => {
    const out = folder();
    const config = join(out, 'config.json');
    writeFileSync(config, JSON.stringify({ tmFramer: { frameLength } }));
    const craft = await flyLive('earth-watch', { out, coding, config });
    onTestFinished(() => craft.kill());
    const record = join(out, 'recording');
    const keys = join(out, 'keys/ground');
    let damaged = 0;
    const port = await noisyLine(craft.port, (byte, at) => {
      const within = at % BLOCK_LENGTH;
      // The burst moves on from block to block, never over a marker.
      const from = 4 + ((Math.floor(at / BLOCK_LENGTH) * 97) % (BLOCK_LENGTH - 4 - BURST));
      if (within < from || within >= from + BURST) return byte;
      damaged++;
      return byte ^ 0x5a;
    });
    const station = await groundOf('earth-watch', port, { keys, record, coding, frameLength });
    onTestFinished(() => station.close());
    await until(() => station.gateway.next > 0);
    for (let i = 0; i < 5; i++)
      expect(await station.client.command('commandDispatcher.CMD_NO_OP', {})).toMatchObject({
        value: { outcome: 'completed' },
      });
    expect(damaged).toBeGreaterThan(5 * BURST);
    expect(station.gateway.status).toMatchObject({ coding, frameLength, security: { refused: 0 } });
    const served = station.gateway.next;
    const reader = frameReader(keys);
    if (!reader.ok) throw new Error(reader.error.text);
    const faults: string[] = [];
    const hearers = { onFault: ({ text }: { text: string }) => faults.push(text) };
    const packets = [...packetsIn(record, {}, hearers, reader.value.openTm)];
    expect(packets.length).toBeGreaterThanOrEqual(served);
    expect(faults).toEqual([]);
    expect(await craft.stop()).toBe(0);
  }, 60_000);

  it('needs a frame length that fits the code, and a real link', async () => {
    const says = (options: { coding: string; board?: string }) =>
      flyLive('earth-watch', { out: folder(), ...options }).then(
        () => 'it flies',
        (error: Error) => error.message,
      );
    expect(await says({ coding })).toBe(
      'coding rs255-223:5,randomise: tmFramer.frameLength 1024 does not fit: it must be a multiple of 5, 1115 the most (set it with --config)',
    );
    expect(await says({ coding, board: 'sim' })).toContain('board sim has no link');
    expect(await says({ coding: 'rs255-223:6' })).toContain('1 to 5');
  }, 60_000);
});
