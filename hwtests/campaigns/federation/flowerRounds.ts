/** The main run. */
import { type Result, succeed } from '../../../fsw/errors';
import type { Tell } from './experiment';
import type { Options } from './options';
import type { Point } from './outcome';
import { type Federated, federate } from './rounds';
import type { Skies } from './sky';
import type { Study } from './study';

/** Who averaged in the main run, and why not Flower where it did not. */
export interface FlowerSays {
  readonly used: boolean;
  readonly text: string;
}

export async function flowerRounds({
  study,
  sky,
  onRound,
}: {
  options: Options;
  study: Study;
  sky: Skies;
  tell: Tell;
  onRound: (point: Point) => void;
}): Promise<Result<{ federated: Federated; flower: FlowerSays }>> {
  const federated = await federate({
    name: 'federated through windows',
    study,
    sky,
    network: sky.network(),
    relay: true,
    onRound,
  });
  return federated.ok
    ? succeed({ federated: federated.value, flower: { used: false, text: 'averaged by our own code' } })
    : federated;
}
