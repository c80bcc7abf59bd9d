/** `perigee record` and `replay`: what a gateway receives into a folder, and a folder through the same decoder. */
import { type Fault, fail } from '../../fsw/errors';
import { parseCoding } from '../../fsw/protocols';
import { dictionaryFromJson } from '../client/dictionaryFile';
import { apidOf, lineWriter, messageOf } from '../gateway/lines';
import { Recorder, UNREAD_APID } from '../gateway/recorder';
import { type Damage, packetsIn, recordedDictionary, segmentsOf } from '../gateway/recording';
import { tmReader } from '../link/tmReader';
import { type Context, exit } from './context';
import {
  complain,
  follow,
  type GroundOptions,
  type KeysOptions,
  lineOf,
  loadDictionary,
  Refusals,
  readerOf,
  withGateway,
} from './ground';

export interface RecordOptions extends GroundOptions, KeysOptions {
  readonly seconds?: number;
}

/**
 * Records what the gateway receives from now on, until Ctrl-C. Without keys a secured link is recorded all the same,
 * but what is in it is found only by reading all of it.
 */
export function record(context: Context, folder: string, options: RecordOptions): Promise<number> {
  const open = readerOf(options);
  if (!open.ok) {
    complain(context, open.error, options.json);
    return Promise.resolve(exit.usage);
  }
  return withGateway(context, options, async (client) => {
    const text = await client.dictionaryText();
    if (!text.ok) return exit.linkDown;
    const { dictionary: hash, deployment, link, coding, frameLength } = client.status;
    const parsed = coding === undefined ? undefined : parseCoding(coding);
    let apids = new Set<number>();
    const reader = tmReader(
      { frameLength, coding: parsed?.ok ? parsed.value : undefined, open: open.value?.openTm },
      { onPacket: (packet) => apids.add(apidOf(packet)) },
    );
    if (!reader.ok) {
      complain(context, reader.error, options.json);
      return exit.failed;
    }
    const opened = Recorder.open({
      folder,
      dictionary: { hash, text: text.value },
      about: { link: link.spec, deployment, coding, frameLength, gateway: client.address },
    });
    if (!opened.ok) {
      complain(context, opened.error, options.json);
      return exit.failed;
    }
    const recorder = opened.value;
    let failed = false;
    client.onEntry(({ at, bytes }) => {
      const { refused } = reader.value.counts;
      reader.value.push(bytes);
      if (reader.value.counts.refused > refused) apids.add(UNREAD_APID);
      const appended = recorder.append({
        direction: 'received',
        atMs: at,
        apids: [...apids],
        payload: bytes,
      });
      apids = new Set();
      if (!appended.ok && !failed) complain(context, appended.error, options.json);
      failed = !appended.ok;
    });
    client.onMessage((message) => {
      if (message.type === 'gap') context.err.write(`${lineOf(message, context)}\n`);
    });
    const subscribed = await client.subscribe('bytes');
    if (!subscribed.ok) return exit.linkDown;
    const code = await follow(context, client, options, options.seconds && options.seconds * 1000);
    recorder.close();
    const { frames, packets, refused } = reader.value.counts;
    const said = { type: 'recorded', folder, frames, packets, ...(refused > 0 && { unopened: refused }) };
    const unopened = refused > 0 ? `, and ${refused} secured frames that could not be opened` : '';
    if (options.json) context.out.write(`${JSON.stringify(said)}\n`);
    else context.out.write(`${folder}: ${frames} frames with ${packets} packets recorded${unopened}\n`);
    return failed ? exit.failed : code;
  });
}

export interface ReplayOptions extends KeysOptions {
  readonly dictionary?: string;
  /** Times the speed at which it came; as fast as it can be read without. */
  readonly speed?: number;
  readonly apid?: number;
  /** Unix ms. */
  readonly from?: number;
  readonly to?: number;
  readonly json?: boolean;
}

/** Prints a recording as `events --all` would have, from the recording's own dictionary. */
export async function replay(context: Context, folder: string, options: ReplayOptions): Promise<number> {
  const { json, speed, apid, from: fromMs, to: toMs } = options;
  const open = readerOf(options);
  if (!open.ok) {
    complain(context, open.error, json);
    return exit.usage;
  }
  const segments = segmentsOf(folder);
  if (!segments.ok) {
    complain(context, segments.error, json);
    return exit.usage;
  }
  const recorded = recordedDictionary(folder);
  const none = fail('DICTIONARY_FILE', {
    file: folder,
    why: 'the recording has none: give it by --dictionary',
  });
  const dictionary = options.dictionary
    ? await loadDictionary(context, options.dictionary)
    : recorded === undefined
      ? none
      : dictionaryFromJson(recorded, folder);
  if (!dictionary.ok) {
    complain(context, dictionary.error, json);
    return exit.usage;
  }
  const write = lineWriter(dictionary.value);
  const onDamage = ({ file, at, bytes }: Damage) =>
    complain(
      context,
      fail('RECORD_FORMAT', { file, at, why: `${bytes} bytes are no whole block` }).error,
      json,
    );
  const refusals = new Refusals();
  const onFault = (fault: Fault) => refusals.add(fault);
  let n = 0;
  let started: { readonly ms: number; readonly atMs: number } | undefined;
  for (const { atMs, packet } of packetsIn(
    folder,
    { fromMs, toMs, apid },
    { onDamage, onFault },
    open.value?.openTm,
  )) {
    if (context.stop?.aborted) return exit.interrupted;
    if (speed !== undefined) {
      started ??= { ms: performance.now(), atMs };
      const waitMs = started.ms + (atMs - started.atMs) / speed - performance.now();
      if (waitMs > 1) await new Promise((done) => setTimeout(done, waitMs));
    }
    const message = messageOf(dictionary.value, packet, { n: n++, at: atMs });
    context.out.write(`${json ? write(message) : lineOf(message, context)}\n`);
  }
  return refusals.complain(context, json) ? exit.failed : exit.ok;
}
