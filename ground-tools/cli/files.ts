/** `perigee upload` and `download`: files by F´ file packets, what got lost sent again. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';
import type { Dictionary } from '../../fsw/framework/dictionary';
import { Apid, SPACE_PACKET_HEADER_LENGTH } from '../../fsw/protocols';
import { GatewayClient } from '../client/gatewayClient';
import { FileDownloads } from '../files/fileDownload';
import { FileUpload } from '../files/fileUpload';
import { apidOf, jsonText } from '../gateway/lines';
import { type Context, exit } from './context';
import { complain, type GroundOptions, withGateway } from './ground';

export interface FileOptions extends GroundOptions {
  /** Seconds without a word from the spacecraft after which it is given up. */
  readonly timeout: number;
}

/** Silence after which what waits for an answer is sent again, ms. */
const REPEAT_MS = 2_000;
/** Ranges of one file that are asked for again at once. */
const MAX_PARTS = 8;

/** Sends a file up and returns when the spacecraft has confirmed it. */
export function upload(
  context: Context,
  file: string,
  destination: string,
  options: FileOptions,
): Promise<number> {
  return withGateway(context, options, async (client) => {
    let handle: number;
    let size: number;
    try {
      handle = openSync(file, 'r');
      size = statSync(file).size;
    } catch (error) {
      complain(
        context,
        fail('FILE_FAILED', { path: file, why: (error as Error).message }).error,
        options.json,
      );
      return exit.usage;
    }
    const read = (offset: number, into: Uint8Array) => void readSync(handle, into, 0, into.length, offset);
    const sent = await uploadBytes(
      client,
      { size, read, source: basename(file), destination },
      options.timeout,
    );
    closeSync(handle);
    return reportUpload(context, file, sent, options.json);
  });
}

export interface Uploaded {
  readonly outcome: 'received' | 'failed' | 'unknown' | 'link-down';
  /** Where it is on board, or why it is not known to be there. */
  readonly text: string;
  readonly sentBytes: number;
  /** Of the space packets that carried it. */
  readonly packetBytes: number;
}

export function reportUpload(context: Context, file: string, uploaded: Uploaded, json = false): number {
  const { outcome, text, sentBytes } = uploaded;
  if (json) context.out.write(`${jsonText({ type: 'upload', file, outcome, text, sentBytes })}\n`);
  else if (outcome === 'received')
    context.out.write(`${file} is on board as ${text} (${sentBytes} bytes sent)\n`);
  else context.err.write(`${file}: ${outcome}: ${text}\n`);
  return { received: exit.ok, failed: exit.failed, unknown: exit.unknown, 'link-down': exit.linkDown }[
    outcome
  ];
}

/** Sends one file up through a gateway until it is confirmed, refused, or nothing was heard for `timeoutS`. */
export async function uploadBytes(
  client: GatewayClient,
  file: ConstructorParameters<typeof FileUpload>[0],
  timeoutS: number,
): Promise<Uploaded> {
  const unsent = { outcome: 'link-down', sentBytes: 0, packetBytes: 0 } as const;
  if (!client.status.link.up) return { ...unsent, text: client.status.link.why };
  const upload = new FileUpload(file);
  let heardMs = performance.now();
  let wake: () => void = () => undefined;
  client.onMessage((message) => {
    if (message.type === 'error') return;
    if (message.type !== 'event') return;
    const name = message.name.slice(message.name.lastIndexOf('.') + 1);
    const before = upload.status;
    upload.hear({ name, args: message.args });
    if (/^(Upload|File|InvalidReceiveMode|UplinkCanceled)/.test(name) || upload.status !== before) {
      heardMs = performance.now();
      wake();
    }
  });
  const subscribed = await client.subscribe('json', ['event']);
  if (!subscribed.ok) return { ...unsent, text: subscribed.error.text };
  let packetBytes = 0;
  while (upload.status.kind === 'under-way') {
    const packet = upload.next();
    if (packet === undefined) {
      const silent = await silence(REPEAT_MS, (go) => {
        wake = go;
      });
      if (performance.now() - heardMs > timeoutS * 1000) {
        const text = `nothing heard for ${timeoutS} s`;
        return { outcome: 'unknown', text, sentBytes: upload.sentBytes, packetBytes };
      }
      if (silent) upload.again();
      continue;
    }
    if (!packet.ok) break;
    const sent = await client.sendPacket(Apid.FILE, packet.value);
    packetBytes += SPACE_PACKET_HEADER_LENGTH + packet.value.length;
    if (!sent.ok)
      return { outcome: 'unknown', text: sent.error.text, sentBytes: upload.sentBytes, packetBytes };
  }
  const { status, sentBytes } = upload;
  if (status.kind === 'received') return { outcome: 'received', text: status.path, sentBytes, packetBytes };
  const text = status.kind === 'failed' ? status.reason : '';
  return { outcome: 'failed', text, sentBytes, packetBytes };
}

/** Waits until woken (false), or for the time (true). */
function silence(ms: number, onWake: (wake: () => void) => void): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(true), ms);
    onWake(() => {
      clearTimeout(timer);
      resolve(false);
    });
  });
}

export interface DownloadOptions extends FileOptions {
  readonly out: string;
}

/** Asks for a file, puts it together, asks again for what is missing, and returns when it is whole. */
export function download(context: Context, source: string, options: DownloadOptions): Promise<number> {
  return withGateway(context, options, async (client) => {
    const failed = (error: Parameters<typeof complain>[1], code: number) => {
      complain(context, error, options.json);
      return code;
    };
    const dictionary = await client.dictionary();
    if (!dictionary.ok) return failed(dictionary.error, exit.linkDown);
    const command = commandNamed(dictionary.value, 'SendFile');
    if (!command.ok) return failed(command.error, exit.usage);
    const packets = await GatewayClient.connect(options.gateway);
    if (!packets.ok) return failed(packets.error, exit.linkDown);
    try {
      return await receive(context, client, packets.value, source, command.value, options);
    } finally {
      packets.value.close();
    }
  });
}

async function receive(
  context: Context,
  commands: GatewayClient,
  packets: GatewayClient,
  source: string,
  sendFile: string,
  options: DownloadOptions,
): Promise<number> {
  const { timeout, out, json } = options;
  const destination = basename(source);
  const downloads = new FileDownloads(out);
  let heardMs = performance.now();
  let whole: { readonly path: string; readonly size: number } | undefined;
  let wake: () => void = () => undefined;
  const askFor = async (missing: readonly { readonly start: number; readonly end: number }[]) => {
    const part = sendFile.replace(/SendFile$/, 'SendPartial');
    for (const { start, end } of missing.slice(0, MAX_PARTS)) {
      const args = {
        sourceFilename: source,
        destFilename: destination,
        startOffset: start,
        length: end - start,
      };
      await commands.command(part, args, timeout * 1000);
    }
  };
  packets.onEntry(({ bytes }) => {
    if (apidOf(bytes) !== Apid.FILE) return;
    heardMs = performance.now();
    const taken = downloads.take(bytes.subarray(SPACE_PACKET_HEADER_LENGTH));
    if (!taken.ok || taken.value === undefined) return;
    const event = taken.value;
    if (event.kind === 'complete' && event.source === source) {
      whole = event;
      wake();
    }
    if (event.kind === 'incomplete') void askFor(event.missing);
  });
  const subscribed = await packets.subscribe('packets');
  if (!subscribed.ok) return exit.linkDown;
  const asked = await commands.command(
    sendFile,
    { sourceFilename: source, destFilename: destination },
    timeout * 1000,
  );
  if (!asked.ok) return exit.unknown;
  const { outcome, status, reason } = asked.value;
  if (outcome !== 'completed' && outcome !== 'unknown') {
    complain(context, fail('FILE_FAILED', { path: source, why: `${status} ${reason}` }).error, json);
    return outcome === 'link-down' ? exit.linkDown : exit.failed;
  }
  while (whole === undefined && performance.now() - heardMs < timeout * 1000) {
    const silent = await silence(REPEAT_MS, (go) => {
      wake = go;
    });
    // The end itself may have been lost.
    const open = downloads.incomplete.find((one) => one.source === source);
    if (silent && open) void askFor(open.missing.length > 0 ? open.missing : [{ start: 0, end: open.size }]);
  }
  if (whole === undefined) {
    complain(
      context,
      fail('FILE_FAILED', { path: source, why: `nothing heard for ${timeout} s` }).error,
      json,
    );
    return exit.unknown;
  }
  const { path, size } = whole;
  if (json) context.out.write(`${jsonText({ type: 'download', source, path, size })}\n`);
  else context.out.write(`${source} is in ${out} as ${path} (${size} bytes)\n`);
  return exit.ok;
}

/** The one command with this local name, whatever its instance is called. Errors: LINK_UNKNOWN_COMMAND. */
export function commandNamed(dictionary: Dictionary, local: string): Result<string> {
  const entry = dictionary.commands.find((command) => command.local === local);
  if (entry) return succeed(entry.name);
  return fail('LINK_UNKNOWN_COMMAND', { name: local, nearest: 'nothing: the mission has no such component' });
}
