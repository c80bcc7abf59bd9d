/**
 * The radiation of one flight. What hits a target between two instants follows from the seed, the orbit, these
 * instants and the target's name and size alone: whether other targets are hit too changes nothing.
 */
import { seededRandom } from '../../../fsw/framework/random';
import type { Orbit } from '../orbit';
import { HitLog } from './hits';
import { type UpsetRate, upsetRate } from './rate';
import type { Target } from './targets';
import { arrivals, clusterSize, STUCK_SHARE } from './upsets';

export interface EnvironmentOptions {
  readonly orbit: Orbit;
  /** Unix time at which flight time is zero. */
  readonly epochMs: number;
  readonly seed: number;
  /** Times the published rate. */
  readonly factor: number;
  /** What lies open now; asked at each step, always in the same order. */
  readonly targets: () => readonly Target[];
}

/** A cell that comes back to its value after each repair. */
interface StuckCell {
  readonly cells: Uint8Array;
  readonly byte: number;
  readonly mask: number;
  /** `mask` or 0. */
  readonly value: number;
}

/** The rate changes little in the 75 km that the satellite flies meanwhile. */
const SUB_STEP_US = 10_000_000;

export class RadiationEnvironment {
  readonly hits = new HitLog();
  private readonly given: EnvironmentOptions;
  private readonly rate: UpsetRate;
  private stuck: StuckCell[] = [];
  private lastUs = 0;

  constructor(given: EnvironmentOptions) {
    this.given = given;
    this.rate = upsetRate(given.orbit, given.epochMs, given.factor);
  }

  /** Upset events a bit that fall between two flight times: the rate, integrated along the flight. */
  fluence(fromUs: number, toUs: number): number {
    const steps = Math.max(1, Math.ceil((toUs - fromUs) / SUB_STEP_US));
    const stepUs = (toUs - fromUs) / steps;
    let sum = 0;
    for (let i = 0; i < steps; i++) {
      const { latDeg, lonDeg } = this.placeAt(fromUs + (i + 0.5) * stepUs);
      sum += (this.rate.at(latDeg, lonDeg) * stepUs) / 1e6;
    }
    return sum;
  }

  /** Lets fall on every target what has come since the last call. */
  irradiate(nowUs: number): void {
    const fromUs = this.lastUs;
    if (nowUs <= fromUs) return;
    this.lastUs = nowUs;
    const fluence = this.fluence(fromUs, nowUs);
    const place = this.placeAt((fromUs + nowUs) / 2);
    const targets = this.given.targets();
    for (const target of targets) {
      const random = seededRandom(this.given.seed, `radiation/${target.kind}/${target.name}/${fromUs}`);
      for (let left = arrivals(random, fluence * target.bits); left > 0; left--) {
        const first = Math.floor(random.next() * target.bits);
        const bits = target.flip(first, clusterSize(random));
        const sticks = random.next() < STUCK_SHARE;
        if (sticks) this.stick(target, first);
        this.hits.add({ atUs: nowUs, ...place, kind: target.kind, target: target.name, first, bits });
      }
    }
    this.holdStuck(targets);
  }

  /** Cells that are stuck now. */
  get stuckCells(): number {
    return this.stuck.length;
  }

  /** Frees every stuck cell. */
  powerCycle(): void {
    this.stuck = [];
  }

  private stick({ cells }: Target, bit: number): void {
    if (cells === undefined) return;
    const byte = bit >>> 3;
    const mask = 1 << (bit & 7);
    this.stuck.push({ cells, byte, mask, value: cells[byte] & mask });
  }

  /** Stuck cells win over whoever wrote them since; those of memory that was released are forgotten. */
  private holdStuck(targets: readonly Target[]): void {
    this.stuck = this.stuck.filter(({ cells }) => targets.some((target) => target.cells === cells));
    for (const { cells, byte, mask, value } of this.stuck) cells[byte] = (cells[byte] & ~mask) | value;
  }

  private placeAt(atUs: number) {
    const { latDeg, lonDeg } = this.given.orbit.stateAt(this.given.epochMs + atUs / 1000);
    return { latDeg, lonDeg };
  }
}
