/** Packets that wait for the link: heard on their way into the downlink store, forgotten on their way out. */
import type { Tap } from '../../../fsw/framework/deployment';
import type { Target } from './targets';
import { flipBits } from './upsets';

/** Outputs that lead into the downlink store. */
const SENDERS: readonly (readonly [instance: string, end: string])[] = [
  ['eventManager', 'comOut'],
  ['telemetryStore', 'comOut'],
  ['telemetryPacketizer', 'comOut'],
  ['fileDownlink', 'comOut'],
  ['productPacker', 'comOut'],
];
/** The downlink store holds no more packets: older ones were given up. */
const MOST_PACKETS = 4096;

export interface WaitingPackets {
  readonly taps: readonly Tap[];
  /** All of them as one stretch of cells. */
  target(): Target;
}

export function waitingPackets(): WaitingPackets {
  const waiting = new Set<Uint8Array>();
  const come = ({ data }: { data: Uint8Array }) => {
    waiting.add(data);
    const [oldest] = waiting;
    if (waiting.size > MOST_PACKETS) waiting.delete(oldest);
  };
  const go = ({ data }: { data: Uint8Array }) => void waiting.delete(data);
  return {
    taps: [
      ...SENDERS.map(([instance, end]) => ({ instance, end, hear: come })),
      { instance: 'comQueue', end: 'packetOut', hear: go },
    ],
    target: () => ({
      kind: 'queues',
      name: 'comQueue',
      bits: [...waiting].reduce((sum, { length }) => sum + length * 8, 0),
      flip(first, count) {
        let before = 0;
        for (const data of waiting) {
          if (first < before + data.length * 8) return flipBits(data, first - before, count);
          before += data.length * 8;
        }
        return 0;
      },
    }),
  };
}
