/** Two entities, files in memory, and a channel that loses, repeats, reorders and delays. Simulated time. */
import { memoryFiles } from '../framework/memoryFiles';
import type { TransactionId } from '../protocols/cfdp';
import { CfdpEntity, type EntityOptions, type Indication } from './index';

/** Deterministic, 0..1. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function randomBytes(length: number, seed: number): Uint8Array {
  const random = seeded(seed);
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
}

export interface Channel {
  readonly loss?: number;
  readonly duplicates?: number;
  /** PDUs arrive up to this much later than `delayUs`: so they overtake each other. */
  readonly jitterUs?: number;
  readonly delayUs?: number;
}

export interface RigOptions {
  readonly seed?: number;
  readonly channel?: Channel;
  readonly tickUs?: number;
  readonly budgetBytes?: number;
  readonly a?: Partial<EntityOptions>;
  readonly b?: Partial<EntityOptions>;
  /** Of both entities, about the other. */
  readonly remote?: Partial<EntityOptions['remotes'][number]>;
}

export class Node {
  readonly files = memoryFiles();
  readonly indications: Indication[] = [];
  readonly sent: Uint8Array[] = [];
  entity: CfdpEntity;

  constructor(
    readonly id: number,
    readonly peer: number,
    readonly options: RigOptions,
    readonly extra: Partial<EntityOptions> = {},
  ) {
    this.entity = this.boot(0);
  }

  /** Begins anew from what is in the files. */
  boot(nowUs: number): CfdpEntity {
    const opened = CfdpEntity.open(
      {
        id: this.id,
        remotes: [{ id: this.peer, maxPduLength: 200, ...this.options.remote }],
        files: this.files,
        send: (pdu) => this.sent.push(pdu),
        indicate: (indication) => this.indications.push(indication),
        ...this.extra,
      },
      nowUs,
    );
    if (!opened.ok) throw new Error(opened.error.text);
    this.entity = opened.value;
    return this.entity;
  }

  of<K extends Indication['kind']>(kind: K): Extract<Indication, { kind: K }>[] {
    return this.indications.filter((one): one is Extract<Indication, { kind: K }> => one.kind === kind);
  }

  give(path: string, bytes: Uint8Array): void {
    const put = this.files.write(path, 0, bytes);
    const synced = put.ok ? this.files.sync(path) : put;
    if (!synced.ok) throw new Error(synced.error.text);
  }

  file(path: string): Uint8Array | undefined {
    return this.files.contents()[path];
  }

  put(request: Omit<Parameters<CfdpEntity['put']>[0], 'destination'>): TransactionId {
    const put = this.entity.put({ destination: this.peer, ...request });
    if (!put.ok) throw new Error(put.error.text);
    return put.value;
  }
}

/** Entity 1 (`a`) and entity 2 (`b`) with a channel between them. */
export class Rig {
  readonly a: Node;
  readonly b: Node;
  nowUs = 0;
  readonly #random: () => number;
  #flying: { atUs: number; to: Node; pdu: Uint8Array }[] = [];

  constructor(readonly options: RigOptions = {}) {
    this.#random = seeded(options.seed ?? 1);
    this.a = new Node(1, 2, options, options.a);
    this.b = new Node(2, 1, options, options.b);
  }

  step(): void {
    const { tickUs = 100_000, budgetBytes = 20_000, channel = {} } = this.options;
    this.nowUs += tickUs;
    for (const [from, to] of [
      [this.a, this.b],
      [this.b, this.a],
    ]) {
      from.entity.tick(this.nowUs, budgetBytes);
      for (const pdu of from.sent.splice(0)) {
        const copies = 1 + (this.#random() < (channel.duplicates ?? 0) ? 1 : 0);
        for (let i = 0; i < copies; i++) {
          if (this.#random() < (channel.loss ?? 0)) continue;
          const lateUs = (channel.delayUs ?? 0) + this.#random() * (channel.jitterUs ?? 0);
          this.#flying.push({ atUs: this.nowUs + lateUs, to, pdu });
        }
      }
    }
    const due = this.#flying.filter(({ atUs }) => atUs <= this.nowUs).sort((x, y) => x.atUs - y.atUs);
    this.#flying = this.#flying.filter(({ atUs }) => atUs > this.nowUs);
    for (const { to, pdu } of due) to.entity.receive(pdu, this.nowUs);
  }

  /** Until `done`, or the time is over; says whether it was done. */
  run(limitUs: number, done: () => boolean = () => this.idle()): boolean {
    for (const endUs = this.nowUs + limitUs; this.nowUs < endUs; this.step()) if (done()) return true;
    return done();
  }

  idle(): boolean {
    return this.a.entity.transactions().length + this.b.entity.transactions().length === 0;
  }
}
