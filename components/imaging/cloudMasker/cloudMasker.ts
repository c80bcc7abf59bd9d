/** Asks the cloud network about each strip and hands it on with its cloud mask. */
import { component } from '../../../fsw/framework';
import { askingOf, StripLine } from '../stripLine';
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
    const { state, out, event, tlm, config } = self;
    const { line } = state;
    line.serve(
      {
        begin: (strip) => begin(self, strip),
        ask: (job, room) => ask(self, job, room),
        absorb: (job, outputs) => absorb(self, job, outputs[config.output]),
        conclude: (strip, job, failure) => conclude(self, strip, job, failure),
        send: ({ info, stack }, mask) => out.screenedOut({ info, stack, mask }),
        end: (capture) => out.captureEndOut(capture),
        redone: ({ info: { capture, strip } }) => event.StripRedone({ capture, strip }),
      },
      askingOf(self),
    );
    return {
      stripIn(strip) {
        line.strip(strip);
        tlm.StripsHeld(line.waiting);
      },
      captureEndIn: (end) => line.end(end),
      inferred(answer) {
        line.answer(answer);
        tlm.StripsHeld(line.waiting);
      },
    };
  },
  stop: ({ state }) => state.line.clear(),
});
