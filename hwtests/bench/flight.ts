import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { type ConfigOverrides, deploy, type Tap } from '../../fsw/framework/deployment';
import { dictionaryOf } from '../../fsw/framework/dictionary';
import type { SimulatedClock } from '../../fsw/framework/simulatedClock';
import { profiles, topology } from '../../fsw/missions/earth-watch/topology';
import { projectRoot } from '../../fsw/root';
import { GroundSecurity } from '../../ground-tools/link/security';
import { CommandUplink } from '../../ground-tools/link/uplink';
import { openBoard } from '../simulators/board';
import { duration, median, nsPerOperation, type Row } from './measure';

/** Rounds that `nsPerOperation` runs, warm-up included. */
const ROUNDS = 11;

/** The reference mission on its simulated board, booted; `close` stops its worker and removes its files. */
async function bootMission(taps: readonly Tap[] = [], config: ConfigOverrides = {}) {
  const outDir = mkdtempSync(join(tmpdir(), 'perigee-bench-'));
  const missionDir = join(projectRoot, 'fsw/missions/earth-watch');
  const flight = await openBoard({ seed: 7, orbits: 1, outDir, missionDir, mission: 'earth-watch' });
  if (!flight.ok) throw new Error(flight.error.text);
  const start = process.hrtime.bigint();
  const deployed = deploy(topology, flight.value.board, { taps, config });
  if (!deployed.ok) throw new Error(deployed.faults[0].text);
  const deployment = deployed.value;
  deployment.start();
  // Housekeeping first runs ten seconds of flight time after boot, which cost the host next to nothing.
  await (flight.value.board.clock as SimulatedClock).run(10e6, () => deployment.executive.run());
  const bootNs = Number(process.hrtime.bigint() - start);
  const close = async () => {
    await deployment.stop();
    rmSync(outDir, { recursive: true });
  };
  return { deployment, bootNs, keys: join(outDir, 'keys/ground'), close };
}

/** TC frame in → deframed, opened, routed, dispatched, run, answered → its OpCodeCompleted event packet out. */
export async function commandRoundTrip(): Promise<Row[]> {
  const { port1, port2 } = new MessageChannel();
  const theirs = nsPerOperation(20_000, (n) => {
    for (let i = 0; i < n; i++) {
      port1.postMessage({ data: new Uint8Array(19) });
      receiveMessageOnPort(port2);
    }
  });
  port1.close();
  const rows: Row[] = [];
  for (const [profile, commands, says] of [
    ['gds', 2000, 'in clear'],
    ['flight', 200, 'AES-GCM, its number on the disk before it is obeyed'],
  ] as const) {
    const ours = await commandNs(profiles[profile], commands, profile === 'flight');
    rows.push({
      what: `command uplink → response event (${says})`,
      value: duration(ours),
      yardstick: 'as many bytes posted and taken once over a MessageChannel',
      yardstickValue: duration(theirs),
      ratio: `${(ours / theirs).toFixed(1)} ×`,
      promise: '',
      kept: undefined,
    });
  }
  return rows;
}

async function commandNs(config: ConfigOverrides, commands: number, secured: boolean): Promise<number> {
  let packets = 0;
  const tap: Tap = { instance: 'eventManager', end: 'comOut', hear: () => void packets++ };
  const { deployment, keys, close } = await bootMission([tap], config);
  const uplink = new CommandUplink(dictionaryOf(topology));
  const radio = deployment.units.get('radioAdapter')?.inlets.own.heard[0];
  const security = GroundSecurity.open(keys);
  if (radio === undefined || !security.ok) throw new Error('no radio, or no keys');
  // Sealed before the clock runs: the ground's work is not the spacecraft's.
  const frames = Array.from({ length: ROUNDS * commands }, () => {
    const made = uplink.command('commandDispatcher.CMD_NO_OP');
    const frame = made.ok && secured ? security.value.sealTc(made.value.frame) : made;
    if (!made.ok || !frame.ok) throw new Error('no frame');
    return frame.value instanceof Uint8Array ? frame.value : made.value.frame;
  });
  const before = packets;
  let next = 0;
  const ours = nsPerOperation(commands, (n) => {
    for (let i = 0; i < n; i++) {
      radio.accept({ data: frames[next++] }, undefined);
      deployment.executive.run();
    }
  });
  const perCommand = (packets - before) / (ROUNDS * commands);
  if (perCommand < 2) throw new Error(`a command made ${perCommand} events, 2 or 3 are due`);
  security.value.close();
  await close();
  return ours;
}

/** Topology checked, wired, models loaded and verified, until the first telemetry packet is in the downlink queue. */
export async function bootTime(): Promise<Row[]> {
  const boots: number[] = [];
  for (let i = 0; i < 5; i++) {
    let telemetry = 0;
    const tap: Tap = { instance: 'telemetryPacketizer', end: 'comOut', hear: () => void telemetry++ };
    const { bootNs, close } = await bootMission([tap]);
    if (telemetry === 0) throw new Error('booted, but sent no telemetry');
    boots.push(bootNs);
    await close();
  }
  const starts = Array.from({ length: 5 }, () => {
    const start = process.hrtime.bigint();
    spawnSync(process.execPath, ['-e', '0']);
    return Number(process.hrtime.bigint() - start);
  });
  return [
    {
      what: 'boot to first telemetry: check, wire, verify models, start inference, first packet queued',
      value: duration(median(boots)),
      yardstick: 'starting an empty node process',
      yardstickValue: duration(median(starts)),
      ratio: `${(median(boots) / median(starts)).toFixed(2)} ×`,
      promise: '',
      kept: undefined,
    },
  ];
}
