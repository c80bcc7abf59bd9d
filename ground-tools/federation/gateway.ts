/** The gateway: a virtual SuperNode for each satellite, all of them on one SuperLink and one folder of state. */
import type { KeyObject } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';
import { defaultLimits, type Limits } from '../../fsw/federation';
import { hexOf, keyIdOf, type TrustedKeys } from '../../fsw/models';
import type { writeWholeFile } from '../../fsw/wholeFile';
import { takeLock } from '../assets/lock';
import type { Fetch } from './fleet';
import { Journal } from './journal';
import type { SatelliteLink } from './satelliteLink';
import { SuperNode } from './superNode';
import type { Judge } from './updateDesk';
import { type EventName, type GatewayEvent, VirtualSatellite } from './virtualSatellite';

export interface GatewayOptions {
  /** `http://host:port` of the SuperLink. */
  readonly superlink: string;
  /** Folder of the state; one process uses it at a time. */
  readonly state: string;
  /** The public key of each satellite, by its name. */
  readonly satellites: ReadonlyMap<string, KeyObject>;
  readonly link: SatelliteLink;
  /** Private and public half of what tasks are signed with. */
  readonly taskKey: KeyObject;
  readonly taskPublicKey: KeyObject;
  readonly limits?: Partial<Limits>;
  readonly canary?: Judge['canary'];
  readonly fetch?: Fetch;
  /** Unix time, ms. */
  readonly now?: () => number;
  readonly report?: (event: GatewayEvent) => void;
  /** How files of the state are written; a test's way to die on one. */
  readonly write?: typeof writeWholeFile;
}

/** How often each thing happened since this process began. */
export type GatewayCounts = Partial<Record<EventName, number>>;

export class Gateway {
  readonly counts: GatewayCounts = {};
  readonly #satellites: ReadonlyMap<string, VirtualSatellite>;
  readonly #journals: ReadonlyMap<string, Journal>;
  readonly #lock: string;

  private constructor(
    lock: string,
    journals: ReadonlyMap<string, Journal>,
    satellites: ReadonlyMap<string, VirtualSatellite>,
  ) {
    this.#lock = lock;
    this.#journals = journals;
    this.#satellites = satellites;
  }

  /** Goes on where an earlier process stopped, or was stopped. Errors: FLOWER_STATE, FLOWER_KEY. */
  static open(options: GatewayOptions): Result<Gateway> {
    const folder = resolve(options.state);
    const lock = join(folder, 'lock');
    try {
      mkdirSync(folder, { recursive: true });
      if (!takeLock(lock)) return fail('FLOWER_STATE', { folder, why: 'another process uses it' });
    } catch (error) {
      return fail('FLOWER_STATE', { folder, why: (error as Error).message });
    }
    const made = Gateway.#make(options, folder, lock);
    if (!made.ok) rmSync(lock, { force: true });
    return made;
  }

  static #make(options: GatewayOptions, folder: string, lock: string): Result<Gateway> {
    const journals = new Map<string, Journal>();
    const satellites = new Map<string, VirtualSatellite>();
    const gateway = new Gateway(lock, journals, satellites);
    const shared = gateway.#shared(options);
    for (const name of options.satellites.keys()) {
      const journal = Journal.open(join(folder, 'satellites', name), options.write);
      if (!journal.ok) return journal;
      const identity = journal.value.identity();
      if (!identity.ok) return identity;
      const { superlink: url, fetch, now } = options;
      const node = new SuperNode(
        {
          url,
          identity: identity.value,
          fetch,
          now,
        },
        { nodeId: journal.value.nodeId },
      );
      journals.set(name, journal.value);
      satellites.set(name, new VirtualSatellite({ ...shared, name, node, journal: journal.value }));
    }
    return succeed(gateway);
  }

  #shared({ now = Date.now, ...options }: GatewayOptions) {
    const publicKeys = [...options.satellites.values()];
    const judge: Judge = {
      keys: trusted(publicKeys),
      nodes: new Map([...options.satellites].map(([name, key]) => [name, hexOf(keyIdOf(key))])),
      limits: { ...defaultLimits, ...options.limits },
      norms: (run) => this.#norms(run),
      canary: options.canary,
    };
    return {
      link: options.link,
      taskKey: options.taskKey,
      taskKeys: trusted([options.taskPublicKey]),
      judge,
      deskOf: (name: string) => this.#satellites.get(name)?.desk,
      now,
      report: (event: GatewayEvent) => this.#hear(options, event),
    };
  }

  /** One round of what can be done now, for all satellites. To be called again and again. */
  async step(): Promise<void> {
    for (const satellite of this.#satellites.values()) await satellite.collect();
    await Promise.all([...this.#satellites.values()].map((satellite) => satellite.step()));
  }

  /** The journals by satellite: what is open, how it ended, what came too late. */
  get journals(): ReadonlyMap<string, Journal> {
    return this.#journals;
  }

  /** The nodes stay online at the SuperLink for an hour: a restart takes up where this ends. */
  close(): void {
    rmSync(this.#lock, { force: true });
  }

  #norms(run: string): readonly number[] {
    const entries = [...this.#journals.values()].flatMap((journal) => [...journal.entries.values()]);
    return entries.flatMap((entry) =>
      entry.run === run && entry.answer === 'pushed' && entry.norm !== undefined ? [entry.norm] : [],
    );
  }

  #hear({ report }: Pick<GatewayOptions, 'report'>, event: GatewayEvent): void {
    this.counts[event.what] = (this.counts[event.what] ?? 0) + 1;
    report?.(event);
  }
}

function trusted(keys: readonly KeyObject[]): TrustedKeys {
  return new Map(keys.map((key) => [hexOf(keyIdOf(key)), key]));
}
