/** A mission in flight in this process, on the flight board and a real link, for a ground system to fly. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { flightBoard } from '../../components/platform/flightBoard';
import { flyOnWallClock } from '../../components/platform/wallFlight';
import type { Radio } from '../../fsw/framework';
import { type ConfigOverrides, type Deployment, deploy } from '../../fsw/framework/deployment';
import type { Topology } from '../../fsw/framework/topology';
import { type LinkSpec, parseLink } from '../../fsw/links';

export interface Spacecraft {
  readonly deployment: Deployment;
  /** The link as opened: with the port that was bound. */
  readonly link: LinkSpec;
  /** The folder of its saved parameters (`storage/`) and files (`files/`). */
  readonly folder: string;
  /** Every byte that came up the link since boot. */
  heard(): Uint8Array;
  stop(): Promise<void>;
}

export interface FlyOptions {
  /** As `--link` takes it. */
  readonly link: string;
  /** Of an earlier flight, to boot from what it saved; a new one unless told. */
  readonly folder?: string;
  readonly config?: ConfigOverrides;
}

/** Throws when it cannot fly: this is for tests. */
export async function flySpacecraft(
  topology: Topology,
  { link, folder, config }: FlyOptions,
): Promise<Spacecraft> {
  const spec = parseLink(link);
  if (!spec.ok) throw new Error(spec.error.text);
  const home = folder ?? mkdtempSync(join(tmpdir(), 'perigee-bench-'));
  const board = await flightBoard({
    seed: 1,
    storageFolder: join(home, 'storage'),
    filesFolder: join(home, 'files'),
    imagers: {},
    link: spec.value,
  });
  if (!board.ok) throw new Error(board.error.text);
  const { radio, clock } = board.value;
  const heard: Uint8Array[] = [];
  const tapped: Radio = {
    send: (bytes) => radio.send(bytes),
    onReceive: (receiver) =>
      radio.onReceive((bytes) => {
        heard.push(bytes.slice());
        receiver(bytes);
      }),
  };
  const deployed = deploy(topology, { ...board.value, radio: tapped }, { config });
  if (!deployed.ok) throw new Error(deployed.faults.map(({ text }) => text).join('\n'));
  const deployment = deployed.value;
  deployment.start();
  let over = false;
  const flown = flyOnWallClock(clock, deployment, () => over);
  return {
    deployment,
    link: radio.spec,
    folder: home,
    heard: () => new Uint8Array(Buffer.concat(heard)),
    async stop() {
      over = true;
      await flown;
      await radio.close();
      await deployment.stop();
      clock.release();
    },
  };
}
