/**
 * A short flight of the reference mission on the simulated board, without onnxruntime: run on two processors, to compare
 * the reports. `node dist/hwtests/arm64/flight.js <folder> <orbits> <seed>` writes `report.json` into the folder, and
 * `received.jsonl`: everything that the ground read from the downlink, when and what. (Frames themselves differ from
 * flight to flight: each flight has keys of its own.)
 */
import { join } from 'node:path';
import { deploy } from '../../fsw/framework/deployment';
import { topology } from '../../fsw/missions/earth-watch/topology';
import { projectRoot } from '../../fsw/root';
import { writeWholeFile } from '../../fsw/wholeFile';
import { openBoard } from '../simulators/board';
import { standInEngine } from './standInEngine';

/** Far from the telescope's scenes: what the two processors are compared on is there with and without them, and qemu is slow. */
const START = '2022-02-22T09:21Z';

async function main([outDir, orbits, seed]: readonly string[]): Promise<void> {
  const opened = await openBoard({
    mission: 'earth-watch',
    missionDir: join(projectRoot, 'fsw/missions/earth-watch'),
    outDir,
    orbits: Number(orbits),
    seed: Number(seed),
    start: START,
  });
  if (!opened.ok) throw new Error(opened.error.text);
  const { board, ground, taps, fly, report } = opened.value;
  const deployed = deploy(topology, board, { taps, config: { inference: { engine: standInEngine } } });
  if (!deployed.ok) throw new Error(deployed.faults.map(({ text }) => text).join('\n'));
  const deployment = deployed.value;
  deployment.start();
  await fly(
    deployment,
    () => undefined,
    () => false,
  );
  await deployment.stop();
  const line = (received: object) => `${JSON.stringify(received, bigintAsText)}\n`;
  writeWholeFile(join(outDir, 'received.jsonl'), ground.received.map(line).join(''));
  writeWholeFile(join(outDir, 'report.json'), `${JSON.stringify(report(deployment), null, 2)}\n`);
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

if (require.main === module) void main(process.argv.slice(2));
