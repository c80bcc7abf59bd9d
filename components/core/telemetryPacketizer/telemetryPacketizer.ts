import {
  Com,
  component,
  type Dictionary,
  defineComponent,
  encode,
  F32,
  input,
  ok,
  output,
  reference,
  refused,
  Sched,
  string,
  TlmGet,
  timeOf,
  U16,
  U32,
} from '../../../fsw/framework';
import { TIME_TAG_LENGTH, writeTelemetryPacket, writeTimeTag } from '../../../fsw/protocols';

const TIME_AT = 4;
const HEAD_LENGTH = TIME_AT + TIME_TAG_LENGTH;
const MAX_PACKET = 1016;

/** One packet, ready but for its time tag and values: each channel has its place, as wide as its type can get. */
interface Layout {
  readonly id: number;
  readonly level: number;
  /** Holds the initial value of every channel. */
  readonly template: Uint8Array;
  readonly places: readonly { readonly channel: number; readonly from: number; readonly to: number }[];
}

function layoutOf(packet: Dictionary['packets'][number], level: number): Layout {
  let end = HEAD_LENGTH;
  const places = packet.channels.map(({ id, type }) => {
    const from = end;
    end += type.maxSize;
    return { channel: id, from, to: end };
  });
  const template = new Uint8Array(end);
  writeTelemetryPacket(template, 0, packet.id, timeOf(0));
  for (const [i, { type }] of packet.channels.entries())
    template.set(encode(type, type.initial), places[i].from);
  return { id: packet.id, level, template, places };
}

export const telemetryPacketizer = component(
  defineComponent({
    kind: 'active',
    doc: 'Sends the housekeeping packets of the dictionary, each with the latest values under one time tag.',
    ports: {
      schedIn: input.async(Sched),
      get: output(TlmGet),
      comOut: output(Com),
    },
    commands: {
      SET_LEVEL: { id: 0, args: { level: U32 }, doc: 'Sends packets up to this level, and none above it.' },
      SEND_PKT: { id: 1, args: { id: U16 }, doc: 'Sends one packet now, whatever its level.' },
    },
    events: {
      LevelSet: {
        id: 0,
        severity: 'activity-high',
        args: { level: U32 },
        format: 'telemetry packets up to level {level} are sent',
        doc: 'SET_LEVEL was done.',
      },
      PacketSent: {
        id: 1,
        severity: 'activity-low',
        args: { id: U16 },
        format: 'telemetry packet {id} sent on command',
        doc: 'SEND_PKT was done.',
      },
      PacketTooLong: {
        id: 2,
        severity: 'warning-high',
        args: { packet: string(60), bytes: U32 },
        format: 'telemetry packet {packet} takes {bytes} B, more than a packet may; it is not sent',
        doc: 'A packet of the dictionary does not fit a space packet.',
      },
    },
    telemetry: {
      PacketsSent: { id: 0, type: U32, update: 'on-change', doc: 'Telemetry packets sent since boot.' },
      SendLevel: { id: 1, type: U32, update: 'on-change', doc: 'Packets up to this level are sent.' },
    },
    params: {
      PeriodTicks: {
        id: 0,
        type: U32,
        default: 10,
        min: 1,
        doc: 'Ticks from one round of packets to the next.',
      },
    },
    config: {
      levels: {
        type: reference<Readonly<Record<string, number>>>('Levels'),
        default: {},
        doc: 'Level of each packet, by its name in the topology; 0 where there is none.',
      },
      level: { type: U32, default: 0, doc: 'Packets up to this level are sent after boot.' },
      value: { type: F32, default: 5, doc: 'What the delivery of a telemetry packet is worth.' },
    },
  }),
  {
    state: () => ({ packets: new Map<number, Layout>(), level: 0, ticks: 0, sent: 0 }),
    ports: ({ state, tlm, out, param, config, clock, dictionary }) => {
      state.level = config.level;
      for (const packet of dictionary.packets) {
        const name = packet.name.slice(dictionary.deployment.length + 1);
        const layout = layoutOf(packet, config.levels[name] ?? 0);
        if (layout.template.length <= MAX_PACKET) state.packets.set(packet.id, layout);
      }
      return {
        schedIn() {
          const due = state.ticks++ % param.PeriodTicks === 0;
          if (!due) return;
          const before = state.sent;
          for (const layout of state.packets.values()) {
            if (layout.level > state.level) continue;
            out.comOut({ data: filled(layout, clock, out.get), value: config.value });
            state.sent++;
          }
          if (state.sent > before) tlm.PacketsSent(state.sent);
        },
      };
    },
    commands: ({ state, out, event, tlm, config, clock }) => ({
      SET_LEVEL({ level }) {
        state.level = level;
        tlm.SendLevel(level);
        event.LevelSet({ level });
        return ok;
      },
      SEND_PKT({ id }) {
        const layout = state.packets.get(id);
        if (layout === undefined) return refused(`there is no telemetry packet ${id}`, 'VALIDATION_ERROR');
        out.comOut({ data: filled(layout, clock, out.get), value: config.value });
        tlm.PacketsSent(++state.sent);
        event.PacketSent({ id });
        return ok;
      },
    }),
    start({ state, event, tlm, dictionary }) {
      tlm.SendLevel(state.level);
      for (const { id, name, channels } of dictionary.packets) {
        const bytes = channels.reduce((sum, { type }) => sum + type.maxSize, HEAD_LENGTH);
        if (!state.packets.has(id)) event.PacketTooLong({ packet: name, bytes });
      }
    },
  },
);

/** A packet with the time now and every channel's latest value; one never written keeps its initial value. */
function filled(
  { template, places }: Layout,
  clock: { readonly epochUs: number; nowUs(): number },
  get: (args: { id: number }) => { value: Uint8Array } | undefined,
): Uint8Array {
  const data = template.slice();
  writeTimeTag(data, TIME_AT, timeOf(clock.epochUs + clock.nowUs()));
  for (const { channel, from, to } of places) {
    const latest = get({ id: channel });
    if (latest === undefined || latest.value.length > to - from) continue;
    data.set(latest.value, from);
    data.fill(0, from + latest.value.length, to);
  }
  return data;
}
