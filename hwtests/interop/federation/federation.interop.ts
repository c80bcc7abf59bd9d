/** The experiment's main run with the real SuperLink: two satellites, a tiny network, two rounds. */
import { expect, it } from 'vitest';
import { unwrap } from '../../../fsw/learning/testModels';
import { flowerRounds } from '../../campaigns/federation/flowerRounds';
import type { Options } from '../../campaigns/federation/options';
import { federate } from '../../campaigns/federation/rounds';
import { openSky } from '../../campaigns/federation/sky';
import { testStudy } from '../../campaigns/federation/testStudy';
import { describeWith, venv } from '../python';

const ROUNDS = 2;
const options: Options = {
  satellites: 2,
  days: 0.25,
  seed: 1,
  split: { kind: 'regions' },
  drift: 'none',
  flower: true,
  out: 'out',
};

describeWith(venv('flower', ['flwr==1.41.0']), 'the federation experiment', () => {
  it('comes with Flower to the parameters that our own mean gives, and sends each update once', async () => {
    const study = testStudy(ROUNDS);
    const sky = unwrap(openSky(options.satellites, options.days));
    const setting = { options, study, sky, tell: () => undefined, onRound: () => undefined };
    const { federated, flower } = unwrap(await flowerRounds(setting));
    expect(flower).toMatchObject({ used: true });
    expect(flower.text).toContain(`${2 * ROUNDS} updates pushed, 0 refused, 0 late`);
    expect(federated.points).toHaveLength(ROUNDS);
    const again = { name: 'again', study, sky, network: sky.network(), relay: true, means: federated.means };
    const own = unwrap(await federate(again));
    expect(own.apart).toBeLessThan(1e-6);
    // The same windows, the same messages to a few bytes: what differs are the times and names in them.
    expect(Math.abs(own.traffic.bytes.down / federated.traffic.bytes.down - 1)).toBeLessThan(0.05);
    await study.close();
  });
});
