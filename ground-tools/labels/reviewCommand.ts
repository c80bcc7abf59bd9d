/** `perigee labels review`: asks for the pictures that are wanted, and shows what is known. */

import { type Failed, fail, type Result, succeed } from '../../fsw/errors';
import { encode } from '../../fsw/framework';
import { ProductChunk } from '../../fsw/products';
import { RECORD_PACKET_HEAD_LENGTH, SPACE_PACKET_HEADER_LENGTH } from '../../fsw/protocols';
import { writeWholeFile } from '../../fsw/wholeFile';
import { type Context, exit } from '../cli/context';
import { complain, type GroundOptions, type KeysOptions, readerOf, stopped } from '../cli/ground';
import { GatewayClient } from '../client/gatewayClient';
import { jsonText } from '../gateway/lines';
import type { ServerMessage } from '../gateway/messages';
import { chunkOf } from '../products/productFiles';
import type { Book, Thumbnail } from './book';
import { readBook, writeBook } from './bookFile';
import { Pictures, readRecording } from './downlinked';
import { ledgerOf, withCommand } from './ledger';
import { reviewPage } from './page';
import { tableLines, thumbnailSequence, wantedOf, withThumbnails } from './review';

export interface ReviewOptions extends GroundOptions, KeysOptions {
  readonly quality: number;
  readonly most: number;
  readonly rows: number;
  readonly page?: string;
  readonly seconds: number;
  /** Where the sequence goes when it can't be sent. */
  readonly sequence?: string;
  readonly recording?: readonly string[];
}

const COMMAND_TIMEOUT_MS = 30_000;

export async function review(context: Context, path: string, options: ReviewOptions): Promise<number> {
  const { json, most, quality, rows } = options;
  const read = readBook(path);
  const recorded = read.ok ? fromRecordings(read.value, options) : read;
  if (!recorded.ok) {
    complain(context, recorded.error, json);
    return exit.usage;
  }
  let book = recorded.value;
  const wanted = wantedOf(book).slice(0, most);
  let code: number = exit.ok;
  const tiles = wanted.map(({ tile }) => tile);
  if (wanted.length > 0) {
    const client = await GatewayClient.connect(options.gateway);
    const why = !client.ok
      ? client.error.text
      : client.value.status.link.up
        ? undefined
        : client.value.status.link.why;
    if (client.ok && why === undefined) {
      const asked = await ask(context, client.value, book, tiles, options);
      if (asked.ok) book = asked.value.book;
      if (!asked.ok) complain(context, asked.error, json);
      code = asked.ok && asked.value.whole ? exit.ok : exit.failed;
    } else giveSequence(context, thumbnailSequence(book.archive, tiles, quality), why ?? '', options);
    if (client.ok) client.value.close();
  }
  writeBook(path, book);
  const page = options.page ?? `${path.replace(/[.]json$/, '')}.html`;
  writeWholeFile(page, reviewPage(book));
  const still = wantedOf(book).length;
  if (json) {
    context.out.write(
      `${jsonText({ type: 'review', wanted: tiles, still, page, ledger: ledgerOf(book) })}\n`,
    );
  } else {
    for (const line of tableLines(book, rows)) context.out.write(`${line}\n`);
    context.out.write(`${page} written; pictures still wanted: ${still}\n`);
  }
  return code;
}

function giveSequence(
  { out }: Context,
  text: string,
  why: string,
  { sequence: file, json }: ReviewOptions,
): void {
  if (file !== undefined) writeWholeFile(file, text);
  if (json) return;
  if (file === undefined) out.write(`# ${why}: this sequence asks for the pictures\n${text}`);
  else out.write(`${why}: ${file} asks for the pictures\n`);
}

/** Errors: those of `readRecording`; LABELS_RECORDING when it was made with another dictionary. */
function fromRecordings(book: Book, options: ReviewOptions): Result<Book> {
  const { recording = [] } = options;
  const open = readerOf(options);
  if (!open.ok) return open;
  let [bytes, pictures]: [number, Thumbnail[]] = [0, []];
  for (const folder of recording) {
    const content = readRecording(folder, open.value);
    if (!content.ok) return content;
    const { dictionary, thumbnails, thumbnailBytes } = content.value;
    if (dictionary !== book.dictionary) return otherDictionary(folder, dictionary, book);
    bytes += thumbnailBytes;
    pictures = [...pictures, ...thumbnails];
  }
  return succeed(withThumbnails(book, pictures, Math.max(book.down.thumbnailBytes, bytes)));
}

function otherDictionary(folder: string, found: string, { dictionary }: Book): Failed {
  return fail('LABELS_RECORDING', { folder, why: `its dictionary is ${found}, the book's ${dictionary}` });
}

/**
 * Sends the commands one after the other and waits for the pictures; `whole` is false when the link or the gateway was lost
 * meanwhile. Errors: LABELS_RECORDING for another dictionary, those of the gateway before anything was sent.
 */
async function ask(
  context: Context,
  client: GatewayClient,
  book: Book,
  tiles: readonly number[],
  { quality, seconds, json }: ReviewOptions,
): Promise<Result<{ readonly book: Book; readonly whole: boolean }>> {
  const { dictionary } = client.status;
  if (dictionary !== book.dictionary) return otherDictionary(client.address, dictionary, book);
  const pictures = new Pictures();
  const waiting = new Set(tiles);
  let bytes = 0;
  let done: () => void = () => undefined;
  const all = new Promise<void>((resolve) => {
    done = resolve;
  });
  client.onMessage((message: ServerMessage) => {
    if (message.type !== 'records' || message.name !== `${book.deployment}.${book.archive}.Chunk`) return;
    for (const record of message.records) {
      const chunk = chunkOf(record as Readonly<Record<string, unknown>>);
      if (chunk === undefined) continue;
      bytes += SPACE_PACKET_HEADER_LENGTH + RECORD_PACKET_HEAD_LENGTH + encode(ProductChunk, chunk).length;
      const picture = pictures.add(chunk);
      if (picture !== undefined) waiting.delete(picture.tile);
      if (waiting.size === 0) done();
    }
  });
  const known = await client.dictionary();
  if (!known.ok) return known;
  const subscribed = await client.subscribe('json', ['records']);
  if (!subscribed.ok) return subscribed;
  let up = book.up;
  let whole = true;
  for (const tile of tiles) {
    const name = `${book.archive}.SEND_THUMBNAIL`;
    const args = { tile, quality };
    const outcome = await client.command(name, args, COMMAND_TIMEOUT_MS);
    if (!outcome.ok) {
      complain(context, outcome.error, json);
      whole = false;
      break;
    }
    up = withCommand(up, known.value, name, args, outcome.value.sent);
    if (outcome.value.outcome === 'completed') continue;
    const { outcome: how, reason } = outcome.value;
    // A tile that made room for others is no reason to stop; of an unknown outcome a picture may come.
    if (how !== 'unknown') waiting.delete(tile);
    complain(
      context,
      fail('LABELS_DECISION', { what: `tile ${tile}`, why: `${how}: ${reason}` }).error,
      json,
    );
    whole = how !== 'link-down';
    if (!whole) break;
  }
  if (whole && waiting.size > 0) await stopped(context, seconds * 1000, all);
  const came = withThumbnails(book, pictures.whole(), book.down.thumbnailBytes + bytes);
  return succeed({ book: { ...came, up }, whole });
}
