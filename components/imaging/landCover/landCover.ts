/** Asks the land-cover network about the clear tiles of each strip and hands it on with its map. */
import { component } from '../../../fsw/framework';
import { Levels } from '../rgb';
import { StripLine, stageOn } from '../stripLine';
import { WaterIndex } from '../waterIndex';
import { absorb, ask, begin, conclude, type State } from './mapping';
import { landCoverModel } from './model';
import { sendSpecimens } from './specimens';

export { landCoverModel } from './model';

export const landCover = component(landCoverModel, {
  state: ({ config, random }): State => ({
    line: new StripLine(config, random),
    classes: config.classes.split(','),
    levels: new Levels({ black: 0, white: config.whiteReflectance }),
    water: new WaterIndex(),
    rgb: new Uint8Array(0),
    mapped: 0,
    dry: 0,
    unclear: 0,
    failed: 0,
    unfit: undefined,
  }),
  ports: (self) => {
    const { state, out } = self;
    const { strip, ...others } = stageOn(state.line, self, {
      begin: (strip) => begin(self, strip),
      ask: (job, room) => ask(self, job, room),
      absorb: (job, outputs) => absorb(self, job, outputs),
      conclude(strip, job, failure) {
        sendSpecimens(self, strip, job);
        return conclude(self, strip, job, failure);
      },
      send: ({ info, stack, mask }, map) => out.mappedOut({ info, stack, mask, map }),
    });
    return { screenedIn: strip, ...others };
  },
  stop: ({ state }) => state.line.clear(),
});
