import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { deploy } from '../../fsw/framework/deployment';
import { parseLink } from '../../fsw/links';
import { topology } from '../../fsw/missions/link-bench/topology';
import { TmDeframer } from '../../fsw/protocols';
import { projectRoot } from '../../fsw/root';
import { openBoard } from './liveBoard';

const mission = 'link-bench';
const missionDir = join(projectRoot, 'fsw/missions', mission);

function options(link?: string) {
  const outDir = mkdtempSync(join(tmpdir(), 'perigee-live-'));
  onTestFinished(() => rmSync(outDir, { recursive: true, force: true }));
  return { seed: 1, orbits: Number.POSITIVE_INFINITY, outDir, mission, missionDir, link };
}

describe('the live board', () => {
  it('flies a mission on the wall clock: a ground that connects is in contact and hears packets', async () => {
    const opened = await openBoard(options());
    if (!opened.ok) throw new Error(opened.error.text);
    const flight = opened.value;
    expect(flight.board.ephemeris.contactAt(flight.board.clock.nowUs())).toBeUndefined();
    const deployed = deploy(topology, flight.board, { taps: flight.taps });
    if (!deployed.ok) throw new Error(deployed.faults.map(({ text }) => text).join());
    deployed.value.start();
    const spec = parseLink(/^link (.*)$/m.exec(flight.notice ?? '')?.[1] ?? '');
    const ground = connect(spec.ok && 'port' in spec.value ? spec.value.port : 0, '127.0.0.1');
    let packets = 0;
    const deframer = new TmDeframer({ onPacket: () => packets++ });
    ground.on('data', (bytes) => deframer.push(bytes));
    const flying = flight.fly(
      deployed.value,
      () => undefined,
      () => packets > 0,
    );
    await flying;
    await deployed.value.stop();
    ground.destroy();
    expect(packets).toBeGreaterThan(0);
    expect(deframer.counts.garbageBytes).toBe(0);
    expect(flight.report(deployed.value)).toMatchObject({ mission, faults: {} });
  });

  it('says what is wrong with its link', async () => {
    expect(await openBoard(options('tcp-server:127.0.0.1'))).toMatchObject({ error: { code: 'LINK_FORM' } });
  });
});
