import {
  Com,
  Cursor,
  component,
  type Dictionary,
  defineComponent,
  enumeration,
  F32,
  F64,
  input,
  type LimitState,
  limitState,
  ok,
  output,
  Sched,
  string,
  Time,
  Tlm,
  TlmGet,
  U8,
  U16,
  U32,
} from '../../../fsw/framework';
import { Apid, appendChannel, TIME_TAG_LENGTH, writeU16 } from '../../../fsw/protocols';

const DESCRIPTOR_LENGTH = 2;
const ENTRY_HEAD_LENGTH = 4 + TIME_TAG_LENGTH;

type Channel = Dictionary['channels'][number];

/** The latest value of one channel, in bytes that are made once at boot. */
interface Slot {
  readonly id: number;
  readonly channel: Channel;
  readonly cursor: Cursor;
  /** Some housekeeping packet carries it, so it is not sent by itself. */
  readonly packetized: boolean;
  readonly limited: boolean;
  length: number;
  /** All zero before the first write. */
  time: Time;
  written: boolean;
  limit: LimitState;
}

function slotsOf({ channels, packets }: Dictionary): Map<number, Slot> {
  const packetized = new Set(packets.flatMap((packet) => packet.channels.map(({ id }) => id)));
  return new Map(
    channels.map((channel) => [
      channel.id,
      {
        id: channel.id,
        channel,
        cursor: new Cursor(new Uint8Array(channel.type.maxSize)),
        packetized: packetized.has(channel.id),
        limited: channel.limits !== undefined && ['integer', 'float'].includes(channel.type.kind),
        length: 0,
        time: Time.initial,
        written: false,
        limit: 'nominal',
      },
    ]),
  );
}

const rank: readonly LimitState[] = ['nominal', 'yellow', 'orange', 'red'];
const Limit = enumeration('Fw.LimitState', { nominal: 0, yellow: 1, orange: 2, red: 3 });

export const telemetryStore = component(
  defineComponent({
    kind: 'passive',
    doc: 'Holds the latest value of every channel, watches its limits, and sends what no packet carries.',
    ports: {
      tlm: input.sync(Tlm),
      get: input.sync(TlmGet),
      schedIn: input.sync(Sched),
      comOut: output(Com),
    },
    commands: {
      CLEAR_EVENT_THROTTLE: { id: 0, doc: 'Lets limit events that were throttled through again.' },
    },
    events: {
      LimitExceeded: {
        id: 0,
        severity: 'warning-low',
        args: { channel: string(60), value: F64, limit: Limit },
        format: '{channel} is {limit}: {value}',
        throttle: 50,
        doc: 'A channel went out of its yellow or orange limit.',
      },
      LimitExceededRed: {
        id: 1,
        severity: 'warning-high',
        args: { channel: string(60), value: F64, limit: Limit },
        format: '{channel} is {limit}: {value}',
        throttle: 50,
        doc: 'A channel went out of its red limit.',
      },
    },
    telemetry: {
      LimitsViolated: {
        id: 0,
        type: U32,
        update: 'on-change',
        doc: 'Crossings into a worse limit since boot.',
      },
      ChannelsOutOfLimits: {
        id: 1,
        type: U16,
        update: 'on-change',
        doc: 'Channels that are out of a limit now.',
      },
      UpdatesRefused: {
        id: 2,
        type: U32,
        update: 'on-change',
        doc: 'Values refused since boot: of an unknown channel, or too short or long for its type.',
      },
    },
    config: {
      packetBytes: {
        type: U16,
        default: 512,
        min: 1,
        max: 1016,
        unit: 'B',
        doc: 'Most bytes of a channel packet of several channels; a longer one goes alone. 1: one a packet, as Yamcs needs it.',
      },
      packetsPerTick: {
        type: U8,
        default: 2,
        min: 1,
        doc: 'Most channel packets of one tick; the rest wait.',
      },
      value: { type: F32, default: 1, doc: 'What the delivery of a channel packet is worth.' },
    },
  }),
  {
    state: () => ({
      slots: new Map<number, Slot>(),
      /** Changed and not sent yet, in the order of their first change. */
      changed: new Set<Slot>(),
      violations: 0,
      outOfLimits: 0,
      refused: 0,
    }),
    ports: ({ state, out, event, tlm, config, dictionary }) => {
      state.slots = slotsOf(dictionary);

      const checkLimit = (slot: Slot) => {
        slot.cursor.at = 0;
        const value = Number(slot.channel.type.read(slot.cursor));
        const before = slot.limit;
        const limit = limitState(slot.channel.limits, value);
        if (limit === before) return;
        // The slot is up to date before the event, which comes back here as channels of the event manager.
        slot.limit = limit;
        state.outOfLimits += Number(limit !== 'nominal') - Number(before !== 'nominal');
        if (rank.indexOf(limit) > rank.indexOf(before)) {
          const report = limit === 'red' ? event.LimitExceededRed : event.LimitExceeded;
          report({ channel: `${slot.channel.instance}.${slot.channel.local}`, value, limit });
          tlm.LimitsViolated(++state.violations);
        }
        tlm.ChannelsOutOfLimits(state.outOfLimits);
      };

      /** One packet of as many changed channels as fit; undefined when none waits. */
      const nextPacket = (): Uint8Array | undefined => {
        const batch: Slot[] = [];
        let length = DESCRIPTOR_LENGTH;
        for (const slot of state.changed) {
          const needed = ENTRY_HEAD_LENGTH + slot.length;
          if (batch.length > 0 && length + needed > config.packetBytes) break;
          batch.push(slot);
          length += needed;
        }
        if (batch.length === 0) return undefined;
        const data = new Uint8Array(length);
        let end = writeU16(data, 0, Apid.TELEM);
        for (const slot of batch) {
          state.changed.delete(slot);
          end = appendChannel(data, end, slot.id, slot.time, slot.cursor.bytes.subarray(0, slot.length));
        }
        return data;
      };

      return {
        tlm({ id, time, value }) {
          const slot = state.slots.get(id);
          if (slot === undefined || !fits(slot.channel, value)) {
            tlm.UpdatesRefused(++state.refused);
            return;
          }
          slot.cursor.bytes.set(value);
          slot.length = value.length;
          slot.time = time;
          slot.written = true;
          if (!slot.packetized) state.changed.add(slot);
          if (slot.limited) checkLimit(slot);
        },
        get({ id }) {
          const slot = state.slots.get(id);
          if (!slot?.written) return undefined;
          return { time: slot.time, value: slot.cursor.bytes.subarray(0, slot.length) };
        },
        schedIn() {
          for (let i = 0; i < config.packetsPerTick; i++) {
            const data = nextPacket();
            if (data === undefined) break;
            out.comOut({ data, value: config.value });
          }
        },
      };
    },
    commands: ({ clearThrottle }) => ({
      CLEAR_EVENT_THROTTLE() {
        clearThrottle('LimitExceeded');
        clearThrottle('LimitExceededRed');
        return ok;
      },
    }),
  },
);

function fits({ type }: Channel, value: Uint8Array): boolean {
  return value.length >= type.minSize && value.length <= type.maxSize;
}
