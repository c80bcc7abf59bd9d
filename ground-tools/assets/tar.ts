/** Reads tar files (POSIX ustar and pax, GNU long names) as a stream: plain files and folders, nothing that links. */
import { ArchiveError, type Entry } from './archive';

const BLOCK = 512;

/** The entries of a tar stream, in order. Throws `ArchiveError` when it is cut short or is no tar file. */
export async function* tarEntries(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Entry> {
  const reader = new Reader(stream);
  let longName: string | undefined;
  for (;;) {
    const header = await reader.take(BLOCK);
    if (header.every((byte) => byte === 0)) return;
    checkSum(header);
    const size = numberOf(header.subarray(124, 136));
    const padding = (BLOCK - (size % BLOCK)) % BLOCK;
    const type = String.fromCharCode(header[156] || 0x30);
    // A pax header or a GNU long name belongs to the entry after it; `g` holds for all of them, and has nothing for us.
    if (type === 'x' || type === 'L') {
      const body = Buffer.from(await reader.take(size)).toString('utf8');
      longName = type === 'L' ? body.replace(/\0.*$/s, '') : (paxPath(body) ?? longName);
      await reader.take(padding);
      continue;
    }
    const path = longName ?? nameOf(header);
    longName = undefined;
    if (type === 'g') {
      await reader.take(size + padding);
      continue;
    }
    if (type !== '0' && type !== '5') throw new ArchiveError(`${path} is of type ${type}, no file or folder`);
    const data = reader.pass(size);
    yield { path, kind: type === '5' ? 'folder' : 'file', data };
    for await (const _ of data); // What the consumer left.
    await reader.take(padding);
  }
}

function nameOf(header: Uint8Array): string {
  const name = text(header.subarray(0, 100));
  const ustar = text(header.subarray(257, 262)) === 'ustar' && header[262] === 0;
  const prefix = ustar ? text(header.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** The `path` of a pax header, whose records are `LENGTH KEY=VALUE\n`. */
function paxPath(body: string): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(body)?.[1];
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8').replace(/\0.*$/s, '');
}

/** Octal digits; or, with the first bit set, a big-endian number. */
function numberOf(field: Uint8Array): number {
  if ((field[0] ?? 0) & 0x80) return field.subarray(4).reduce((sum, byte) => sum * 256 + byte, 0);
  const digits = text(field).trim();
  if (!/^[0-7]*$/.test(digits)) throw new ArchiveError('a header is damaged');
  return Number.parseInt(digits || '0', 8);
}

/** The header's bytes add up to the number it states, its own field counted as blanks. */
function checkSum(header: Uint8Array): void {
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  if (sum !== numberOf(header.subarray(148, 156))) throw new ArchiveError('a header is damaged');
}

/** Cuts a stream of chunks into pieces of stated sizes. */
class Reader {
  private readonly chunks: AsyncIterator<Uint8Array>;
  private rest: Uint8Array = new Uint8Array(0);

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.chunks = stream[Symbol.asyncIterator]();
  }

  async take(size: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for await (const part of this.pass(size)) parts.push(part);
    return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
  }

  async *pass(size: number): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0; ) {
      if (this.rest.length === 0) {
        const { done, value } = await this.chunks.next();
        if (done) throw new ArchiveError('it is cut short');
        this.rest = value;
      }
      const part = this.rest.subarray(0, left);
      this.rest = this.rest.subarray(part.length);
      left -= part.length;
      yield part;
    }
  }
}
