import { describe, expect, it } from 'vitest';
import { eventLog, eventText } from './emitters';
import type { EventSpec } from './model';
import { unconnectedServices } from './services';
import { SimulatedClock } from './simulatedClock';
import { bytes, F32, string, U32 } from './types';

const events = {
  Low: {
    id: 3,
    severity: 'warning-low',
    args: { volts: F32 },
    format: 'bus at {volts.2f} V',
    throttle: 2,
    doc: 'x',
  },
  Plain: { id: 4, severity: 'activity-high', format: 'here', doc: 'x' },
} as const satisfies Record<string, EventSpec>;

function onBench() {
  const sent: string[] = [];
  const services = unconnectedServices();
  services.log = ({ id, time, severity, args }) =>
    void sent.push(`${id.toString(16)} ${severity} ${time.seconds} ${Buffer.from(args).toString('hex')}`);
  const clock = new SimulatedClock(1_700_000_000e6);
  return { sent, log: eventLog({ name: 'bus', baseId: 0x400, clock, services }, events) };
}

describe('events', () => {
  it('go out with absolute id, severity, time tag and serialised arguments', () => {
    const { sent, log } = onBench();
    log.emit.Low({ volts: 1.5 });
    log.emit.Plain();
    expect(sent).toEqual(['403 warning-low 1700000000 3fc00000', '404 activity-high 1700000000 ']);
  });

  it('are throttled each by itself, until the throttle is cleared', () => {
    const { sent, log } = onBench();
    for (let i = 0; i < 5; i++) log.emit.Low({ volts: 0 });
    expect(sent).toHaveLength(2);
    log.clearThrottle('Plain');
    log.emit.Low({ volts: 0 });
    expect(sent).toHaveLength(2);
    log.clearThrottle('Low');
    for (let i = 0; i < 5; i++) log.emit.Low({ volts: 0 });
    expect(sent).toHaveLength(4);
  });
});

describe('the text of an event', () => {
  it('is its format with the arguments filled in, rounded where the format says so', () => {
    expect(eventText(events.Low, { volts: 27.456 })).toBe('bus at 27.46 V');
    const args = { what: string(9), n: U32, raw: bytes(2) };
    expect(
      eventText(
        { format: '{what}: {n} of {n}, {raw}', args },
        { what: 'é', n: 7, raw: new Uint8Array([190]) },
      ),
    ).toBe('é: 7 of 7, be');
  });

  it('leaves a field alone that is no argument', () => {
    expect(eventText({ format: '{nobody} {n}', args: { n: U32 } }, { n: 1 })).toBe('{nobody} 1');
    expect(eventText({ format: '{a.2f}' }, {})).toBe('{a.2f}');
  });
});
