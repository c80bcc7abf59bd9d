/**
 * Satellites through their ground gateways: a task goes up as a file and is handed to `federationNode.TASK`; updates are the
 * files that the node sends down at each pass, until a command tells it that they are settled.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';
import { idOf } from '../../fsw/federation';
import { Apid, readFilePacket, SPACE_PACKET_HEADER_LENGTH } from '../../fsw/protocols';
import { commandNamed, uploadBytes } from '../cli/files';
import { GatewayClient } from '../client/gatewayClient';
import { FileDownloads } from '../files/fileDownload';
import { apidOf } from '../gateway/lines';
import type { GivenUp, SatelliteLink } from './satelliteLink';

export interface GroundLinkOptions {
  /** `host:port` of the ground gateway of each satellite, by its name. */
  readonly gateways: ReadonlyMap<string, string>;
  /** Folder for what comes down, until it is taken. */
  readonly folder: string;
  /** Seconds without a word after which an upload or a command is given up, to be begun again. */
  readonly timeoutS?: number;
}

/** Where federationNode puts updates on the ground, and where tasks go on board. */
const DOWN_FOLDER = 'federation/';
const UP_FOLDER = 'federation-tasks/';

export class GroundLink implements SatelliteLink {
  readonly #stations: ReadonlyMap<string, Station>;

  constructor({ gateways, folder, timeoutS = 60 }: GroundLinkOptions) {
    const station = (name: string, gateway: string) => new Station(gateway, join(folder, name), timeoutS);
    this.#stations = new Map([...gateways].map(([name, gateway]) => [name, station(name, gateway)]));
  }

  async deliver(satellite: string, id: string, task: Uint8Array): Promise<Result<'waiting' | 'delivered'>> {
    return this.#stations.get(satellite)?.deliver(id, task) ?? succeed('waiting');
  }

  async updates(satellite: string): Promise<Result<readonly Uint8Array[]>> {
    return this.#stations.get(satellite)?.updates() ?? succeed([]);
  }

  async settle(satellite: string, id: string, verdict: 'taken' | 'returned'): Promise<Result<void>> {
    this.#stations.get(satellite)?.settle(id, verdict);
    return succeed(undefined);
  }

  givenUp(satellite: string): readonly GivenUp[] {
    return this.#stations.get(satellite)?.givenUp() ?? [];
  }

  close(): void {
    for (const station of this.#stations.values()) station.close();
  }
}

function hashOf(file: string): string {
  return idOf(new Uint8Array(readFileSync(file)));
}

/** One satellite. Work on the link goes on between the gateway's steps; what a restart forgets comes again. */
class Station {
  readonly #gateway: string;
  readonly #folder: string;
  readonly #timeoutS: number;
  readonly #downloads: FileDownloads;
  /** Hear packets, and events; undefined while the ground gateway is not there. */
  #packets: GatewayClient | undefined;
  #events: GatewayClient | undefined;
  #isConnecting = false;
  #givenUp: GivenUp[] = [];
  /** The DATA that follows is of an update. */
  #isOurs = false;
  /** How far each task is; undefined: not begun, or to be begun again. */
  readonly #tasks = new Map<string, 'waiting' | 'delivered' | Result<never>>();
  readonly #settling = new Map<string, 'taken' | 'returned'>();
  #isSettling = false;

  constructor(gateway: string, folder: string, timeoutS: number) {
    this.#gateway = gateway;
    this.#folder = folder;
    this.#timeoutS = timeoutS;
    mkdirSync(folder, { recursive: true });
    this.#downloads = new FileDownloads(folder);
  }

  deliver(id: string, task: Uint8Array): Result<'waiting' | 'delivered'> {
    const state = this.#tasks.get(id);
    if (state === undefined) {
      this.#tasks.set(id, 'waiting');
      void this.#send(id, task).then((done) => {
        if (done === 'waiting') this.#tasks.delete(id);
        else this.#tasks.set(id, done);
      });
    }
    return state === undefined || typeof state === 'string' ? succeed(state ?? 'waiting') : state;
  }

  /** Errors: GATEWAY_UNREACHABLE. */
  async updates(): Promise<Result<readonly Uint8Array[]>> {
    const listening = await this.#listen();
    if (!listening.ok) return listening;
    if (!this.#isSettling) void this.#settleAll();
    const names = readdirSync(this.#folder).filter((name) => name.endsWith('.update'));
    return succeed(names.map((name) => new Uint8Array(readFileSync(join(this.#folder, name)))));
  }

  settle(id: string, verdict: 'taken' | 'returned'): void {
    for (const name of readdirSync(this.#folder)) {
      if (name.endsWith(`${id.slice(0, 16)}.update`)) this.#settling.set(id, verdict);
      // A damaged one has another name than its content: it goes, and comes again.
      if (name.endsWith('.update') && hashOf(join(this.#folder, name)) === id)
        rmSync(join(this.#folder, name));
    }
  }

  givenUp(): readonly GivenUp[] {
    return this.#givenUp.splice(0);
  }

  close(): void {
    this.#packets?.close();
    this.#events?.close();
  }

  async #listen(): Promise<Result<void>> {
    if (this.#isConnecting || (this.#packets !== undefined && this.#events !== undefined))
      return succeed(undefined);
    this.#isConnecting = true;
    const packets = await this.#hearPackets();
    const events = packets.ok ? await this.#hearEvents() : packets;
    this.#isConnecting = false;
    return events;
  }

  async #hearPackets(): Promise<Result<void>> {
    if (this.#packets !== undefined) return succeed(undefined);
    const client = await GatewayClient.connect(this.#gateway);
    if (!client.ok) return client;
    this.#packets = client.value;
    void client.value.closed.then(() => {
      this.#packets = undefined;
    });
    client.value.onEntry(({ bytes }) => {
      if (apidOf(bytes) === Apid.FILE) this.#hear(bytes.subarray(SPACE_PACKET_HEADER_LENGTH));
    });
    return client.value.subscribe('packets');
  }

  async #hearEvents(): Promise<Result<void>> {
    if (this.#events !== undefined) return succeed(undefined);
    const client = await GatewayClient.connect(this.#gateway);
    if (!client.ok) return client;
    this.#events = client.value;
    void client.value.closed.then(() => {
      this.#events = undefined;
    });
    client.value.onMessage((message) => {
      if (message.type !== 'event' || !message.name.endsWith('.TaskGivenUp')) return;
      const { task, code, reason } = message.args;
      const { error } = fail('FED_TASK_REFUSED', { why: `${String(code)}: ${String(reason)}` });
      this.#givenUp.push({ task: String(task), fault: error });
    });
    return client.value.subscribe('json', ['event']);
  }

  /** Other files of the spacecraft are none of ours. */
  #hear(bytes: Uint8Array): void {
    const packet = readFilePacket(bytes);
    if (!packet.ok) return;
    if (packet.value.type === 'start') this.#isOurs = packet.value.destination.startsWith(DOWN_FOLDER);
    if (this.#isOurs) this.#downloads.take(bytes);
  }

  async #send(id: string, task: Uint8Array): Promise<'waiting' | 'delivered' | Result<never>> {
    const client = await GatewayClient.connect(this.#gateway);
    if (!client.ok) return 'waiting';
    try {
      const destination = `${UP_FOLDER}${id.slice(0, 16)}.task`;
      const read = (offset: number, into: Uint8Array) =>
        into.set(task.subarray(offset, offset + into.length));
      const file = { size: task.length, read, source: basename(destination), destination };
      const sent = await uploadBytes(client.value, file, this.#timeoutS);
      if (sent.outcome !== 'received') return 'waiting';
      return await this.#order(client.value, sent.text);
    } finally {
      client.value.close();
    }
  }

  async #order(client: GatewayClient, path: string): Promise<'waiting' | 'delivered' | Result<never>> {
    let refusal: { readonly code: string; readonly reason: string } | undefined;
    client.onMessage((message) => {
      if (message.type !== 'event' || !message.name.endsWith('.TaskRefused')) return;
      if (message.args.source === path)
        refusal = { code: String(message.args.code), reason: String(message.args.reason) };
    });
    const asked = await this.#command(client, 'TASK', { path });
    if (!asked.ok || asked.value === 'unknown' || asked.value === 'link-down') return 'waiting';
    // Told before, by a process that was killed: the satellite has it.
    if (asked.value === 'completed' || refusal?.code === 'FED_DUPLICATE') return 'delivered';
    const why = refusal ? `${refusal.code}: ${refusal.reason}` : `TASK ended as ${asked.value}`;
    return fail('FED_TASK_REFUSED', { why });
  }

  async #settleAll(): Promise<void> {
    if (this.#settling.size === 0) return;
    this.#isSettling = true;
    const client = await GatewayClient.connect(this.#gateway);
    if (client.ok) {
      for (const [update, verdict] of this.#settling) {
        const done = await this.#command(client.value, verdict === 'taken' ? 'ACK' : 'RETURN', { update });
        if (!done.ok || done.value === 'unknown' || done.value === 'link-down') break;
        this.#settling.delete(update);
      }
      client.value.close();
    }
    this.#isSettling = false;
  }

  async #command(
    client: GatewayClient,
    local: string,
    args: Readonly<Record<string, unknown>>,
  ): Promise<Result<string>> {
    const dictionary = await client.dictionary();
    const name = dictionary.ok ? commandNamed(dictionary.value, local) : dictionary;
    if (!name.ok) return name;
    const done = await client.command(name.value, args, this.#timeoutS * 1000);
    return done.ok ? succeed(done.value.outcome) : done;
  }
}
