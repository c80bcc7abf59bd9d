/** The security layer of the link, between the frames and what they carry. */
import type { ErrorCode, Fault, Result } from '../../../fsw/errors';
import { component, ok, refused, type SelfOf } from '../../../fsw/framework';
import {
  type Direction,
  KEY_SLOTS,
  SECURITY_HEADER_LENGTH,
  SECURITY_TRAILER_LENGTH,
  type SecurityService,
  spiOf,
  TC_APIDS,
} from '../../../fsw/protocols/sdls';
import { model } from './model';
import { SecuredLink } from './securedLink';

/** How a TC frame can fail, and the channel that counts it. */
type Count = 'TcForged' | 'TcReplayed' | 'TcUnknownSpi' | 'TcOtherwiseRefused';
const countOf: Partial<Record<ErrorCode, Count>> = {
  SDLS_MAC: 'TcForged',
  SDLS_REPLAY: 'TcReplayed',
  SDLS_EXHAUSTED: 'TcReplayed',
  SDLS_SPI: 'TcUnknownSpi',
};

interface State {
  /** Undefined: the link is in clear. */
  readonly link: SecuredLink | undefined;
  readonly counts: Record<Count | 'TcOpened' | 'TmSealed' | 'TmHeldBack', number>;
}
type LinkSelf = SelfOf<typeof model, State>;

const services: Readonly<Record<'AUTHENTICATED_ENCRYPTION' | 'AUTHENTICATION', SecurityService>> = {
  AUTHENTICATED_ENCRYPTION: 'authenticated-encryption',
  AUTHENTICATION: 'authentication',
};
const SECURED_ROOM = { headerLength: SECURITY_HEADER_LENGTH, trailerLength: SECURITY_TRAILER_LENGTH };
const NO_ROOM = { headerLength: 0, trailerLength: 0 };
/** The data field of a TC frame that nobody has secured. */
const clearData = (frame: Uint8Array) => frame.subarray(5, -2);

export const linkSecurity = component(model, {
  state: ({ config, board }): State => ({
    link:
      config.mode === 'CLEAR'
        ? undefined
        : new SecuredLink(board.storage, {
            tcService: services[config.tcService],
            tmService: services[config.tmService],
            mask: config.headerMask === 'WHOLE' ? 'whole' : 'standard',
            window: config.tcWindow,
            block: config.tmBlock,
            segmented: config.segmentHeader === 1,
            apids: TC_APIDS,
          }),
    counts: {
      TcOpened: 0,
      TcForged: 0,
      TcReplayed: 0,
      TcUnknownSpi: 0,
      TcOtherwiseRefused: 0,
      TmSealed: 0,
      TmHeldBack: 0,
    },
  }),

  ports: (self) => {
    const { state, event, tlm, clearThrottle } = self;
    const { link, counts } = state;
    // Decided at boot: the framer asks once.
    const tmInClear = link === undefined || link.unprovisioned;
    return {
      open({ frame }) {
        if (link === undefined) {
          tlm.TcOpened(++counts.TcOpened);
          return clearData(frame);
        }
        const opened = link.openTc(frame);
        report(self, link);
        if (!opened.ok) {
          const count = countOf[opened.error.code] ?? 'TcOtherwiseRefused';
          tlm[count](++counts[count]);
          event.FrameRefused(opened.error);
          return undefined;
        }
        clearThrottle('FrameRefused');
        tlm.TcOpened(++counts.TcOpened);
        return opened.value;
      },
      room: () => (tmInClear ? NO_ROOM : SECURED_ROOM),
      seal({ frame }) {
        if (tmInClear) return true;
        const sealed = link.sealTm(frame);
        if (!sealed.ok) {
          tlm.TmHeldBack(++counts.TmHeldBack);
          event.FrameNotSealed(sealed.error);
          return false;
        }
        clearThrottle('FrameNotSealed');
        tlm.TmSealed(++counts.TmSealed);
        tlm.CounterWrites(link.writes);
        return true;
      },
    };
  },

  commands: (self) => {
    const { state, event, clock, config } = self;
    const { link } = state;
    if (link === undefined) {
      const inClear = () => refused('the link is in clear: it has no keys and no window', 'VALIDATION_ERROR');
      return { ACTIVATE_KEY: inClear, KEY_INVENTORY: inClear, SET_WINDOW: inClear, RAISE_COUNTER: inClear };
    }
    return {
      ACTIVATE_KEY({ direction, slot }) {
        const may = link.mayActivate(lower(direction), slot);
        if (!may.ok) return refusedBy(may.error);
        clock.after(config.activationDelayMs * 1000, () => {
          const done = link.activate(lower(direction), slot);
          report(self, link);
          if (!done.ok) event.KeyNotActivated({ direction, slot, text: done.error.text });
          else {
            const { fingerprint, spi } = identityOf(link, lower(direction), slot);
            event.KeyActivated({ direction, slot, spi, fingerprint });
          }
        });
        return ok;
      },
      KEY_INVENTORY({ direction, first, last }) {
        if (first > last || last >= KEY_SLOTS)
          return refused(`slots ${first}..${last} are not in 0..${KEY_SLOTS - 1}`, 'VALIDATION_ERROR');
        for (let slot = first; slot <= last; slot++)
          event.KeyInventory({
            direction,
            slot,
            ...identityOf(link, lower(direction), slot),
            state: link.state(lower(direction), slot),
            next: link.next(lower(direction), slot) ?? 0n,
          });
        return ok;
      },
      SET_WINDOW({ window }) {
        return done(link.setWindow(window), () => event.WindowSet({ window }));
      },
      RAISE_COUNTER({ direction, slot, next }) {
        return done(link.raise(lower(direction), slot, next), () => {
          report(self, link);
          event.CounterRaised({ direction, slot, next });
        });
      },
    };
  },

  start(self) {
    const { state, event, tlm, config } = self;
    const { link } = state;
    tlm.Mode(config.mode);
    if (link === undefined) {
      event.LinkSecurityOff();
      return;
    }
    report(self, link);
    for (const fault of link.keys.faults) event.KeyUnusable(fault);
    const { tcService, tmService } = config;
    const tcSlot = link.active('tc');
    const tmSlot = link.active('tm');
    const tcKey = link.keys.get('tc', tcSlot);
    const tmKey = link.keys.get('tm', tmSlot);
    if (tcKey === undefined) event.LinkKeysMissing({ direction: 'TC', slot: tcSlot });
    if (tmKey === undefined) event.LinkKeysMissing({ direction: 'TM', slot: tmSlot });
    if (link.unprovisioned) return;
    if (link.lost) event.CountersLost(link.lost);
    if (link.reserveLost) event.ReserveLost(link.reserveLost);
    event.LinkSecurityOn({ tcSlot, tcService, tmSlot, tmService });
  },
});

const lower = (direction: 'TC' | 'TM'): Direction => (direction === 'TC' ? 'tc' : 'tm');

function refusedBy({ text }: Fault) {
  return refused(text, 'VALIDATION_ERROR');
}

function done(result: Result<void>, then: () => void) {
  if (!result.ok) return refusedBy(result.error);
  then();
  return ok;
}

function identityOf(link: SecuredLink, direction: Direction, slot: number) {
  return { spi: spiOf(direction, slot), fingerprint: link.keys.get(direction, slot)?.fingerprint ?? '' };
}

function report({ tlm }: LinkSelf, link: SecuredLink): void {
  tlm.TcSlot(link.active('tc'));
  tlm.TmSlot(link.active('tm'));
  tlm.CounterWrites(link.writes);
}
