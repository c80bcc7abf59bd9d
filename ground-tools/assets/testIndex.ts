/** A package index for tests, on 127.0.0.1, and archives to put into it. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';

/** A member of a test archive; `type` and `mode` say what else than a plain file it is. */
export interface Member {
  readonly path: string;
  readonly text?: string;
  /** Tar: `5` folder, `2` symbolic link, `x` pax header … */
  readonly type?: string;
  /** Zip: the Unix mode. */
  readonly mode?: number;
}

export function tarGz(members: readonly Member[]): Buffer {
  const blocks = members.flatMap(({ path, text = '', type = '0' }) => {
    const body = Buffer.from(text);
    const header = Buffer.alloc(512);
    header.write(path, 0);
    header.write('0000644\0', 100);
    header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write(`        ${type}`, 148);
    header.write('ustar\x0000', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

export function zip(members: readonly Member[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { path, text = '', mode = 0o100644 } of members) {
    const name = Buffer.from(path);
    const body = Buffer.from(text);
    const packed = deflateRawSync(body);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(body), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(body.length, 18);
    common.writeUInt16LE(name.length, 22);
    const entry = Buffer.alloc(14);
    entry.writeUInt16LE(mode, 8);
    entry.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x03', 'latin1'), common, entry, name);
    const local = [Buffer.from('PK\x03\x04'), common, name, packed];
    locals.push(...local);
    offset += Buffer.concat(local).length;
  }
  const table = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(table.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, table, end]);
}

export interface TestIndex {
  /** `http://127.0.0.1:PORT/` */
  readonly url: string;
  /** `GET /path [range]` of each request. */
  readonly asked: string[];
  /** Bodies by path: text is a page, of this type; bytes a file, with ranges. */
  readonly pages: Map<string, { readonly type: string; readonly body: string } | Buffer>;
  /** Each file is cut off after as many bytes, until the list is empty. */
  readonly cuts: number[];
  /** Serves whole files whatever range is asked for. */
  ranges: boolean;
  /** Takes requests, and never answers. */
  mute: boolean;
  close(): Promise<void>;
}

export async function testIndex(): Promise<TestIndex> {
  const server = createServer((request, response) => serve(index, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const index: TestIndex = {
    url: `http://127.0.0.1:${port}/`,
    asked: [],
    pages: new Map(),
    cuts: [],
    ranges: true,
    mute: false,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return index;
}

function serve(index: TestIndex, request: IncomingMessage, response: ServerResponse): void {
  const { url = '', headers } = request;
  const login = headers.authorization ? ` ${headers.authorization}` : '';
  index.asked.push(`${url}${headers.range ? ` ${headers.range}` : ''}${login}`);
  if (index.mute) return;
  const page = index.pages.get(url);
  if (page === undefined) response.writeHead(404).end('no such page');
  else if (!Buffer.isBuffer(page)) response.writeHead(200, { 'content-type': page.type }).end(page.body);
  else serveFile(index, page, headers.range, response);
}

function serveFile(
  index: TestIndex,
  file: Buffer,
  range: string | undefined,
  response: ServerResponse,
): void {
  const first = index.ranges ? Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0) : 0;
  if (first > 0 && first >= file.length) {
    response.writeHead(416, { 'content-range': `bytes */${file.length}` }).end();
    return;
  }
  const rest = file.subarray(first);
  const ranged = first > 0 ? { 'content-range': `bytes ${first}-${file.length - 1}/${file.length}` } : {};
  response.writeHead(first > 0 ? 206 : 200, { ...ranged, 'content-length': rest.length });
  const cut = index.cuts.shift();
  if (cut === undefined) response.end(rest);
  else response.write(rest.subarray(0, cut), () => response.destroy());
}
