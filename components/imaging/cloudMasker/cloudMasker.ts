/** Asks the cloud network about each strip and hands it on with its cloud mask. */
import { component } from '../../../fsw/framework';
import { StripLine, stageOn } from '../stripLine';
import { absorb, ask, begin, conclude, type State } from './masking';
import { cloudMaskerModel } from './model';

export { cloudMaskerModel } from './model';

export const cloudMasker = component(cloudMaskerModel, {
  state: ({ config, random }): State => ({
    line: new StripLine(config, random),
    planes: new Float32Array(0),
    flags: { empty: new Uint8Array(0), saturated: new Uint8Array(0) },
    screened: 0,
    weaker: 0,
    empty: 0,
    saturated: 0,
    unfit: undefined,
  }),
  ports: (self) => {
    const { state, out, config } = self;
    const { strip, ...others } = stageOn(state.line, self, {
      begin: (strip) => begin(self, strip),
      ask: (job, room) => ask(self, job, room),
      absorb: (job, outputs) => absorb(self, job, outputs[config.output]),
      conclude: (strip, job, failure) => conclude(self, strip, job, failure),
      send: ({ info, stack }, mask) => out.screenedOut({ info, stack, mask }),
    });
    return { stripIn: strip, ...others };
  },
  stop: ({ state }) => state.line.clear(),
});
