/** A spacecraft for tests: a dictionary, frames down and commands up over one TCP connection, and a link that loses frames. */
import { createServer, type Socket } from 'node:net';
import {
  bool,
  component,
  defineComponent,
  defineTopology,
  enumeration,
  instance,
  ok,
  string,
  type Topology,
  timeOf,
  U8,
  U16,
  U32,
  U64,
} from '../../fsw/framework';
import { type Dictionary, dictionaryJson, dictionaryOf } from '../../fsw/framework/dictionary';
import { decode, encode, type Fields, struct } from '../../fsw/framework/types';
import {
  Apid,
  readCommandPacket,
  readIdentifiedCommand,
  SequenceCounters,
  type SpacePacket,
  splitSpacePackets,
  TcDeframer,
  TmFramer,
  writeChannelPacket,
  writeEventPacket,
  writeSpacePacketHeader,
} from '../../fsw/protocols';

const Mode = enumeration('Test.Mode', { SAFE: 0, NOMINAL: 1 });
const Status = enumeration('Test.Status', { OK: 0, EXECUTION_ERROR: 4, UNDER_WAY: 254, UNKNOWN: 255 });
const versions = { version: string(20), dictionaryHash: string(16) };

const model = defineComponent({
  kind: 'passive',
  doc: 'A spacecraft.',
  commands: {
    SET: { id: 0, args: { mode: Mode, level: U8, long: U64 }, doc: 'Sets.' },
    SAY: { id: 1, args: { text: string(40) }, doc: 'Says it.' },
    FAIL: { id: 2, doc: 'Fails.' },
    HANG: { id: 3, doc: 'Never answers.' },
  },
  events: {
    Booted: { id: 0, severity: 'activity-high', args: versions, format: 'booted {version}', doc: 'Booted.' },
    Said: {
      id: 1,
      severity: 'activity-low',
      args: { text: string(40) },
      format: 'said {text}',
      doc: 'Said.',
    },
    Counted: {
      id: 2,
      severity: 'diagnostic',
      args: { count: U32, long: U64 },
      format: 'counted {count}',
      doc: 'Counted.',
    },
    CommandOutcome: {
      id: 3,
      severity: 'command',
      args: { sender: U16, sequence: U32, opcode: U32, status: Status, repeated: bool, reason: string(40) },
      format: '{sequence} of {sender}: {status}',
      doc: 'How a command stands.',
    },
  },
  telemetry: { Level: { id: 0, type: U8, doc: 'Level.' }, Note: { id: 1, type: string(9), doc: 'Note.' } },
});
const craft = component(model, {
  commands: () => ({ SET: () => ok, SAY: () => ok, FAIL: () => ok, HANG: () => ok }),
});

/** The dictionary of the test spacecraft, with what else it carries; another base id gives another hash and other ids. */
export function testDictionary(
  baseId = 0x100,
  more: Topology['instances'] = [],
): { dictionary: Dictionary; text: string } {
  const topology = defineTopology({
    name: 'Test',
    instances: [instance('craft', craft, { baseId }), ...more],
    connections: [],
    patterns: {},
  });
  const dictionary = dictionaryOf(topology);
  return { dictionary, text: JSON.stringify(dictionaryJson(dictionary)) };
}

export interface TestSpacecraftOptions {
  readonly dictionary: Dictionary;
  /** Decides for each frame, up and down, whether it is lost. */
  readonly loses?: () => boolean;
  /** 0 takes any free one. */
  readonly port?: number;
  /** Hears each command once. */
  readonly onCommand?: (local: string, args: Readonly<Record<string, unknown>>) => void;
}

export class TestSpacecraft {
  port = 0;
  /** What was executed, by `sender.sequence`. */
  readonly executed = new Map<string, number>();
  framesHeard = 0;
  /** Everything that was sent down. */
  sentBytes = 0;
  /** Data fields of the uplinked packets that are no commands, by APID. */
  readonly received: { apid: number; data: Uint8Array }[] = [];
  #socket: Socket | undefined;
  readonly #options: TestSpacecraftOptions;
  readonly #counters = new SequenceCounters();
  readonly #outcomes = new Map<string, { opcode: number; status: string; reason: string }>();
  readonly #framer = new TmFramer({ onFrame: (frame) => this.#sendFrame(frame.slice()) });
  readonly #deframer = new TcDeframer({ onData: (data) => this.#hearFrame(data) });
  readonly #server = createServer((socket) => {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.#deframer.push(bytes));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined;
    });
    this.onConnect();
  });
  onConnect: () => void = () => undefined;

  private constructor(options: TestSpacecraftOptions) {
    this.#options = options;
  }

  static async start(options: TestSpacecraftOptions): Promise<TestSpacecraft> {
    const spacecraft = new TestSpacecraft(options);
    await new Promise<void>((done) => spacecraft.#server.listen(options.port ?? 0, '127.0.0.1', done));
    const address = spacecraft.#server.address();
    spacecraft.port = typeof address === 'object' && address !== null ? address.port : 0;
    return spacecraft;
  }

  get connected(): boolean {
    return this.#socket !== undefined;
  }

  /** Cuts the connection; the ground may come back. */
  cut(): void {
    this.#socket?.destroy();
  }

  async close(): Promise<void> {
    this.#socket?.destroy();
    await new Promise<void>((done) => this.#server.close(() => done()));
  }

  /** Sends raw bytes down, as they are. */
  sendRaw(bytes: Uint8Array): boolean {
    this.sentBytes += bytes.length;
    return this.#socket?.write(bytes) ?? false;
  }

  /** Resolves when the socket has taken what was written. */
  async drained(): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined || socket.writableLength < 1 << 20) return;
    await new Promise<void>((done) => socket.once('drain', done));
  }

  boot(): void {
    this.event('Booted', { version: '1', dictionaryHash: this.#options.dictionary.hash });
    this.flush();
  }

  event(local: string, args: Readonly<Record<string, unknown>>): void {
    const entry = this.#options.dictionary.events.find((event) => event.local === local);
    if (entry === undefined) throw new Error(`no event ${local}`);
    const bytes = encode(struct(entry.name, entry.args ?? ({} as Fields)), args);
    const data = new Uint8Array(17 + bytes.length);
    writeEventPacket(data, 0, entry.id, timeOf(1.7e15), bytes);
    this.packet(Apid.LOG, data);
  }

  channel(local: string, value: unknown): void {
    const entry = this.#options.dictionary.channels.find((channel) => channel.local === local);
    if (entry === undefined) throw new Error(`no channel ${local}`);
    const bytes = encode(entry.type, value);
    const data = new Uint8Array(17 + bytes.length);
    writeChannelPacket(data, 0, entry.id, timeOf(1.7e15), bytes);
    this.packet(Apid.TELEM, data);
  }

  packet(apid: number, data: Uint8Array): void {
    const packet = new Uint8Array(6 + data.length);
    const sequence = this.#counters.next(apid);
    packet.set(
      data,
      writeSpacePacketHeader(packet, 0, { type: 'telemetry', apid, sequence, dataLength: data.length }),
    );
    this.#framer.add(packet);
  }

  /** Sends the frame under way, filled up. */
  flush(): void {
    this.#framer.flush();
  }

  #sendFrame(frame: Uint8Array): void {
    if (this.#options.loses?.()) return;
    this.sentBytes += frame.length;
    this.#socket?.write(frame);
  }

  #hearFrame(data: Uint8Array): void {
    if (this.#options.loses?.()) return;
    this.framesHeard++;
    splitSpacePackets(data, (packet) => this.#hear(packet));
  }

  #hear({ apid, data }: SpacePacket): void {
    const identified = readIdentifiedCommand(data);
    if (!identified.ok) {
      this.received.push({ apid, data: data.slice() });
      return;
    }
    const { sender, sequence, command } = identified.value;
    const id = `${sender}.${sequence}`;
    const repeated = this.#outcomes.has(id);
    const outcome = this.#outcomes.get(id) ?? this.#execute(id, command);
    this.#outcomes.set(id, outcome);
    this.event('CommandOutcome', { sender, sequence, repeated, ...outcome });
    this.flush();
  }

  #execute(id: string, command: Uint8Array): { opcode: number; status: string; reason: string } {
    this.executed.set(id, (this.executed.get(id) ?? 0) + 1);
    const packet = readCommandPacket(command);
    if (!packet.ok) throw new Error(packet.error.text);
    const { opcode, args } = packet.value;
    const entry = this.#options.dictionary.commands.find((candidate) => candidate.id === opcode);
    const heard = entry && decode(struct(entry.local, entry.args ?? ({} as Fields)), args);
    if (entry && heard?.ok) this.#options.onCommand?.(entry.local, heard.value as Record<string, unknown>);
    if (entry?.local === 'SAY') {
      const read = decode(struct('SAY', entry.args ?? ({} as Fields)), args);
      if (read.ok) this.event('Said', read.value as Record<string, unknown>);
    }
    if (entry?.local === 'FAIL') return { opcode, status: 'EXECUTION_ERROR', reason: 'as it must' };
    return { opcode, status: entry?.local === 'HANG' ? 'UNDER_WAY' : 'OK', reason: '' };
  }
}
