/** The ground's CFDP entity at work: PDUs in packets of APID 10 through a gateway, paced, on the clock of the host. */
import { CfdpEntity, type Indication, type TransactionReport } from '../../fsw/cfdp';
import { type Result, succeed } from '../../fsw/errors';
import { SPACE_PACKET_HEADER_LENGTH } from '../../fsw/protocols';
import type { GatewayClient } from '../client/gatewayClient';
import { apidOf } from '../gateway/lines';
import { CfdpState } from './state';

const CFDP_APID = 10;
/** Data of a TC frame under link security, less the packet's header. */
const MAX_PDU_LENGTH = 987 - SPACE_PACKET_HEADER_LENGTH;
/** The ground's disk can bear entries of the journal more often than the spacecraft's. */
const CHECKPOINT_BYTES = 64 << 10;
const TICK_MS = 20;
/** What a late tick may catch up on at once; the spacecraft's queue for PDUs is finite. */
const MAX_CATCH_UP_MS = 100;

export interface StationOptions {
  /** Folder of the state; see `CfdpState`. */
  readonly state: string;
  /** Our entity, and the spacecraft's. */
  readonly entity: number;
  readonly peer: number;
  /** The most that goes up, bytes of packets a second. */
  readonly rate: number;
}

/** Why `run` came back: `isOver` said so, nothing was heard, the link or the gateway is gone, or Ctrl-C. */
export type RunEnd = 'over' | 'silent' | 'link-down' | 'gateway-lost' | 'mismatch' | 'stopped';

export interface RunOptions {
  /** Silence after which it is given up, s. */
  readonly timeoutS: number;
  readonly isOver: () => boolean;
  /** Changes as long as there is progress: then it is not silent. */
  readonly progress: () => number;
  readonly isStopped: () => boolean;
}

export class CfdpStation {
  #heardMs = performance.now();
  #hear: (indication: Indication) => void = () => undefined;

  private constructor(
    readonly client: GatewayClient,
    readonly options: StationOptions,
    readonly state: CfdpState,
    readonly entity: CfdpEntity,
    readonly outgoing: Uint8Array[],
  ) {}

  /** Opens the state folder; what was under way goes on with `run`. Errors: CFDP_STATE, FILE_FAILED, GATEWAY_CLOSED. */
  static async open(client: GatewayClient, options: StationOptions): Promise<Result<CfdpStation>> {
    const { entity: id, peer } = options;
    const state = CfdpState.open(options.state);
    if (!state.ok) return state;
    const outgoing: Uint8Array[] = [];
    let hear: (indication: Indication) => void = () => undefined;
    const opened = CfdpEntity.open(
      {
        id,
        remotes: [{ id: peer, maxPduLength: MAX_PDU_LENGTH }],
        files: state.value.files,
        send: (pdu) => outgoing.push(pdu),
        indicate: (indication) => hear(indication),
        packetOverhead: SPACE_PACKET_HEADER_LENGTH,
        checkpointBytes: CHECKPOINT_BYTES,
        // Rises even when the state folder is lost: the spacecraft remembers the numbers of a day.
        firstSequence: Math.floor(Date.now() / 1000),
      },
      nowUs(),
    );
    if (!opened.ok) {
      state.value.close();
      return opened;
    }
    const station = new CfdpStation(client, options, state.value, opened.value, outgoing);
    hear = (indication) => station.#hear(indication);
    // Contact begins now: what the link had suspended goes on.
    station.entity.contact(false, nowUs());
    station.#forgetWhatNobodyWants();
    client.onEntry(({ bytes }) => station.#receive(bytes));
    const subscribed = await client.subscribe('packets', ['packet']);
    if (subscribed.ok) return succeed(station);
    station.close();
    return subscribed;
  }

  /** Hears each indication of the entity. */
  onIndication(hear: (indication: Indication) => void): void {
    this.#hear = hear;
  }

  find(role: TransactionReport['role'], name: string): TransactionReport | undefined {
    return this.entity.transactions().find((one) => one.role === role && one.name === name);
  }

  /** Carries PDUs, of all transactions under way, until `isOver`. */
  async run({ timeoutS, isOver, progress, isStopped }: RunOptions): Promise<RunEnd> {
    const { client, entity, options, outgoing } = this;
    this.#heardMs = performance.now();
    let tickedMs = performance.now() - TICK_MS;
    let done = progress();
    for (;;) {
      const nowMs = performance.now();
      const { up } = client.status.link;
      if (client.status.spacecraft === 'mismatch') return 'mismatch';
      entity.contact(up, nowUs());
      const budgetMs = Math.min(MAX_CATCH_UP_MS, nowMs - tickedMs);
      entity.tick(nowUs(), (budgetMs * options.rate) / 1000);
      tickedMs = nowMs;
      for (const pdu of outgoing.splice(0)) {
        const sent = await client.sendPacket(CFDP_APID, pdu);
        if (!sent.ok) return 'gateway-lost';
      }
      if (isOver()) return 'over';
      if (isStopped()) return 'stopped';
      const before = done;
      done = progress();
      if (done !== before) this.#heardMs = nowMs;
      if (nowMs - this.#heardMs > timeoutS * 1000) return up ? 'silent' : 'link-down';
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
  }

  close(): void {
    this.#clean();
    this.state.close();
  }

  #receive(packet: Uint8Array): void {
    if (apidOf(packet) !== CFDP_APID) return;
    const { received } = this.entity.counts;
    this.entity.receive(packet.subarray(SPACE_PACKET_HEADER_LENGTH), nowUs());
    if (this.entity.counts.received > received) this.#heardMs = performance.now();
  }

  #forgetWhatNobodyWants(): void {
    const { entity, state } = this;
    for (const { id, role, name } of entity.transactions())
      if (role === 'destination' && name.startsWith('down/') && !state.wants(name)) entity.cancel(id);
    this.#clean();
  }

  /** Removes copies of uploads that are over, and files of downloads that nobody waits for. */
  #clean(): void {
    const { state } = this;
    state.clean((name) =>
      name.startsWith('up/') ? this.find('source', name) !== undefined : state.wants(name),
    );
  }
}

/** The time of day: an entity's history is told by it over restarts. */
function nowUs(): number {
  return Date.now() * 1000;
}
