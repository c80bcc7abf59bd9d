import { defineComponent, enumeration, input, string, U8, U16, U32, U64 } from '../../../fsw/framework';
import { MAX_WINDOW } from '../../../fsw/protocols/sdls';
import { TcOpen, TmRoom, TmSeal } from '../securityPorts';

export const LinkMode = enumeration('Comms.LinkMode', { SECURED: 0, CLEAR: 1 });
export const LinkService = enumeration('Comms.LinkService', {
  AUTHENTICATED_ENCRYPTION: 0,
  AUTHENTICATION: 1,
});
export const LinkHeaderMask = enumeration('Comms.LinkHeaderMask', { STANDARD: 0, WHOLE: 1 });
export const LinkDirection = enumeration('Comms.LinkDirection', { TC: 0, TM: 1 });
export const LinkSlotState = enumeration('Comms.LinkSlotState', {
  EMPTY: 0,
  UNKNOWN: 1,
  READY: 2,
  ACTIVE: 3,
  OLD: 4,
  RESERVE: 5,
});

const slot = { direction: LinkDirection, slot: U8 };
const refusal = { code: string(24), text: string(120) };

export const model = defineComponent({
  kind: 'passive',
  doc: 'Opens TC frames and seals TM frames (SDLS, AES-256-GCM): nothing forged, altered or replayed is obeyed.',
  ports: {
    open: input.sync(TcOpen),
    room: input.sync(TmRoom),
    seal: input.sync(TmSeal),
  },
  commands: {
    ACTIVATE_KEY: {
      id: 0,
      args: slot,
      doc: 'Makes a slot the active one, once this command has been answered; see KeyActivated.',
    },
    KEY_INVENTORY: {
      id: 1,
      args: { direction: LinkDirection, first: U8, last: U8 },
      doc: 'Reports the slots from `first` to `last`, an event each.',
    },
    SET_WINDOW: {
      id: 2,
      args: { window: U32 },
      doc: 'Sets the most TC numbers that may be skipped at a time, and keeps it. Refused while the link is in clear.',
    },
    RAISE_COUNTER: {
      id: 3,
      args: { ...slot, next: U64 },
      doc: 'Takes all numbers below `next` for used. The way back into use for a slot whose counter is lost; never lowers one.',
    },
  },
  events: {
    LinkSecurityOn: {
      id: 0,
      severity: 'activity-high',
      args: { tcSlot: U8, tcService: LinkService, tmSlot: U8, tmService: LinkService },
      format: 'link secured: TC slot {tcSlot} {tcService}, TM slot {tmSlot} {tmService}',
      doc: 'Said at boot: only secured frames go up and down.',
    },
    LinkSecurityOff: {
      id: 1,
      severity: 'warning-high',
      format: 'LINK SECURITY IS OFF: whoever has a transmitter can command this spacecraft',
      doc: 'Said at boot: the profile for the stock F´ GDS flies.',
    },
    LinkKeysMissing: {
      id: 2,
      severity: 'warning-high',
      args: { direction: LinkDirection, slot: U8 },
      format:
        'no usable {direction} key in slot {slot}: TC refused, see KeyUnusable; make keys with `perigee keys make` and copy them into the storage',
      doc: 'The active slot has no key. Without any keys at all TM goes in clear; otherwise it is held back.',
    },
    KeyUnusable: {
      id: 3,
      severity: 'warning-high',
      args: refusal,
      format: '{code}: {text}',
      doc: 'A key file is there, but its key cannot be used.',
    },
    CountersLost: {
      id: 4,
      severity: 'warning-high',
      args: refusal,
      format:
        '{code}: {text}: only TC under the reserve key is taken, TM is silent until then; after it use RAISE_COUNTER and ACTIVATE_KEY',
      doc: 'Nobody knows how far the keys in daily use were used, so none of them is used on.',
    },
    ReserveLost: {
      id: 5,
      severity: 'warning-high',
      args: refusal,
      format: '{code}: {text}: the reserve key cannot be used',
      doc: 'The counter file of the reserve is missing or damaged.',
    },
    FrameRefused: {
      id: 6,
      severity: 'warning-low',
      args: refusal,
      format: '{code}: {text}',
      throttle: 10,
      doc: 'A TC frame was not opened, with the reason; sent again once a good frame has come.',
    },
    FrameNotSealed: {
      id: 7,
      severity: 'warning-high',
      args: refusal,
      format: '{code}: {text}: TM is held back',
      throttle: 5,
      doc: 'A TM frame could not be sealed and was not sent; sent again once one could.',
    },
    KeyActivated: {
      id: 8,
      severity: 'activity-high',
      args: { ...slot, spi: U16, fingerprint: string(16) },
      format: '{direction} key slot {slot} (SPI {spi}, key {fingerprint}) is active',
      doc: 'The key has changed. The TC key before it stays open until the first frame under this one.',
    },
    KeyNotActivated: {
      id: 9,
      severity: 'warning-high',
      args: { ...slot, text: string(120) },
      format: '{direction} key slot {slot} was not activated: {text}',
      doc: 'What was possible when the command came is no longer; the key has not changed.',
    },
    KeyInventory: {
      id: 10,
      severity: 'activity-low',
      args: { ...slot, spi: U16, state: LinkSlotState, fingerprint: string(16), next: U64 },
      format: '{direction} key slot {slot}: SPI {spi}, {state}, key {fingerprint}, next number {next}',
      doc: 'One slot, as KEY_INVENTORY found it; the fingerprint names the key without telling it.',
    },
    WindowSet: {
      id: 11,
      severity: 'activity-high',
      args: { window: U32 },
      format: 'anti-replay window is {window}',
      doc: 'SET_WINDOW was done.',
    },
    CounterRaised: {
      id: 12,
      severity: 'activity-high',
      args: { ...slot, next: U64 },
      format: '{direction} key slot {slot}: the next number is {next}',
      doc: 'RAISE_COUNTER was done.',
    },
  },
  telemetry: {
    Mode: { id: 0, type: LinkMode, update: 'on-change', doc: 'SECURED, or CLEAR for the stock GDS.' },
    TcOpened: { id: 1, type: U32, update: 'on-change', doc: 'TC frames opened and handed on.' },
    TcForged: { id: 2, type: U32, update: 'on-change', doc: 'TC frames with a wrong MAC.' },
    TcReplayed: {
      id: 3,
      type: U32,
      update: 'on-change',
      doc: 'Authentic TC frames that were old or too far ahead.',
    },
    TcUnknownSpi: { id: 4, type: U32, update: 'on-change', doc: 'TC frames of an SPI that is not open.' },
    TcOtherwiseRefused: {
      id: 5,
      type: U32,
      update: 'on-change',
      doc: 'TC frames too short, of another service, with malformed packets, or not recordable.',
    },
    TmSealed: { id: 6, type: U32, update: 'on-change', doc: 'TM frames sealed.' },
    TmHeldBack: { id: 7, type: U32, update: 'on-change', doc: 'TM frames that could not be sealed.' },
    TcSlot: { id: 8, type: U8, update: 'on-change', doc: 'Active TC key slot.' },
    TmSlot: { id: 9, type: U8, update: 'on-change', doc: 'Active TM key slot.' },
    CounterWrites: { id: 10, type: U32, update: 'on-change', doc: 'Times a counter file was written.' },
  },
  config: {
    mode: {
      type: LinkMode,
      default: 'SECURED',
      doc: 'CLEAR only for the stock F´ GDS, which has no link security.',
    },
    tcService: { type: LinkService, default: 'AUTHENTICATED_ENCRYPTION', doc: 'What protects TC.' },
    tmService: { type: LinkService, default: 'AUTHENTICATED_ENCRYPTION', doc: 'What protects TM.' },
    headerMask: {
      type: LinkHeaderMask,
      default: 'STANDARD',
      doc: 'WHOLE puts the whole primary header under the MAC (Yamcs then needs an authMask; F´ cannot).',
    },
    tcWindow: {
      type: U32,
      default: 10_000,
      min: 1,
      max: MAX_WINDOW,
      doc: 'Most TC numbers that may be skipped at a time.',
    },
    tmBlock: {
      type: U32,
      default: 1000,
      min: 1,
      max: 1_000_000,
      doc: 'TM numbers taken from the counter file at a time; the window on the ground must be larger.',
    },
    segmentHeader: { type: U8, default: 0, max: 1, doc: '1: TC frames have a segment header (MAP).' },
    activationDelayMs: {
      type: U32,
      default: 1000,
      unit: 'ms',
      doc: 'From the answer to ACTIVATE_KEY to the change of the key.',
    },
  },
});
