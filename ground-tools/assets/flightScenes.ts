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
 * missing, or with `PERIGEE_ASSETS=off`. Never a reason not to fly: the board says what flies without the scenes.
 */
export async function pullFlightScenes(
  screen: Screen,
  host: AssetHost = thisHost,
  table: readonly Asset[] = catalogue,
): Promise<void> {
  const say = (what: string) => void screen.write(`perigee: high-resolution scenes: ${what}\n`);
  if (host.env.PERIGEE_ASSETS === 'off') return;
  for (const asset of table) {
    if (!flightScenes.includes(asset.name) || findAsset(asset, host) !== undefined) continue;
    const line = new TransferLine(screen, 'high-resolution scenes');
    const pulled = await pull(asset, host, {
      ...patience,
      signal: AbortSignal.timeout(LIMIT_MS),
      // Without a terminal, the line at the end is enough.
      onProgress: (bytes, total) => screen.isTTY && line.show(bytes, total ?? asset.archive?.bytes),
    });
    line.end();
    if (!pulled.ok) return say(`not to be had: ${pulled.error.text}`);
    say(`${megabytes(asset.archive?.bytes ?? 0)} MB from ${asset.source.kind === 'npm' ? 'npm' : 'PyPI'}`);
  }
}
