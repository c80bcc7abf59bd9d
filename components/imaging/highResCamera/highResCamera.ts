/** Reads ordered captures from an imager that scans, and hands them on strip by strip. */
import { BufferPool, component, ok, refused, unixUsOf } from '../../../fsw/framework';
import { abandon, advance, beginCapture, finish } from './capture';
import { highResCameraModel } from './model';
import type { State } from './state';

export const highResCamera = component(highResCameraModel, {
  state: ({ config, board }): State => {
    const imagers = board.pushbrooms ?? {};
    const imager = Object.hasOwn(imagers, config.imager) ? imagers[config.imager] : undefined;
    return {
      imager,
      pool: new BufferPool(config.stripKiB * 1024, imager === undefined ? 0 : config.strips),
      capture: undefined,
      stragglers: 0,
      safe: false,
      captures: 0,
      done: 0,
      failed: 0,
      stripsSent: 0,
      waitTicks: 0,
    };
  },
  start({ state, event, config, tlm }) {
    if (state.imager === undefined) event.NoImager({ imager: config.imager });
    tlm.BuffersFree(state.pool.available);
  },
  ports: (self) => {
    const { state, clock, out, event, tlm } = self;
    return {
      schedIn: () => advance(self),
      modeIn({ mode }) {
        state.safe = mode === 'SAFE';
        if (state.safe && state.capture) finish(self, state.capture, 'ABORTED', 'safe mode');
      },
      orderIn({ ticket, target, latDeg, lonDeg, at }) {
        const order = { ticket, target, latDeg, lonDeg };
        const begun = beginCapture(self, order, unixUsOf(at) - clock.epochUs);
        if (begun.ok) return;
        const { code, text } = begun.error;
        tlm.CapturesFailed(++state.failed);
        event.OrderRefused({ target, code, reason: text });
        out.doneOut({ ticket, status: 'FAILED', strips: 0 });
      },
    };
  },
  commands: (self) => {
    const { state, clock } = self;
    return {
      CAPTURE({ latDeg, lonDeg }) {
        if (!(Math.abs(latDeg) <= 90 && Math.abs(lonDeg) <= 180))
          return refused(`${latDeg}, ${lonDeg} is no place`, 'VALIDATION_ERROR');
        const order = { ticket: undefined, target: 'manual', latDeg, lonDeg };
        const begun = beginCapture(self, order, clock.nowUs());
        return begun.ok ? ok : refused(begun.error.text);
      },
      ABORT() {
        if (state.capture === undefined) return refused('there is no capture under way');
        finish(self, state.capture, 'ABORTED', 'by command');
        return ok;
      },
    };
  },
  stop({ state }) {
    if (state.capture) abandon(state, state.capture);
  },
});
