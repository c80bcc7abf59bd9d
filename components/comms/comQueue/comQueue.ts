/** The downlink store: what is worth most per byte goes down first, what is worth least is given up first. */
import {
  array,
  Com,
  component,
  defineComponent,
  enumeration,
  F32,
  Flush,
  input,
  LinkGrant,
  ok,
  output,
  refused,
  Sched,
  TimedCom,
  U32,
} from '../../../fsw/framework';
import { crc16, SPACE_PACKET_HEADER_LENGTH } from '../../../fsw/protocols';
import { Backlog } from '../ports';
import { DensityQueue } from './densityQueue';

/** What comes through each element of `comIn`. */
export const ComInput = enumeration('Comms.ComInput', { EVENTS: 0, TELEMETRY: 1, PRODUCTS: 2, FILES: 3 });
const inputNames = ['EVENTS', 'TELEMETRY', 'PRODUCTS', 'FILES'] as const;
/** The input whose count and weight packets with a deadline share. */
const TIMED_INPUT = ComInput.constants.PRODUCTS;
export const QueueOrder = enumeration('Comms.QueueOrder', { DENSITY: 0, FIFO: 1 });
const InputCounts = array(U32, inputNames.length, 'Comms.InputCounts');

export const comQueue = component(
  defineComponent({
    kind: 'active',
    doc: 'Stores packets between contacts and sends the densest in value first while the link grants bytes.',
    ports: {
      comIn: input.async(Com, inputNames.length, { onFull: 'drop-oldest' }),
      timedIn: input.async(TimedCom, { onFull: 'drop-oldest' }),
      grant: input.async(LinkGrant, { priority: 1, onFull: 'drop-oldest' }),
      schedIn: input.async(Sched, { onFull: 'drop-oldest' }),
      backlog: input.sync(Backlog),
      packetOut: output(Com),
      flush: output(Flush, { optional: true }),
    },
    commands: {
      FLUSH_QUEUE: { id: 0, args: { input: ComInput }, doc: 'Give up the packets of one input.' },
      FLUSH_ALL_QUEUES: { id: 1, doc: 'Give up all packets that wait.' },
      SET_QUEUE_WEIGHT: {
        id: 2,
        args: { input: ComInput, weight: F32 },
        doc: 'Multiply the value of all packets of one input, until the next boot.',
      },
    },
    events: {
      ComQueueOverflow: {
        id: 0,
        severity: 'warning-low',
        args: { input: ComInput, dropped: U32 },
        format: 'the downlink store is full: gave up a packet of {input}, {dropped} so far',
        throttle: 5,
        doc: 'The packet of least effective density was dropped; sent again once the store has been empty.',
      },
      QueueFlushed: {
        id: 1,
        severity: 'activity-high',
        args: { packets: U32 },
        format: 'gave up {packets} packets by command',
        doc: 'An operator emptied the store, or one input of it.',
      },
      PacketDamaged: {
        id: 2,
        severity: 'warning-low',
        args: { input: ComInput, damaged: U32 },
        format: 'a packet of {input} was damaged while it waited and is not sent, {damaged} so far',
        throttle: 20,
        doc: 'Its CRC-16 is no longer the one that it came with; its content is lost.',
      },
    },
    telemetry: {
      Depth: { id: 0, type: U32, update: 'on-change', doc: 'Packets that wait.' },
      DepthBytes: { id: 1, type: U32, update: 'on-change', unit: 'B', doc: 'What they take on the air.' },
      Dropped: { id: 2, type: U32, update: 'on-change', doc: 'Packets given up because the store was full.' },
      DroppedByInput: { id: 3, type: InputCounts, update: 'on-change', doc: 'The same, by input.' },
      Sent: { id: 4, type: U32, update: 'on-change', doc: 'Packets sent.' },
      SentBytes: { id: 5, type: U32, update: 'on-change', unit: 'B', doc: 'What they took on the air.' },
      Damaged: {
        id: 6,
        type: U32,
        update: 'on-change',
        limits: { high: { yellow: 0 } },
        doc: 'Packets not sent because they were damaged while they waited.',
      },
      Expired: {
        id: 7,
        type: U32,
        update: 'on-change',
        doc: 'Packets given up because their deadline passed.',
      },
      ExpiredByInput: { id: 8, type: InputCounts, update: 'on-change', doc: 'The same, by input.' },
    },
    params: {
      AgeingPerMinute: {
        id: 0,
        type: F32,
        default: 0.01,
        min: 0,
        max: 10,
        unit: '1/min',
        doc: 'How fast a waiting packet gains density: by the factor exp(AgeingPerMinute) each minute.',
      },
      Order: {
        id: 1,
        type: QueueOrder,
        default: 'DENSITY',
        doc: 'What goes first: the densest in value, or what came first, to compare with; a full store then gives up the last.',
      },
    },
    config: {
      maxPackets: { type: U32, default: 4096, min: 1, doc: 'Packets that the store holds at most.' },
      maxBytes: {
        type: U32,
        default: 4 << 20,
        min: 1022,
        unit: 'B',
        doc: 'What they may take on the air at most.',
      },
    },
  }),
  {
    state: () => ({
      queue: new DensityQueue(
        0,
        inputNames.map(() => 1),
      ),
      weights: inputNames.map(() => 1),
      dropped: inputNames.map(() => 0),
      expired: inputNames.map(() => 0),
      sent: 0,
      sentBytes: 0,
      damaged: 0,
      creditBytes: 0,
    }),

    ports: ({ state, out, event, tlm, config, clock, clearThrottle }) => {
      const { queue, dropped, expired } = state;

      const giveUpExpired = () => {
        const nowUs = clock.nowUs();
        for (let gone = queue.takeExpired(nowUs); gone !== undefined; gone = queue.takeExpired(nowUs))
          expired[gone.input]++;
      };

      const add = (input: number, data: Uint8Array, value: number, lifeS: number) => {
        const airBytes = data.length + SPACE_PACKET_HEADER_LENGTH;
        const sinceUs = clock.nowUs();
        const deadline = lifeS > 0 ? { deadlineUs: sinceUs + lifeS * 1e6 } : {};
        queue.add({ data, value, input, airBytes, sinceUs, crc: crc16(data), ...deadline });
        makeRoom();
      };

      const makeRoom = () => {
        if (queue.size > config.maxPackets || queue.bytes > config.maxBytes) giveUpExpired();
        while (queue.size > config.maxPackets || queue.bytes > config.maxBytes) {
          const least = queue.dropLeast();
          if (least === undefined) return;
          event.ComQueueOverflow({ input: inputNames[least.input], dropped: ++dropped[least.input] });
        }
      };

      const sendWhileCreditLasts = () => {
        const sentBefore = state.sent;
        for (let next = queue.densest; next !== undefined; next = queue.densest) {
          if (next.airBytes > state.creditBytes) break;
          queue.takeDensest();
          if (crc16(next.data) !== next.crc) {
            event.PacketDamaged({ input: inputNames[next.input], damaged: ++state.damaged });
            continue;
          }
          state.creditBytes -= next.airBytes;
          state.sentBytes += next.airBytes;
          state.sent++;
          out.packetOut({ data: next.data, value: next.value });
        }
        if (state.sent > sentBefore) out.flush({});
        if (queue.size > 0) return;
        // What an empty store leaves unused is gone: the link can't send it later, on top of the next grant.
        state.creditBytes = 0;
        clearThrottle('ComQueueOverflow');
      };

      const report = () => {
        tlm.Depth(queue.size);
        tlm.DepthBytes(queue.bytes);
        tlm.Dropped(total(dropped));
        tlm.DroppedByInput(dropped);
        tlm.Expired(total(expired));
        tlm.ExpiredByInput(expired);
        tlm.Sent(state.sent);
        tlm.SentBytes(state.sentBytes);
        tlm.Damaged(state.damaged);
      };

      return {
        comIn: ({ data, value }, index) => add(index, data, value, 0),
        timedIn: ({ data, value, lifeS }) => add(TIMED_INPUT, data, value, lifeS),
        grant({ bytes, inContact }) {
          giveUpExpired();
          state.creditBytes = inContact ? state.creditBytes + bytes : 0;
          sendWhileCreditLasts();
          report();
        },
        schedIn() {
          giveUpExpired();
          report();
        },
        backlog: () => queue.bytes,
      };
    },

    commands: ({ state, event, param }) => {
      const flush = (input?: number) => {
        event.QueueFlushed({ packets: state.queue.clear(input) });
        return ok;
      };
      return {
        FLUSH_QUEUE: ({ input }) => flush(ComInput.constants[input]),
        FLUSH_ALL_QUEUES: () => flush(),
        SET_QUEUE_WEIGHT({ input, weight }) {
          if (!(weight > 0 && weight < Number.POSITIVE_INFINITY))
            return refused(`a weight of ${weight} orders nothing`, 'VALIDATION_ERROR');
          state.weights[ComInput.constants[input]] = weight;
          state.queue.rerank(param.AgeingPerMinute, state.weights, param.Order);
          return ok;
        },
      };
    },

    start: ({ state, param }) => state.queue.rerank(param.AgeingPerMinute, state.weights, param.Order),
    paramChanged: ({ state, param }) => state.queue.rerank(param.AgeingPerMinute, state.weights, param.Order),
  },
);

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
