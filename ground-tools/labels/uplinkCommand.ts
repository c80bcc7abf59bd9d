/** `perigee labels uplink`: the label file goes up and is taken; then what all of it cost. */
import { fail } from '../../fsw/errors';
import { LABEL_FILE_EXTENSION } from '../../fsw/learning';
import { writeWholeFile } from '../../fsw/wholeFile';
import { type Context, exit } from '../cli/context';
import { commandNamed, reportUpload, uploadBytes } from '../cli/files';
import { complain, type GroundOptions, withGateway } from '../cli/ground';
import type { GatewayClient } from '../client/gatewayClient';
import { jsonText } from '../gateway/lines';
import type { Book } from './book';
import { readBook, writeBook } from './bookFile';
import { ledgerLines, ledgerOf, withCommand } from './ledger';
import { type Packed, packLabels } from './uplink';

export interface UplinkOptions extends GroundOptions {
  readonly name?: string;
  readonly all?: boolean;
  readonly write?: string;
  readonly timeout: number;
}

export async function uplink(
  context: Context,
  path: string,
  options: UplinkOptions & { readonly name: string },
): Promise<number> {
  const { name, all = false, write, json } = options;
  const book = readBook(path);
  if (!book.ok) {
    complain(context, book.error, json);
    return exit.usage;
  }
  const packed = packLabels(book.value, { name, all });
  if (!packed.ok) {
    complain(context, packed.error, json);
    return exit.usage;
  }
  if (write !== undefined) {
    writeWholeFile(write, packed.value.bytes);
    report(context, { book: book.value, packed: packed.value, file: write }, json);
    return exit.ok;
  }
  return withGateway(context, options, (client) =>
    send(context, client, path, book.value, packed.value, options),
  );
}

async function send(
  context: Context,
  client: GatewayClient,
  path: string,
  book: Book,
  packed: Packed,
  { name, timeout, json }: UplinkOptions & { readonly name: string },
): Promise<number> {
  const failed = (error: Parameters<typeof complain>[1], code: number) => {
    complain(context, error, json);
    return code;
  };
  const dictionary = await client.dictionary();
  if (!dictionary.ok) return failed(dictionary.error, exit.linkDown);
  // Asked before anything goes up: a mission without a tuner has no use for the file.
  const take = commandNamed(dictionary.value, 'TAKE_LABELS');
  if (!take.ok) return failed(take.error, exit.usage);
  const at = new Date().toISOString();
  const destination = `labels/${name}${LABEL_FILE_EXTENSION}`;
  const { bytes } = packed;
  const read = (offset: number, into: Uint8Array) => into.set(bytes.subarray(offset, offset + into.length));
  const sent = await uploadBytes(client, { size: bytes.length, read, source: name, destination }, timeout);
  const { sha256, labels } = packed;
  const went = { name: sent.text, sha256, labels, fileBytes: bytes.length, sentBytes: sent.packetBytes, at };
  const withIt = (taken: boolean): Book => ({ ...book, uplinks: [...book.uplinks, { ...went, taken }] });
  writeBook(path, withIt(false));
  const code = reportUpload(context, destination, sent, json);
  if (code !== exit.ok) return code;
  const ended = await client.command(take.value, { path: sent.text }, timeout * 1000);
  if (!ended.ok) return failed(ended.error, exit.unknown);
  const { outcome, reason, sent: times } = ended.value;
  const up = withCommand(book.up, dictionary.value, take.value, { path: sent.text }, times);
  const now = { ...withIt(outcome === 'completed'), up };
  writeBook(path, now);
  if (outcome !== 'completed')
    return failed(
      fail('LABELS_DECISION', { what: destination, why: `${outcome}: ${reason}` }).error,
      outcome === 'unknown' ? exit.unknown : outcome === 'link-down' ? exit.linkDown : exit.failed,
    );
  report(context, { book: now, packed, file: sent.text }, json);
  return exit.ok;
}

function report(
  { out }: Context,
  { book, packed, file }: { readonly book: Book; readonly packed: Packed; readonly file: string },
  json = false,
): void {
  const { labels, reference, bytes, sha256 } = packed;
  const ledger = ledgerOf(book);
  if (json) {
    const said = { type: 'uplink', file, labels, reference, bytes: bytes.length, sha256, ledger };
    out.write(`${jsonText(said)}\n`);
    return;
  }
  out.write(`${file}: ${labels} labels (${reference} for reference) in ${bytes.length} bytes\n`);
  for (const line of ledgerLines(ledger)) out.write(`${line}\n`);
}
