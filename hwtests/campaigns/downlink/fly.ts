/** Flies the reference mission under one policy at one downlink rate, and judges what came down. */
import { join } from 'node:path';
import type { Frame } from '../../../components/payload/ports';
import { fail, type Result, succeed } from '../../../fsw/errors';
import { deploy, type Tap } from '../../../fsw/framework/deployment';
import type { Arguments } from '../../../fsw/framework/ports';
import { unixUsOf } from '../../../fsw/framework/time';
import { projectRoot } from '../../../fsw/root';
import { openBoard } from '../../simulators/board';
import type { TileTruth } from '../../simulators/truth';
import { configOf, type PolicyName, policies, topologyOf } from './policies';
import { allValue, judge } from './worth';

/** Far from the telescope's scenes, so that the figures are the same where those are not to be had. */
const START = '2022-02-22T09:21Z';

export interface FlightSpec {
  readonly policy: PolicyName;
  readonly downlinkBps: number;
  readonly orbits: number;
  readonly seed: number;
  /** Emptied folder for the board's storage. */
  readonly outDir: string;
}

/** One row of the comparison. */
export interface Flown {
  readonly policy: PolicyName;
  readonly title: string;
  readonly downlinkBps: number;
  readonly frames: number;
  /** What the passes let through, and what was sent of it, in space packets. */
  readonly grantedBytes: number;
  readonly bytes: number;
  /** What waited at the end, and was never sent. */
  readonly leftBytes: number;
  readonly value: number;
  readonly valuePerKB: number;
  /** Of all that there was to deliver; null where there was nothing. */
  readonly share: number | null;
  readonly detections: { readonly right: number; readonly wrong: number };
  readonly detectionValue: number;
  readonly pictureValue: number;
  readonly pictureBytes: number;
  /** Share of the bytes that are pictures of ground, by the truth. */
  readonly clearPictureShare: number;
  readonly latencyS: { readonly p50: number | null; readonly p99: number | null };
  readonly faults: Readonly<Record<string, unknown>>;
}

export async function flyPolicy(spec: FlightSpec): Promise<Result<Flown>> {
  const { policy, downlinkBps, orbits, seed, outDir } = spec;
  const missionDir = join(projectRoot, 'fsw/missions/earth-watch');
  const opened = await openBoard({ seed, orbits, outDir, start: START, missionDir, mission: 'earth-watch' });
  if (!opened.ok) return opened;
  const flight = opened.value;
  const epochUs = flight.board.clock.epochUs;
  const frames = new Map<number, { atUs: number; tiles: readonly TileTruth[] }>();
  let grantedBytes = 0;
  const taps: Tap[] = [
    {
      instance: 'camera',
      end: 'frameOut',
      hear: ({ info }: Arguments<typeof Frame>) =>
        void frames.set(info.id & 0xffff, {
          atUs: unixUsOf(info.time) - epochUs,
          tiles: flight.referee.truthOf(info),
        }),
    },
    {
      instance: 'contactManager',
      end: 'grant',
      hear: ({ bytes }: { bytes: number }) => {
        grantedBytes += bytes;
      },
    },
  ];
  const topology = topologyOf(policy);
  const deployed = deploy(flight.fit?.(topology) ?? topology, flight.board, {
    config: configOf(policy, downlinkBps),
    taps: [...flight.taps, ...taps],
  });
  if (!deployed.ok)
    return fail('CAMPAIGN_FLIGHT', { why: deployed.faults.map(({ text }) => text).join('; ') });
  const deployment = deployed.value;
  deployment.start();
  await flight.fly(
    deployment,
    () => {},
    () => false,
  );
  const report = flight.referee.report(deployment);
  const leftBytes = Number(flight.referee.read(deployment, 'comQueue.DepthBytes') ?? 0);
  await deployment.stop();
  const truth = { frames, epochUs };
  const judged = judge(flight.ground.received, truth, policies[policy].everything);
  const bytes = flight.ground.received.reduce((sum, packet) => sum + packet.bytes, 0);
  const all = allValue(truth);
  const at = (share: number) => {
    const { latenciesS } = judged;
    return latenciesS.length === 0
      ? null
      : latenciesS[Math.min(latenciesS.length - 1, Math.floor(share * latenciesS.length))];
  };
  return succeed({
    policy,
    title: policies[policy].title,
    downlinkBps,
    frames: frames.size,
    grantedBytes,
    bytes,
    leftBytes,
    value: judged.value,
    valuePerKB: bytes === 0 ? 0 : (judged.value / bytes) * 1000,
    share: all === 0 ? null : judged.value / all,
    detections: judged.detections,
    detectionValue: judged.detectionValue,
    pictureValue: judged.pictureValue,
    pictureBytes: judged.pictureBytes,
    clearPictureShare: bytes === 0 ? 0 : judged.clearPictureBytes / bytes,
    latencyS: { p50: at(0.5), p99: at(0.99) },
    faults: report.faults,
  });
}
