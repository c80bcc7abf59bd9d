/** Asks the vessel network about the water of each strip and hands it on with the vessels in it. */
import { component } from '../../../fsw/framework';
import { Levels } from '../rgb';
import { StripLine, stageOn } from '../stripLine';
import { WaterIndex } from '../waterIndex';
import { absorb, ask, begin, conclude, type State } from './detection';
import { vesselDetectorModel } from './model';
import { StripPicture } from './picture';

export { vesselDetectorModel } from './model';

export const vesselDetector = component(vesselDetectorModel, {
  state: ({ config, random }): State => ({
    line: new StripLine({ ...config, lookAhead: true }, random),
    levels: new Levels({ black: config.blackReflectance, white: config.whiteReflectance }),
    picture: new StripPicture(),
    water: new WaterIndex(),
    capture: undefined,
    nextLine: 0,
    settled: [],
    searched: 0,
    skipped: 0,
    failed: 0,
    found: 0,
    unfit: undefined,
  }),
  ports: (self) => {
    const { state, out } = self;
    const { strip, ...others } = stageOn(state.line, self, {
      begin: (strip, next) => begin(self, strip, next),
      ask: (job, room) => ask(self, job, room),
      absorb: (job, outputs) => absorb(self, job, outputs),
      conclude: (strip, job, failure) => conclude(self, strip, job, failure),
      send: ({ info, stack, mask, map }, vessels) => out.analysedOut({ info, stack, mask, map, vessels }),
    });
    return { mappedIn: strip, ...others };
  },
  stop: ({ state }) => state.line.clear(),
});
