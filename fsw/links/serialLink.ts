import { type Result, succeed } from '../errors';
import type { Clock } from '../framework';
import type { Link } from './link';
import { type Line, LinkEnd } from './linkEnd';
import type { LinkSpec } from './linkSpec';
import { linkOf } from './tcpLink';

type Serial = Extract<LinkSpec, { kind: 'serial' }>;

/** A serial line, 8N1 without flow control. One that is missing or unplugged is tried again, as a TCP client is. */
export async function serialLink(spec: Serial, clock: Clock): Promise<Result<Link>> {
  // Loaded when asked for: it brings a native library that most flights do without.
  const { SerialPort } = await import('serialport');
  const end = new LinkEnd(clock);
  let port: InstanceType<typeof SerialPort> | undefined;
  const dial = () => {
    if (end.closed) return;
    const serial = new SerialPort({ path: spec.device, baudRate: spec.baud, autoOpen: false });
    port = serial;
    const line: Line = {
      write: (bytes) => void serial.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)),
      get unsentBytes() {
        return serial.writableLength;
      },
      end: () => {
        if (serial.isOpen) serial.close(() => undefined);
      },
    };
    serial.on('error', (error) => {
      end.lastFailure = error.message;
    });
    serial.on('data', (bytes: Buffer) => end.heard(line, bytes));
    serial.on('close', (error: Error | null) => {
      if (error) end.lastFailure = error.message;
      end.disconnected(line);
      end.retry(dial);
    });
    serial.open((error) => {
      if (error === null || error === undefined) return end.connected(line);
      end.lastFailure = error.message;
      end.retry(dial);
    });
  };
  dial();
  return succeed(
    linkOf(end, spec, async () => {
      const serial = port;
      if (serial?.isOpen) await new Promise<void>((done) => serial.close(() => done()));
    }),
  );
}
