import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  component,
  defineComponent,
  instance,
  ok,
  string,
  timeOf,
  U8,
  U32,
  type Value,
} from '../../fsw/framework';
import { classesTagOf, readLabels, TileRecord } from '../../fsw/learning';
import { chunksOf, ProductChunk, recordPackets } from '../../fsw/products';
import { Apid } from '../../fsw/protocols';
import { run } from '../cli/program';
import { Gateway } from '../gateway/gateway';
import { serveGateway } from '../gateway/server';
import { TestSpacecraft, testDictionary } from '../gateway/testSpacecraft';
import { compileYaml, listSequence } from '../sequence';
import { readBook } from './bookFile';
import { classes, temporaryFolder } from './testBook';

/** An archive as a mission's dictionary shows it. */
const archive = component(
  defineComponent({
    kind: 'passive',
    doc: 'An archive.',
    commands: { SEND_THUMBNAIL: { id: 0, args: { tile: U32, quality: U8 }, doc: 'Sends.' } },
    events: {
      ArchiveOpened: {
        id: 0,
        severity: 'activity-high',
        args: { tiles: U32, damaged: U32, model: string(40), classes: string(200) },
        format: 'opened',
        doc: 'Opened.',
      },
    },
    records: {
      Tile: { id: 0, type: TileRecord, doc: 'A tile.' },
      Chunk: { id: 1, type: ProductChunk, doc: 'A chunk.' },
    },
  }),
  { commands: () => ({ SEND_THUMBNAIL: () => ok }) },
);
const withArchive = (baseId = 0x100) =>
  testDictionary(baseId, [instance('tileArchive', archive, { baseId: 0x400 })]);

const RECORD: Value<typeof TileRecord> = {
  tile: 1,
  seconds: 1_700_000_000,
  latE6: 45_000_000,
  lonE6: 15_000_000,
  gsdCm: 1000,
  headingCentideg: 0,
  classesTag: classesTagOf('land-cover', classes),
  versionTag: 7,
  probabilities: [85, 85, 85, ...Array<number>(13).fill(0)],
};
const webp = Uint8Array.from({ length: 300 }, (_, i) => i & 0xff);

let place: ReturnType<typeof temporaryFolder>;
const closers: (() => unknown)[] = [];
beforeEach(() => {
  place = temporaryFolder();
  closers.push(() => place.remove());
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function perigee(...argv: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await run(['labels', ...argv], {
    root: '/nowhere',
    launcher: '/nowhere/launch.js',
    out: { write: (text) => out.push(text) },
    err: { write: (text) => err.push(text) },
  });
  return { code, out: out.join(''), err: err.join('') };
}

async function until(what: () => unknown): Promise<void> {
  for (let i = 0; i < 2000; i++) {
    if (what()) return;
    await new Promise((done) => setTimeout(done, 5));
  }
  throw new Error(`never: ${what}`);
}

/** A spacecraft that has sent these records, and what a gateway recorded of it. */
async function station(records: readonly Value<typeof TileRecord>[], baseId = 0x100, name = 'recording') {
  const { dictionary, text: dictionaryText } = withArchive(baseId);
  const asked: unknown[] = [];
  const ids = new Map(dictionary.records.map(({ local, id }) => [local, id]));
  const time = timeOf(1.7e15);
  const spacecraft = await TestSpacecraft.start({
    dictionary,
    onCommand(local, args) {
      asked.push([local, args]);
      const head = {
        product: Number(args.tile),
        kind: 'SPECIMEN',
        capture: Number(args.quality),
        column: 0,
        row: 0,
      } as const;
      const chunks = chunksOf(head, webp, [webp.length], 0);
      for (const { data } of recordPackets({ id: ids.get('Chunk') ?? 0, type: ProductChunk, time }, chunks))
        spacecraft.packet(Apid.DP, data);
    },
  });
  let isOver = false;
  const end = async () => {
    if (!isOver) await spacecraft.close();
    isOver = true;
  };
  closers.push(end);
  const link = { kind: 'tcp-client', host: '127.0.0.1', port: spacecraft.port } as const;
  const folder = join(place.folder, name);
  const gateway = await Gateway.open({ link, dictionary, dictionaryText, record: folder, fsync: 'never' });
  if (!gateway.ok) throw new Error(gateway.error.text);
  closers.push(() => gateway.value.close());
  const server = await serveGateway(gateway.value, 0);
  if (!server.ok) throw new Error(server.error.text);
  closers.push(() => server.value.close());
  await until(() => spacecraft.connected && gateway.value.status.link.up);
  spacecraft.event('ArchiveOpened', {
    tiles: 0,
    damaged: 0,
    model: 'land-cover',
    classes: classes.join(','),
  });
  for (const { data } of recordPackets({ id: ids.get('Tile') ?? 0, type: TileRecord, time }, records))
    spacecraft.packet(Apid.DP, data);
  spacecraft.boot();
  await until(() => gateway.value.status.spacecraft === 'match');
  const lose = async () => {
    await end();
    await until(() => !gateway.value.status.link.up);
  };
  return { folder, asked, lose, at: `127.0.0.1:${server.value.port}` };
}

/** A survey that says Forest at the first tile, and nothing of the others. */
function context(more: object = {}): string {
  place.write('points.csv', 'latitude,longitude,class\n45,15,Forest\n');
  return place.write('context.json', {
    format: 'perigee-context/1',
    sources: [{ name: 'survey', kind: 'points', file: 'points.csv', weight: 1 }],
    ...more,
  });
}
const book = () => join(place.folder, 'pass.json');
const records = [
  RECORD,
  { ...RECORD, tile: 2, latE6: 46_000_000 },
  { ...RECORD, tile: 0, latE6: 47_000_000 },
];

describe('perigee labels', () => {
  it('proposes, asks for the pictures of what is weak, takes decisions and packs the labels, every byte counted', async () => {
    const { folder, asked, at } = await station(records);
    const proposed = await perigee('propose', book(), '--recording', folder, '--context', context());
    expect(proposed).toMatchObject({ code: 0, err: '' });
    expect(proposed.out).toContain('2 tiles: 1 clear, 1 weak, 0 contradicted; pictures wanted: 1');
    // Three records and the heads of packet and space packet.
    expect(proposed.out).toMatch(/records down +3 +142 B/);

    const reviewed = await perigee('review', book(), '--gateway', at, '--quality', '35');
    expect(reviewed).toMatchObject({ code: 0, err: '' });
    expect(asked).toEqual([['SEND_THUMBNAIL', { tile: 2, quality: 35 }]]);
    expect(reviewed.out).toContain('pictures still wanted: 0');
    expect(readFileSync(join(place.folder, 'pass.html'), 'utf8')).toContain(
      Buffer.from(webp).toString('base64'),
    );
    const seen = readBook(book());
    expect(seen).toMatchObject({
      value: {
        up: { commands: 1, commandBytes: 6 + 8 + 6 + 5 },
        thumbnails: [{ tile: 2, quality: 35, webp }],
      },
    });

    const approved = await perigee(
      'approve',
      book(),
      '--by',
      'ada',
      '--class',
      'Forest',
      '--tile',
      '2=River',
      '--reference-share',
      '0',
    );
    expect(approved).toMatchObject({ code: 0, out: '2 labels (0 for reference), 0 tiles without, by ada\n' });
    const file = join(place.folder, 'up.labels');
    const packed = await perigee('uplink', book(), '--write', file, '--json');
    expect(packed.code).toBe(0);
    const labels = readLabels(readFileSync(file), 'up');
    expect(labels).toMatchObject({
      value: {
        name: 'pass',
        model: 'land-cover',
        entries: [
          { tile: 1, says: 0 },
          { tile: 2, says: 1 },
        ],
      },
    });
    // What was counted live is what the recording holds.
    const again = await perigee('propose', book(), '--recording', folder, '--context', context(), '--json');
    expect(JSON.parse(again.out)).toMatchObject({
      tiles: 2,
      ledger: { thumbnails: 1, labels: 2, rawBytes: 24_576 },
    });
    const fresh = join(place.folder, 'fresh.json');
    await perigee('propose', fresh, '--recording', folder, '--context', context());
    expect(readBook(fresh)).toMatchObject({ value: { down: seen.ok && seen.value.down } });
  });

  it('prints the sequence where no gateway is, and takes pictures from a recording', async () => {
    const { folder } = await station(records);
    await perigee('propose', book(), '--recording', folder, '--context', context());
    const reviewed = await perigee('review', book(), '--gateway', '127.0.0.1:1', '--recording', folder);
    expect(reviewed).toMatchObject({ code: 0, err: '' });
    // Up to the table; its first line is a comment.
    const sequence = reviewed.out.slice(0, reviewed.out.indexOf('    tile state'));
    const compiled = compileYaml(sequence, withArchive().dictionary, 'thumbnails');
    expect(compiled).toMatchObject({
      ok: true,
      value: { name: 'thumbnails', steps: [{ op: 'command', onFail: 'continue' }] },
    });
    if (compiled.ok)
      expect(listSequence(compiled.value, withArchive().dictionary).join()).toMatch(/SEND_THUMBNAIL.*2.*40/);
    expect(reviewed.out).toContain('pictures still wanted: 1');
  });

  it('prints the sequence where the gateway has no link, and sends nothing', async () => {
    const { folder, asked, at, lose } = await station(records);
    await perigee('propose', book(), '--recording', folder, '--context', context());
    await lose();
    const reviewed = await perigee('review', book(), '--gateway', at);
    expect(reviewed).toMatchObject({ code: 0, err: '' });
    expect(reviewed.out).toMatch(/this sequence asks for the pictures\nname: thumbnails/);
    expect(asked).toEqual([]);
    const file = join(place.folder, 'ask.yaml');
    await perigee('review', book(), '--gateway', at, '--sequence', file);
    expect(readFileSync(file, 'utf8')).toMatch(/^name: thumbnails/);
  });

  it('refuses records of another dictionary or other classes, and leaves the book as it was', async () => {
    const { folder } = await station(records);
    await perigee('propose', book(), '--recording', folder, '--context', context());
    const before = readFileSync(book());
    const other = await station(records, 0x200, 'other');
    const refused = await perigee('propose', book(), '--recording', other.folder, '--context', context());
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(
      /other: it was made with dictionary \w+, the other records with \w+ +\[LABELS_RECORDING\]/,
    );
    const asked = await perigee('review', book(), '--gateway', other.at);
    expect(asked).toMatchObject({ code: 1 });
    expect(asked.err).toContain('its dictionary is');
    const classed = await perigee(
      'propose',
      join(place.folder, 'b.json'),
      '--recording',
      folder,
      '--context',
      context({ classes: ['River', 'Forest', 'SeaLake'] }),
    );
    expect(classed.err).toContain(
      'the record of tile 1 is of another model or other classes than land-cover: River',
    );
    expect(existsSync(join(place.folder, 'b.json'))).toBe(false);
    const renamed = await perigee(
      'propose',
      book(),
      '--recording',
      folder,
      '--context',
      context({ model: 'other' }),
    );
    expect(renamed.err).toContain('it is of land-cover: Forest, River, SeaLake');
    expect(JSON.parse(readFileSync(book(), 'utf8'))).toEqual(JSON.parse(before.toString()));
  });

  it('exits 2, says what is wrong, and changes nothing for other bad input', async () => {
    const none = await perigee('propose', book(), '--recording', place.folder, '--context', context());
    expect(none).toMatchObject({ code: 2 });
    expect(none.err).toContain('[RECORD_EMPTY]');
    place.write('pass.json', '{"format": "perigee-labels/1"}');
    expect((await perigee('review', book())).err).toMatch(
      /label book .*pass.json: .* is missing +\[LABELS_BOOK\]/,
    );
    expect((await perigee('approve', book(), '--by', 'ada', '--tile', '1')).code).toBe(2);
    expect((await perigee('uplink', book())).code).toBe(2);
    expect((await perigee('review', join(place.folder, 'none.json'))).err).toContain('There is no such file');
  });
});
