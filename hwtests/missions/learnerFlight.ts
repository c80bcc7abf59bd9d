/** What the tests of the learner share: its classes, a short flight, labels of what came down, files going up. */
import type { Value } from '../../fsw/framework';
import type { TileRecord as TileRecordType } from '../../fsw/learning';
import { type Label, writeLabels } from '../../fsw/learning/labels';
import type { Rig } from './rig';
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

/** Labels of the tiles whose records came down, frame by frame: every third is for reference. */
function labelsHeard({ ground, flight }: Rig): Label[] {
  const frames = new Map<number, number[]>();
  for (const { content } of ground.received) {
    if (content.kind !== 'records' || !content.name.endsWith('.Tile')) continue;
    for (const { tile, seconds } of content.records as TileRecord[])
      frames.set(seconds, [...(frames.get(seconds) ?? []), tile]);
  }
  const times = [...frames.keys()].sort((one, other) => one - other);
  return times.flatMap((seconds, n) => {
    const ids = (frames.get(seconds) ?? []).sort((one, other) => one - other);
    const shown = flight.tiles.shown(n);
    if (ids.length !== shown.length) return [];
    return ids.map((tile, place): Label => {
      const says = CLASSES.indexOf(shown[place]);
      return { tile, says, weight: 1, use: place % 3 === 0 ? 'reference' : 'train' };
    });
  });
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

/** Labels of all tiles heard of go up and are taken. */
export function labelAll(self: Rig): void {
  const made = writeLabels({
    name: 'pass-1',
    model: 'land-cover',
    classes: CLASSES,
    entries: labelsHeard(self),
  });
  if (!made.ok) throw new Error(made.error.text);
  sendUp(self, 'pass-1.labels', made.value, (path) => self.command('fineTuner.TAKE_LABELS', { path }));
}
