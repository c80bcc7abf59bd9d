import { describe, expect, it } from 'vitest';
import { bench } from '../../../fsw/framework/testing';
import { radioAdapter } from './radioAdapter';

async function radioBench() {
  let receiver: (bytes: Uint8Array) => void = () => undefined;
  const driver = {
    sent: [] as number[][],
    broken: false,
    send(frame: Uint8Array) {
      if (driver.broken) throw new Error('no lock');
      driver.sent.push([...frame]);
    },
    onReceive(next: (bytes: Uint8Array) => void) {
      receiver = next;
    },
  };
  const b = await bench(radioAdapter, { board: { radio: driver } });
  return { ...b, driver, uplink: (...bytes: number[]) => receiver(Uint8Array.from(bytes)) };
}

describe('radioAdapter', () => {
  it('PGE-RAD-001: sends each frame through the driver and counts its bytes', async () => {
    const b = await radioBench();
    b.in.frameIn({ data: Uint8Array.of(1, 2, 3) });
    b.in.frameIn({ data: Uint8Array.of(4) });
    expect(b.driver.sent).toEqual([[1, 2, 3], [4]]);
    expect(b.telemetry.BytesDown).toBe(4n);
  });

  it('PGE-RAD-002: hands on and counts what the driver hears, from the start', async () => {
    const b = await radioBench();
    b.uplink(9, 8);
    b.uplink(7);
    expect(b.calls('received')).toEqual([{ data: Uint8Array.of(9, 8) }, { data: Uint8Array.of(7) }]);
    expect(b.telemetry.BytesUp).toBe(3n);
  });

  it('PGE-RAD-003: a driver that throws loses its frame only: reported, counted, and no fault of the component', async () => {
    const b = await radioBench();
    b.driver.broken = true;
    b.in.frameIn({ data: Uint8Array.of(1) });
    b.driver.broken = false;
    b.in.frameIn({ data: Uint8Array.of(2) });
    expect(b.driver.sent).toEqual([[2]]);
    expect(b.events.map(({ text }) => text)).toEqual(['the radio did not take a frame: Error: no lock']);
    expect(b.telemetry).toMatchObject({ FramesLost: 1, BytesDown: 1n, Faults: 0 });
  });

  it('PGE-RAD-004: a lasting failure is reported five times, counted whole, and again after a frame went through', async () => {
    const b = await radioBench();
    b.driver.broken = true;
    for (let i = 0; i < 12; i++) b.in.frameIn({ data: Uint8Array.of(i) });
    expect([b.events.length, b.telemetry.FramesLost]).toEqual([5, 12]);
    b.driver.broken = false;
    b.in.frameIn({ data: Uint8Array.of(1) });
    b.driver.broken = true;
    b.in.frameIn({ data: Uint8Array.of(1) });
    expect(b.events.length).toBe(6);
  });
});
