import type { Deployment } from '../../fsw/framework/deployment';
import type { WallClock } from '../../fsw/framework/wallClock';

const CHECK_PERIOD_US = 200_000;

/** Runs a started deployment on the host's clock until `over()`, which is asked five times a second. */
export async function flyOnWallClock(
  clock: WallClock,
  { executive }: Pick<Deployment, 'executive'>,
  over: () => boolean,
): Promise<void> {
  clock.attach(() => executive.run());
  executive.wakeByItself = true;
  await new Promise<void>((done) => {
    const timer = clock.every(CHECK_PERIOD_US, () => {
      if (!over()) return;
      timer.cancel();
      done();
    });
    void executive.run();
  });
}
