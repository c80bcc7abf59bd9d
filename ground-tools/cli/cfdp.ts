/** `perigee upload --cfdp` and `download --cfdp`: files that go on over passes, days, and killed processes. */
import { statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { type Fault, fail, type Result } from '../../fsw/errors';
import { CfdpStation } from '../cfdp/station';
import { downloadFile, type TransferOptions, type Transferred, uploadFile } from '../cfdp/transfers';
import type { GatewayClient } from '../client/gatewayClient';
import { jsonText } from '../gateway/lines';
import { type Context, exit } from './context';
import { commandNamed, type FileOptions } from './files';
import { complain, stopped, withGateway } from './ground';

export interface CfdpOptions extends FileOptions {
  readonly class: '1' | '2';
  readonly state: string;
  readonly entity: number;
  readonly peer: number;
  readonly rate: number;
}

export function cfdpUpload(
  context: Context,
  file: string,
  destination: string,
  options: CfdpOptions,
): Promise<number> {
  return withGateway(context, options, async (client) => {
    if (!isFile(file)) {
      complain(context, fail('FILE_MISSING', { path: file }).error, options.json);
      return exit.usage;
    }
    return transfer(context, client, options, { type: 'upload', file, path: destination }, (station, how) =>
      uploadFile(station, file, destination, how),
    );
  });
}

export function cfdpDownload(
  context: Context,
  source: string,
  file: string | undefined,
  options: CfdpOptions & { readonly out: string },
): Promise<number> {
  return withGateway(context, options, async (client) => {
    const dictionary = await client.dictionary();
    const command = dictionary.ok ? commandNamed(dictionary.value, 'SEND_FILE') : dictionary;
    if (!command.ok) {
      complain(context, command.error, options.json);
      return dictionary.ok ? exit.usage : exit.linkDown;
    }
    const into = resolve(file ?? join(options.out, basename(source)));
    return transfer(
      context,
      client,
      options,
      { type: 'download', file: into, path: source },
      (station, how) => downloadFile(station, command.value, source, into, how),
    );
  });
}

interface What {
  readonly type: 'upload' | 'download';
  readonly file: string;
  readonly path: string;
}

async function transfer(
  context: Context,
  client: GatewayClient,
  options: CfdpOptions,
  what: What,
  work: (station: CfdpStation, how: TransferOptions) => Promise<Result<Transferred>>,
): Promise<number> {
  const { json, timeout, entity } = options;
  const failed = (error: Fault, code: number = exit.failed) => {
    complain(context, error, json);
    return error.code === 'GATEWAY_CLOSED' ? exit.linkDown : code;
  };
  const { link, deployment } = client.status;
  if (!link.up) return failed(fail('LINK_DOWN', { why: link.why }).error, exit.linkDown);
  // A transfer is of one spacecraft: that of another never goes on here.
  const station = await CfdpStation.open(client, {
    ...options,
    state: join(options.state, `${deployment}-${entity}`),
  });
  if (!station.ok) return failed(station.error);
  let isStopped = false;
  let end: () => void = () => undefined;
  const ended = new Promise<void>((done) => {
    end = done;
  });
  void stopped(context, undefined, ended).then(() => {
    isStopped = true;
  });
  const line = progressLine(context, what.file, json);
  try {
    const done = await work(station.value, {
      acknowledged: options.class === '2',
      timeoutS: timeout,
      onProgress: line.show,
      isStopped: () => isStopped,
    });
    line.end();
    return done.ok ? report(context, what, done.value, json) : failed(done.error);
  } finally {
    end();
    station.value.close();
  }
}

function report(context: Context, { type, file, path }: What, done: Transferred, json = false): number {
  const { outcome, text, id, size, resumed } = done;
  const transaction = id && `${id.source}-${id.sequence}`;
  if (json)
    context.out.write(`${jsonText({ type, file, path, outcome, text, transaction, size, resumed })}\n`);
  else if (outcome !== 'done') context.err.write(`${file}: ${outcome}: ${text}\n`);
  else if (type === 'upload') context.out.write(`${file} is on board as ${path} (${size} bytes)\n`);
  else context.out.write(`${path} is in ${file} (${size} bytes)\n`);
  return {
    done: exit.ok,
    failed: exit.failed,
    unknown: exit.unknown,
    'link-down': exit.linkDown,
    interrupted: exit.interrupted,
  }[outcome];
}

/** One line, redrawn on a terminal; elsewhere one for each tenth. Nothing with JSON. */
function progressLine({ err }: Context, file: string, json = false) {
  let said = -1;
  return {
    show(bytes: number, of: number) {
      if (json || of === 0) return;
      const percent = Math.floor((100 * bytes) / of);
      const step = err.isTTY ? percent : Math.floor(percent / 10);
      if (step === said) return;
      said = step;
      const text = `${basename(file)}  ${percent}%  ${bytes} of ${of} bytes`;
      err.write(err.isTTY ? `\r${text.slice(0, 79)}\x1b[K` : `${text}\n`);
    },
    end() {
      if (said >= 0 && err.isTTY) err.write('\n');
    },
  };
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
