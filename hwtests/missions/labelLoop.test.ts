/** Labels by telemetry first, whole: a spacecraft that flies, the gateway's recording, `perigee labels`, and what the tuner then has. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../../ground-tools/cli/program';
import type { EventMessage } from '../../ground-tools/gateway/messages';
import { readBook } from '../../ground-tools/labels/bookFile';
import { readRecording } from '../../ground-tools/labels/downlinked';
import { isPlaced } from '../../ground-tools/labels/footprint';
import { ledgerOf } from '../../ground-tools/labels/ledger';
import { frameReader } from '../../ground-tools/link/security';
import { findEurosat } from '../datasets/eurosat';
import { flyLive, groundOf, until } from '../link/flying';
import { tileImager } from '../simulators/tileImager';
import { mapOf } from './learnerFlight';

const SEED = 7;
const FRAMES = 2;
const FRAME_PX = 256;

/** What the camera on board shows: the same seed draws the same tiles. */
async function shownTiles(): Promise<string[]> {
  const imager = tileImager({
    seed: SEED,
    nowUs: () => 0,
    view: () => ({ latDeg: 0, lonDeg: 0, headingDeg: 0 }),
  });
  const frame = new Uint8Array(FRAME_PX * FRAME_PX * 3);
  for (let n = 0; n < FRAMES; n++) await imager.capture(frame);
  return Array.from({ length: FRAMES }, (_, n) => imager.shown(n)).flat();
}

/** Resolves when the gateway has recorded so many records of tiles. */
async function recorded(folder: string, keys: string, count: number): Promise<void> {
  const reader = frameReader(keys);
  if (!reader.ok) throw new Error(reader.error.text);
  for (let i = 0; i < 150; i++) {
    const read = readRecording(folder, reader.value);
    if (read.ok && read.value.records.length >= count) return;
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error(`${count} records never came`);
}

describe('labels by telemetry first', () => {
  it.skipIf(findEurosat() === undefined)(
    'records down, context joined, few pictures asked for, decisions taken, labels up and taken: no tile comes down whole',
    async () => {
      const out = mkdtempSync(join(tmpdir(), 'perigee-labelled-'));
      onTestFinished(() => rmSync(out, { recursive: true, force: true }));
      const config = join(out, 'config.json');
      const settings = {
        camera: { PeriodS: 3600, MinSunDeg: -90 },
        inference: { Guard: 'CANARY' },
        fineTuner: { providers: 'cpu' },
      };
      writeFileSync(config, JSON.stringify(settings));
      const craft = await flyLive('learner', { out, config, seed: SEED, drift: 'aged' });
      onTestFinished(() => craft.kill());
      const [keys, record] = [join(out, 'keys/ground'), join(out, 'recording')];
      const { client, at, close } = await groundOf('learner', craft.port, { keys, record });
      onTestFinished(close);
      const events: EventMessage[] = [];
      client.onMessage((message) => {
        if (message.type === 'event') events.push(message);
      });
      await client.subscribe('json');
      const send = async (name: string, args: Record<string, unknown> = {}) =>
        expect(await client.command(name, args)).toMatchObject({ value: { outcome: 'completed' } });
      const perigee = async (...words: string[]) => {
        const said: string[] = [];
        const screen = { write: (text: string) => said.push(text) };
        const context = { root: '/nowhere', launcher: '/nowhere/launch.js', out: screen, err: screen };
        const code = await run(['labels', ...words, '--json'], context);
        expect([code, said.join('')]).toEqual([0, expect.any(String)]);
        return JSON.parse(said.at(-1) ?? '') as Record<string, unknown>;
      };

      // The first frame is taken at boot, before anybody asks.
      await recorded(record, keys, 16);
      for (let n = 2; n <= FRAMES; n++) {
        await send('camera.CAPTURE');
        await recorded(record, keys, 16 * n);
      }

      // First without context: all is weak. Then with a map of what was seen, but for the tiles of the first row.
      const file = join(out, 'pass-1.json');
      const context = join(out, 'context.json');
      const areas = join(out, 'areas.json');
      const declared = { name: 'map', kind: 'polygons', file: areas, weight: 1 };
      const write = (sources: unknown[]) =>
        writeFileSync(
          context,
          JSON.stringify({ format: 'perigee-context/1', network: { weight: 0.1 }, sources }),
        );
      write([]);
      const propose = () =>
        perigee('propose', file, '--recording', record, '--keys', keys, '--context', context);
      expect(await propose()).toMatchObject({ tiles: 32, clear: 0, weak: 32 });
      const book = readBook(file);
      if (!book.ok) throw new Error(book.error.text);
      const shown = await shownTiles();
      const mapped = book.value.tiles.flatMap((tile, i) =>
        i < 4 || !isPlaced(tile) ? [] : [{ tile, class: shown[i] }],
      );
      expect(mapped).toHaveLength(28);
      writeFileSync(areas, JSON.stringify(mapOf(mapped)));
      write([declared]);
      const proposed = await propose();
      expect(proposed.weak).toBeGreaterThanOrEqual(4);
      expect(proposed.clear).toBeGreaterThan(20);

      const reviewed = await perigee('review', file, '--gateway', at, '--most', '3', '--quality', '40');
      const wanted = reviewed.wanted as number[];
      expect(wanted).toHaveLength(3);
      const seen = readBook(file);
      expect(seen.ok && seen.value.thumbnails.map(({ tile }) => tile)).toEqual(
        [...wanted].sort((a, b) => a - b),
      );

      const looked = wanted.map(
        (tile) => `${tile}=${shown[book.value.tiles.findIndex((one) => one.tile === tile)]}`,
      );
      const approved = await perigee(
        'approve',
        file,
        '--by',
        'ada',
        '--confidence',
        '0.9',
        '--tile',
        ...looked,
      );
      expect(approved.reference).toBeGreaterThan(0);
      const up = await perigee('uplink', file, '--gateway', at);
      expect(up).toMatchObject({ labels: approved.labels, reference: approved.reference });
      await until(() => events.some(({ name }) => name.endsWith('.LabelsTaken')));
      expect(events.find(({ name }) => name.endsWith('.LabelsTaken'))?.args).toMatchObject({
        name: 'pass-1',
        reference: approved.reference,
        held: approved.labels,
      });

      const final = readBook(file);
      if (!final.ok) throw new Error(final.error.text);
      const ledger = ledgerOf(final.value);
      expect(ledger).toMatchObject({ tiles: 32, thumbnails: 3, records: 32, rawBytes: 32 * 12_288 });
      expect(ledger.labelBytes).toBeGreaterThan(0);
      expect(ledger.rawBytes / ledger.bytes).toBeGreaterThan(50);
      expect(readFileSync(join(out, 'pass-1.html'), 'utf8').match(/data:image[/]webp/g)).toHaveLength(3);
      expect(await craft.stop()).toBe(0);
    },
    120_000,
  );
});
