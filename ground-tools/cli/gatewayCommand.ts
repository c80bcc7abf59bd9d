/** `perigee gateway`: keeps the link, records it, and serves it until Ctrl-C. */
import { resolve } from 'node:path';
import { parseLink } from '../../fsw/links/linkSpec';
import type { HeaderMask } from '../../fsw/protocols/sdls';
import { dictionaryFromJson } from '../client/dictionaryFile';
import { Gateway } from '../gateway/gateway';
import { jsonText } from '../gateway/lines';
import type { Status } from '../gateway/messages';
import type { FsyncPolicy } from '../gateway/recorder';
import { serveGateway } from '../gateway/server';
import { type Context, exit } from './context';
import { complain, dictionaryText, stopped } from './ground';
import { paint } from './screen';

export interface GatewayCommandOptions {
  readonly link: string;
  readonly dictionary: string;
  readonly port: number;
  /** Folder, or false for none. */
  readonly record: string | false;
  readonly fsync: FsyncPolicy;
  readonly strict?: boolean;
  readonly sender?: number;
  /** Folder of the ground's keys. */
  readonly keys?: string;
  readonly headerMask?: HeaderMask;
  readonly coding?: string;
  readonly frameLength?: number;
  readonly json?: boolean;
}

export async function gatewayCommand(context: Context, options: GatewayCommandOptions): Promise<number> {
  const { json, port, fsync, strict, sender, keys, headerMask, coding, frameLength } = options;
  const failed = (error: Parameters<typeof complain>[1], code: number) => {
    complain(context, error, json);
    return code;
  };
  const link = parseLink(options.link);
  if (!link.ok) return failed(link.error, exit.usage);
  const text = await dictionaryText(context, options.dictionary);
  if (!text.ok) return failed(text.error, exit.usage);
  const dictionary = dictionaryFromJson(text.value, options.dictionary);
  if (!dictionary.ok) return failed(dictionary.error, exit.usage);
  const gateway = await Gateway.open({
    link: link.value,
    dictionary: dictionary.value,
    dictionaryText: text.value,
    ...(options.record !== false && { record: resolve(options.record) }),
    fsync,
    strict,
    sender,
    keys,
    headerMask,
    coding,
    frameLength,
  });
  if (!gateway.ok) return failed(gateway.error, exit.failed);
  const server = await serveGateway(gateway.value, port);
  if (!server.ok) {
    await gateway.value.close();
    return failed(server.error, exit.failed);
  }
  const address = `127.0.0.1:${server.value.port}`;
  const say = (status: Status, type = 'status') =>
    context.out.write(
      json ? `${jsonText({ type, address, ...status })}\n` : `${statusText(status, address, context)}\n`,
    );
  say(gateway.value.status, 'listening');
  gateway.value.onStatus((status) => say(status));
  await stopped(context);
  await server.value.close();
  await gateway.value.close();
  return exit.ok;
}

function statusText(status: Status, address: string, { out }: Context): string {
  const { link, spacecraft, recording, recordingFault, security } = status;
  const up = link.up ? paint(out, 'green', 'link up') : paint(out, 'yellow', `link down (${link.why})`);
  const flies = {
    match: `the spacecraft flies our dictionary ${status.dictionary}`,
    unknown: 'the spacecraft has not said which dictionary it flies',
    mismatch: paint(
      out,
      'red',
      `the spacecraft flies dictionary ${status.spacecraftDictionary}, this is ${status.dictionary}: no commands`,
    ),
  }[spacecraft];
  const kept = recording ? `recording in ${recording}` : 'not recording';
  const fault = recordingFault === undefined ? '' : `  ${paint(out, 'red', recordingFault)}`;
  const kind = security?.keys ? 'secured' : 'in clear';
  const refused =
    security?.why === undefined ? '' : paint(out, 'red', `, frames are refused: ${security.why}`);
  return `gateway ${address}  ${link.spec}  ${up}, ${kind}${refused}; ${flies}; ${kept}${fault}`;
}
