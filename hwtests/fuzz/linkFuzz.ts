import { SecuredLink, type SecuredLinkOptions } from '../../components/comms/linkSecurity/securedLink';
import { provisioned, securedTc } from '../../components/comms/linkSecurity/testLink';
import type { ErrorCode } from '../../fsw/errors';
import { seededRandom } from '../../fsw/framework/random';
import { TcDeframer } from '../../fsw/protocols';
import { TC_APIDS } from '../../fsw/protocols/sdls';
import { forgeries, type Heard } from './forger';

export interface LinkFuzzOptions {
  readonly frames: number;
  readonly seed: number;
  /** Frames between two reboots of the receiver. */
  readonly rebootEvery?: number;
  readonly progress?: (frames: number) => void;
}

export interface LinkFuzzReport {
  readonly frames: number;
  /** By kind of forgery. */
  readonly sent: Readonly<Record<string, number>>;
  /** By reason; what the deframer itself refused (FECF, header) is not among them. */
  readonly refused: Readonly<Partial<Record<ErrorCode, number>>>;
  /** Forged, altered or replayed frames that were obeyed: 0. */
  readonly accepted: number;
  /** Throws: 0. */
  readonly crashes: number;
  /** Genuine frames sent in between, and how many of them were obeyed: all. */
  readonly genuine: number;
  readonly obeyed: number;
  readonly reboots: number;
  /** Live heap at the end minus after the first tenth, bytes; undefined without --expose-gc. */
  readonly heapGrowth: number | undefined;
}

const options: SecuredLinkOptions = {
  tcService: 'authenticated-encryption',
  tmService: 'authenticated-encryption',
  mask: 'standard',
  window: 10_000,
  block: 1000,
  segmented: false,
  apids: TC_APIDS,
};
const OLD = 64;
const WITHHELD = 16;

/**
 * Attacks the spacecraft's receiver (deframer and link security) with forged, altered and replayed frames. In
 * between genuine commands come, which must be obeyed, and it reboots from what it has stored.
 */
export function fuzzLink({ frames, seed, rebootEvery = 10_000, progress }: LinkFuzzOptions): LinkFuzzReport {
  const random = seededRandom(seed, 'linkFuzz');
  const storage = provisioned();
  const sent: Record<string, number> = {};
  const refused: Partial<Record<ErrorCode, number>> = {};
  const report = { accepted: 0, crashes: 0, genuine: 0, obeyed: 0, reboots: 0 };
  let heardNow = 0;
  let link = new SecuredLink(storage, options);
  let deframer = boot();

  function boot(): TcDeframer {
    link = new SecuredLink(storage, options);
    return new TcDeframer({
      open(frame) {
        const opened = link.openTc(frame);
        if (opened.ok) return opened.value;
        refused[opened.error.code] = (refused[opened.error.code] ?? 0) + 1;
        return undefined;
      },
      onData: () => void heardNow++,
    });
  }
  /** How many frames were obeyed in these bytes. */
  const hear = (bytes: Uint8Array): number => {
    heardNow = 0;
    try {
      deframer.push(bytes);
      deframer.flush();
    } catch {
      report.crashes++;
    }
    return heardNow;
  };

  let iv = 0n;
  const genuine = (): Uint8Array => {
    const frame = securedTc(iv++);
    report.genuine++;
    report.obeyed += hear(frame);
    return frame;
  };
  const heard: { old: Uint8Array[]; withheld: Uint8Array[] } = {
    old: Array.from({ length: OLD }, genuine),
    withheld: [],
  };
  const withhold = () => {
    // Ahead of all that is sent until the next reboot: the spacecraft would take them, were they not touched.
    heard.withheld = Array.from({ length: WITHHELD }, (_, i) => securedTc(iv + 100n + BigInt(i)));
  };
  withhold();

  const kinds = Object.keys(forgeries);
  let heapBefore: number | undefined;
  for (let n = 0; n < frames; n++) {
    const kind = kinds[random.integer(kinds.length)];
    sent[kind] = (sent[kind] ?? 0) + 1;
    report.accepted += hear(forgeries[kind](random, heard as Heard));
    if ((n + 1) % rebootEvery === 0) {
      deframer = boot();
      report.reboots++;
      for (const frame of heard.old) report.accepted += hear(frame);
      heard.old[report.reboots % OLD] = genuine();
      withhold();
      progress?.(n + 1);
    }
    if (n === Math.floor(frames / 10)) heapBefore = liveHeap();
  }
  const heapAfter = liveHeap();
  const heapGrowth = heapBefore === undefined || heapAfter === undefined ? undefined : heapAfter - heapBefore;
  return { frames, sent, refused, ...report, heapGrowth };
}

function liveHeap(): number | undefined {
  if (globalThis.gc === undefined) return undefined;
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}
