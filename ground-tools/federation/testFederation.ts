/** A SuperLink in memory, satellites in memory and the gateway between them, for tests. */

import { renameSync, writeFileSync } from 'node:fs';
import { FakeSuperLink } from './fakeSuperLink';
import { Gateway, type GatewayOptions } from './gateway';
import { MemoryLink, type MemorySatellite } from './memoryLink';
import type { RecordDict } from './records';
import {
  groundKey,
  orderOf,
  type TestSatellite,
  testArrays,
  testFolder,
  testSatellites,
  updateOf,
} from './testSatellites';
import type { GatewayEvent } from './virtualSatellite';

/** Whole as `writeWholeFile` writes, without waiting for the disk: a test kills a gateway, not the machine. */
export function writeQuickly(file: string, bytes: Uint8Array | string): void {
  writeFileSync(`${file}.tmp`, bytes);
  renameSync(`${file}.tmp`, file);
}

export class TestFederation {
  readonly superlink = new FakeSuperLink();
  readonly satellites: readonly TestSatellite[];
  readonly link: MemoryLink;
  readonly events: GatewayEvent[] = [];
  readonly state = testFolder();
  /** Tasks that came to each satellite. */
  readonly tasks = new Map<string, Uint8Array[]>();
  readonly inView = new Set<string>();
  /** What a satellite makes of a task; undefined: nothing yet. */
  answer: (satellite: TestSatellite, task: Uint8Array) => Uint8Array | undefined = (satellite, task) =>
    updateOf(satellite, task, this.superlink.nowMs);
  gateway: Gateway;
  readonly #options: Partial<GatewayOptions>;

  constructor(count = 1, options: Partial<GatewayOptions> = {}) {
    this.#options = options;
    this.satellites = testSatellites(count);
    for (const { name } of this.satellites) this.inView.add(name);
    this.link = new MemoryLink(
      new Map(this.satellites.map((satellite) => [satellite.name, this.#flown(satellite)])),
    );
    this.gateway = this.open();
  }

  /** A gateway on the same state: after `close`, or after a kill. */
  open(change: Partial<GatewayOptions> = {}): Gateway {
    const gateway = Gateway.open({
      superlink: 'http://superlink',
      state: this.state,
      satellites: new Map(this.satellites.map(({ name, key }) => [name, key.publicKey])),
      link: this.link,
      taskKey: groundKey.privateKey,
      taskPublicKey: groundKey.publicKey,
      fetch: this.superlink.fetch,
      now: () => this.superlink.nowMs,
      report: (event) => this.events.push(event),
      write: writeQuickly,
      ...this.#options,
      ...change,
    });
    if (!gateway.ok) throw new Error(gateway.error.text);
    this.gateway = gateway.value;
    return gateway.value;
  }

  async steps(count: number, eachMs = 1000): Promise<void> {
    for (let i = 0; i < count; i++) {
      await this.gateway.step();
      this.superlink.nowMs += eachMs;
    }
  }

  /** Asks one satellite; returns the message's id. */
  ask(name = 'sat-1', records: RecordDict = orderOf(testArrays, 1), options = {}): string {
    const nodeId = this.gateway.journals.get(name)?.nodeId;
    if (nodeId === undefined) throw new Error(`${name} has not joined`);
    return this.superlink.send(nodeId, records, options);
  }

  told(what: GatewayEvent['what']): string[] {
    return this.events.filter((event) => event.what === what).map(({ text }) => text);
  }

  #flown(satellite: TestSatellite): MemorySatellite {
    return {
      inView: () => this.inView.has(satellite.name),
      train: (task) => {
        this.tasks.set(satellite.name, [...(this.tasks.get(satellite.name) ?? []), task]);
        const update = this.answer(satellite, task);
        if (update !== undefined) this.link.finish(satellite.name, update);
      },
    };
  }
}
