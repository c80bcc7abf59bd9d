/** What the tests of the learner share: its classes, a short flight, labels of what came down, files going up. */
import type { Value } from '../../fsw/framework';
import type { TileRecord as TileRecordType } from '../../fsw/learning';
import { type Label, writeLabels } from '../../fsw/learning/labels';
import { cornersOf, type PlacedTile } from '../../ground-tools/labels/footprint';
import type { Rig } from './openRig';
import { upload } from './upload';

export const CLASSES = [
  'AnnualCrop',
  'Forest',
  'HerbaceousVegetation',
  'Highway',
  'Industrial',
  'Pasture',
  'PermanentCrop',
  'Residential',
  'River',
  'SeaLake',
];
/** One image of the network is enough where nothing hits it; frames come fast, so that the flight is short. */
export const shortFlight = {
  camera: { PeriodS: 10, MinSunDeg: -90 },
  inference: { Guard: 'CANARY' },
  fineTuner: { providers: 'cpu', CheckpointSteps: 25 },
};

type TileRecord = Value<typeof TileRecordType>;

export interface ShownTile {
  readonly tile: number;
  readonly class: string;
  /** In its frame, row by row. */
  readonly place: number;
}

/** Records of tiles that came down. */
export function recordsHeard({ ground }: Rig): { records: TileRecord[]; bytes: number } {
  const packets = ground.received.flatMap(({ content, bytes }) =>
    content.kind === 'records' && content.name.endsWith('.Tile')
      ? [{ records: content.records as TileRecord[], bytes }]
      : [],
  );
  const bytes = packets.reduce((sum, packet) => sum + packet.bytes, 0);
  return { records: packets.flatMap(({ records }) => records), bytes };
}

/** The truth about the tiles whose records came down, frame by frame; those of a frame that came in part are left out. */
export function tilesShown(self: Rig): ShownTile[] {
  const frames = new Map<number, number[]>();
  for (const { tile, seconds } of recordsHeard(self).records)
    frames.set(seconds, [...(frames.get(seconds) ?? []), tile]);
  const times = [...frames.keys()].sort((one, other) => one - other);
  return times.flatMap((seconds, n) => {
    const ids = (frames.get(seconds) ?? []).sort((one, other) => one - other);
    const shown = self.flight.tiles.shown(n);
    if (ids.length !== shown.length) return [];
    return ids.map((tile, place) => ({ tile, class: shown[place], place }));
  });
}

/** A map of the ground under tiles, as a context of `perigee labels`: an area with its class for each. */
export function mapOf(tiles: readonly { tile: PlacedTile; class: string }[]) {
  const features = tiles.map(({ tile, class: name }) => {
    const corners = cornersOf(tile);
    const ring = [...corners, corners[0]].map(({ lonDeg, latDeg }) => [lonDeg, latDeg]);
    const geometry = { type: 'Polygon', coordinates: [ring] };
    return { type: 'Feature', properties: { class: name }, geometry };
  });
  return { type: 'FeatureCollection', features };
}

/**
 * Follows a plan through the flight: whatever it yields is looked at each second of flight, and when it is so the plan goes
 * on. Time stands still while the plan works.
 */
export function follow(self: Rig, plan: AsyncGenerator<() => boolean, void>): void {
  let ready = () => true;
  const turn = async () => {
    if (ready()) {
      const next = await plan.next();
      if (next.done) return;
      ready = next.value;
    }
    self.at(1, turn);
  };
  self.at(1, turn);
}

/** Sends a file up from now on; `then` gets its path on board. */
export function sendUp(
  { ground, at }: Rig,
  name: string,
  content: Uint8Array,
  then: (path: string) => void,
): void {
  const going = upload(ground, name, content);
  const turn = () => {
    const path = going();
    if (path === undefined) at(1, turn);
    else then(path);
  };
  turn();
}

/** Labels of all tiles heard of go up and are taken: every third is for reference. */
export function labelAll(self: Rig): void {
  const made = writeLabels({
    name: 'pass-1',
    model: 'land-cover',
    classes: CLASSES,
    entries: tilesShown(self).map(({ tile, class: name, place }): Label => {
      const says = CLASSES.indexOf(name);
      return { tile, says, weight: 1, use: place % 3 === 0 ? 'reference' : 'train' };
    }),
  });
  if (!made.ok) throw new Error(made.error.text);
  sendUp(self, 'pass-1.labels', made.value, (path) => self.command('fineTuner.TAKE_LABELS', { path }));
}
