/**
 * The Board: everything a mission touches that is not software. `components/platform` has the real
 * drivers, `hwtests/simulators` the simulated ones; the launcher picks a board by name.
 */
import type { Result } from '../errors';
import type { Clock } from './clock';

/** Where a frame was taken: the geodetic place of its centre pixel and how its grid lies on the ground. */
export interface GroundView {
  /** Degrees north and east (WGS-84) of the frame's centre. */
  readonly latDeg: number;
  readonly lonDeg: number;
  /** Heading of the frame's "up" edge (along track), degrees clockwise from north. */
  readonly headingDeg: number;
  /** Ground sample distance at the centre, metres per pixel. */
  readonly gsdM: number;
}

/** What a capture says of the pixels that it wrote. */
export interface Capture {
  /** Flight time of the exposure, microseconds since the mission epoch (see `Clock.nowUs`). */
  readonly atUs: number;
  /** Absent when the driver can't know (a folder of pictures without georeference). */
  readonly view?: GroundView;
}

/** A camera: writes one frame of interleaved 8-bit RGB (height × width × 3) into the caller's buffer. */
export interface Imager {
  readonly width: number;
  readonly height: number;
  capture(into: Uint8Array): Promise<Result<Capture>>;
}

/** A half-duplex view of the radio: transfer frames out, raw received bytes in. */
export interface Radio {
  /** Sends one whole transfer frame; the buffer belongs to the radio only during the call. */
  send(frame: Uint8Array): void;
  /** Sets the one receiver of raw uplink bytes (any chunking). */
  onReceive(receiver: (bytes: Uint8Array) => void): void;
}

/** A ground contact as predicted on board. Times in flight microseconds. */
export interface Contact {
  readonly station: string;
  readonly startUs: number;
  readonly endUs: number;
}

/** Orbit knowledge that flight software uses: predicted contacts, and where the ground track runs. */
export interface Ephemeris {
  /** The sub-satellite point and the Sun's elevation there, all in degrees. */
  groundPoint(atUs: number): {
    readonly latDeg: number;
    readonly lonDeg: number;
    readonly sunElevationDeg: number;
  };
  /** The contact under way at `atUs`, or undefined. */
  contactAt(atUs: number): Contact | undefined;
}

/** What the host computer has left; modelled in simulation. */
export interface HostMonitor {
  sample(): { readonly cpuPercent: number; readonly memoryMiB: number; readonly storageFreeMiB: number };
}

/** Small, crash-safe files (parameters, golden copies): `write` is whole-or-nothing. */
export interface Storage {
  read(name: string): Result<Uint8Array>;
  write(name: string, bytes: Uint8Array): Result<void>;
}

export interface Board {
  readonly name: string;
  readonly clock: Clock;
  readonly seed: number;
  readonly imagers: Readonly<Record<string, Imager>>;
  readonly radio: Radio;
  readonly ephemeris: Ephemeris;
  readonly storage: Storage;
  readonly host: HostMonitor;
}
