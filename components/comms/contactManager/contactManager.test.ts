import { describe, expect, it } from 'vitest';
import type { Contact } from '../../../fsw/framework';
import { bench } from '../../../fsw/framework/testing';
import { contactManager } from './contactManager';

const S = 1e6;
const passes: Contact[] = [
  { station: 'Svalbard', startUs: 10.5 * S, endUs: 14.2 * S },
  { station: 'Troll', startUs: 14.2 * S, endUs: 16.5 * S },
  { station: 'Troll', startUs: 20 * S, endUs: 22.5 * S },
];

async function contactBench(bps = 8000, contacts = passes) {
  const contactAt = (atUs: number) => contacts.find(({ startUs, endUs }) => startUs <= atUs && atUs < endUs);
  const groundPoint = () => ({ latDeg: 0, lonDeg: 0, sunElevationDeg: 0 });
  const ephemeris = { contactAt, groundPoint };
  const b = await bench(contactManager, { board: { ephemeris } });
  b.command('DownlinkBps_PRM_SET', { val: bps });
  await b.settle();
  const tick = async (seconds: number, periodUs = S) => {
    for (let i = 0; i < seconds; i++) {
      await b.advance(periodUs);
      b.in.schedIn({ context: 0 });
      await b.settle();
    }
  };
  return { ...b, ephemeris, tick, grants: () => b.calls('grant') };
}

describe('contactManager', () => {
  it('PGE-CON-001: reports start and end of each contact, also where one station hands over to the next', async () => {
    const b = await contactBench();
    await b.tick(25);
    expect(b.events.map(({ text }) => text)).toEqual([
      'in contact with Svalbard',
      'contact with Svalbard ended, 3500 bytes granted',
      'in contact with Troll',
      'contact with Troll ended, 1800 bytes granted',
      'in contact with Troll',
      'contact with Troll ended, 2000 bytes granted',
    ]);
    expect(b.telemetry).toMatchObject({ InContact: false, Station: '', PassesSeen: 3, GrantedBytes: 2000 });
  });

  it('PGE-CON-002: grants what the link carried since the last tick, or since the contact began', async () => {
    const b = await contactBench();
    await b.tick(13);
    expect(b.grants()).toEqual([500, 1000, 1000].map((bytes) => ({ bytes, inContact: true })));
    expect(b.telemetry).toMatchObject({ InContact: true, Station: 'Svalbard', GrantedBytes: 2500 });
  });

  it('PGE-CON-002: parts of bytes add up', async () => {
    const b = await contactBench(12, [{ station: 'A', startUs: 0, endUs: 100 * S }]);
    await b.tick(4);
    expect(b.grants().map(({ bytes }) => bytes)).toEqual([1, 2, 1, 2]);
  });

  it('PGE-CON-003: grants nothing out of contact and takes the credit back at the end', async () => {
    const b = await contactBench();
    await b.tick(10);
    expect(b.grants()).toEqual([]);
    await b.tick(9);
    expect(b.grants().at(-1)).toEqual({ bytes: 0, inContact: false });
  });

  it('PGE-CON-004: a late tick grants no more than a radio could send, two seconds at most', async () => {
    const b = await contactBench(8000, [{ station: 'A', startUs: 0, endUs: 1000 * S }]);
    await b.tick(1, 60 * S);
    expect(b.grants()).toEqual([{ bytes: 2000, inContact: true }]);
  });

  it('PGE-CON-005: DOWNLINK_ENABLE holds the downlink at once and lets it go on', async () => {
    const b = await contactBench();
    await b.tick(12);
    b.command('DOWNLINK_ENABLE', { enabled: false });
    await b.settle();
    expect(b.grants().at(-1)).toEqual({ bytes: 0, inContact: false });
    const held = b.grants().length;
    await b.tick(1);
    expect(b.grants().length).toBe(held);
    expect(b.telemetry).toMatchObject({ InContact: true, DownlinkEnabled: false });
    b.command('DOWNLINK_ENABLE', { enabled: true });
    await b.tick(1);
    expect(b.grants().at(-1)).toEqual({ bytes: 1000, inContact: true });
  });

  it('PGE-CON-006: an ephemeris that throws is no contact, is counted, and is reported three times', async () => {
    const b = await contactBench();
    await b.tick(11);
    const { contactAt } = b.ephemeris;
    b.ephemeris.contactAt = () => {
      throw new Error('no orbit');
    };
    await b.tick(5);
    b.ephemeris.contactAt = contactAt;
    await b.tick(5);
    expect(b.events.map(({ name }) => name)).toEqual([
      'ContactStarted',
      'EphemerisFailed',
      'ContactEnded',
      'EphemerisFailed',
      'EphemerisFailed',
      'ContactStarted',
    ]);
    expect(b.telemetry).toMatchObject({ EphemerisFaults: 5, Faults: 0 });
  });
});
