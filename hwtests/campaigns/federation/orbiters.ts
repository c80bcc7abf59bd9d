/**
 * The satellites and what lies between them and the ground, in simulated time: a task goes up by the quickest way, is trained,
 * and its update comes down. It is the link that the gateway uses; while it gathers tasks, time stands still.
 */
import { type Fault, type Result, succeed } from '../../../fsw/errors';
import { idOf } from '../../../fsw/federation';
import type { SimulatedClock } from '../../../fsw/framework/simulatedClock';
import type { SatelliteLink } from '../../../ground-tools/federation/satelliteLink';
import { trainingUs } from './board';
import type { Network } from './network';
import type { SpaceNode } from './spaceNode';

export interface OrbitersOptions {
  readonly clock: SimulatedClock;
  readonly network: Network;
  readonly nodes: readonly SpaceNode[];
  /** Whether messages may go by way of other satellites. */
  readonly relay: boolean;
  /** Unix time, ms, by which nodes judge expiry and date updates. */
  readonly nowMs: () => number;
  readonly onUpdate?: (satellite: string, update: Uint8Array) => void;
}

interface Station {
  readonly index: number;
  readonly node: SpaceNode;
  /** Tasks that were sent; true: they are on board. */
  readonly tasks: Map<string, boolean>;
  readonly down: Map<string, Uint8Array>;
  busyUs: number;
}

export class Orbiters implements SatelliteLink {
  /** Tiles that were trained on, over all satellites. */
  trained = 0;
  /** Tasks given out whose update has not come down. */
  waiting = 0;
  /** When the last update came down. */
  lastUs = 0;
  /** Tasks and updates that can't arrive before the end, and what nodes refused. */
  stranded = 0;
  /** Updates that came too late for the ground. */
  returned = 0;
  readonly faults: Fault[] = [];
  private readonly stations: ReadonlyMap<string, Station>;
  private pending: { readonly station: Station; readonly id: string; readonly task: Uint8Array }[] = [];

  constructor(private readonly options: OrbitersOptions) {
    this.stations = new Map(
      options.nodes.map((node, index) => [
        node.options.name,
        { index, node, tasks: new Map(), down: new Map(), busyUs: 0 },
      ]),
    );
  }

  async deliver(name: string, id: string, task: Uint8Array): Promise<Result<'waiting' | 'delivered'>> {
    const station = this.station(name);
    const onBoard = station.tasks.get(id);
    if (onBoard !== undefined) return succeed(onBoard ? 'delivered' : 'waiting');
    station.tasks.set(id, false);
    this.waiting++;
    this.pending.push({ station, id, task });
    return succeed('waiting');
  }

  async updates(name: string): Promise<Result<readonly Uint8Array[]>> {
    return succeed([...this.station(name).down.values()]);
  }

  async settle(name: string, id: string, verdict: 'taken' | 'returned'): Promise<Result<void>> {
    const station = this.station(name);
    if (station.down.delete(id) && verdict === 'returned') this.returned++;
    return succeed(undefined);
  }

  /** Sends what was gathered and lets time run until nothing that can arrive is under way; returns whether all of it came. */
  async fly(untilUs: number): Promise<boolean> {
    const { clock, network, nodes, relay } = this.options;
    // In the order of the satellites: that of a gateway's calls is the host's.
    for (const { station, id, task } of this.pending.sort((x, y) => x.station.index - y.station.index)) {
      const arrivesUs = network.send(nodes.length, station.index, task.length, clock.nowUs(), relay);
      if (arrivesUs === undefined) this.stranded++;
      else this.at(arrivesUs, () => this.arrived(station, id, task));
    }
    this.pending = [];
    while (this.waiting > this.stranded && clock.nowUs() < untilUs)
      await clock.run(Math.min(untilUs, clock.nowUs() + 1e6), () => undefined);
    return this.waiting === 0;
  }

  private async arrived(station: Station, id: string, task: Uint8Array): Promise<void> {
    const { clock, nowMs } = this.options;
    station.tasks.set(id, true);
    const answer = await station.node.answer(task, nowMs());
    if (!answer.ok) {
      this.stranded++;
      this.faults.push(answer.error);
      return;
    }
    const { update, trained } = answer.value;
    this.trained += trained;
    station.busyUs = Math.max(station.busyUs, clock.nowUs()) + trainingUs(trained);
    this.at(station.busyUs, () => this.send(station, update));
  }

  private send(station: Station, update: Uint8Array): void {
    const { clock, network, nodes, relay } = this.options;
    const arrivesUs = network.send(station.index, nodes.length, update.length, clock.nowUs(), relay);
    if (arrivesUs === undefined) this.stranded++;
    else this.at(arrivesUs, () => this.landed(station, update));
  }

  private landed(station: Station, update: Uint8Array): void {
    station.down.set(idOf(update), update);
    this.waiting--;
    this.lastUs = this.options.clock.nowUs();
    this.options.onUpdate?.(station.node.options.name, update);
  }

  /** The clock waits for what an alarm begins. */
  private at(us: number, then: () => Promise<void> | void): void {
    const { clock } = this.options;
    clock.after(us - clock.nowUs(), then);
  }

  private station(name: string): Station {
    const station = this.stations.get(name);
    if (station === undefined) throw new Error(`there is no satellite ${name}`);
    return station;
  }
}
