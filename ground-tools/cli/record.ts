/** `perigee record` and `replay`: what a gateway receives into a folder, and a folder through the same decoder. */
import { fail } from '../../fsw/errors';
import { TmDeframer } from '../../fsw/protocols';
import { dictionaryFromJson } from '../client/dictionaryFile';
import { apidOf, lineWriter, messageOf } from '../gateway/lines';
import { Recorder } from '../gateway/recorder';
import { type Damage, packetsIn, recordedDictionary, segmentsOf } from '../gateway/recording';
import { type Context, exit } from './context';
import { complain, follow, type GroundOptions, lineOf, loadDictionary, withGateway } from './ground';

export interface RecordOptions extends GroundOptions {
  readonly seconds?: number;
}

/** Records what the gateway receives from now on, until Ctrl-C. */
export function record(context: Context, folder: string, options: RecordOptions): Promise<number> {
  return withGateway(context, options, async (client) => {
    const text = await client.dictionaryText();
    if (!text.ok) return exit.linkDown;
    const { dictionary: hash, deployment, link } = client.status;
    const opened = Recorder.open({
      folder,
      dictionary: { hash, text: text.value },
      about: { link: link.spec, deployment, gateway: client.address },
    });
    if (!opened.ok) {
      complain(context, opened.error, options.json);
      return exit.failed;
    }
    const recorder = opened.value;
    let apids = new Set<number>();
    let failed = false;
    const deframer = new TmDeframer({ onPacket: (packet) => apids.add(apidOf(packet)) });
    client.onEntry(({ at, bytes }) => {
      deframer.push(bytes);
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
    const { frames, packets } = deframer.counts;
    if (options.json) context.out.write(`${JSON.stringify({ type: 'recorded', folder, frames, packets })}\n`);
    else context.out.write(`${folder}: ${frames} frames with ${packets} packets recorded\n`);
    return failed ? exit.failed : code;
  });
}

export interface ReplayOptions {
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
  let n = 0;
  let started: { readonly ms: number; readonly atMs: number } | undefined;
  for (const { atMs, packet } of packetsIn(folder, { fromMs, toMs, apid }, onDamage)) {
    if (context.stop?.aborted) return exit.interrupted;
    if (speed !== undefined) {
      started ??= { ms: performance.now(), atMs };
      const waitMs = started.ms + (atMs - started.atMs) / speed - performance.now();
      if (waitMs > 1) await new Promise((done) => setTimeout(done, waitMs));
    }
    const message = messageOf(dictionary.value, packet, { n: n++, at: atMs });
    context.out.write(`${json ? write(message) : lineOf(message, context)}\n`);
  }
  return exit.ok;
}
