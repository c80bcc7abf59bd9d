/**
 * The Board: everything a mission touches that is not software. `components/platform` has the real
 * drivers, `hwtests/simulators` the simulated ones; the launcher picks a board by name.
 */
import type { Result } from '../errors';
import type { Clock } from './clock';
import type { Pushbroom } from './pushbroom';

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

/** How a camera's stream fares, counted since boot. */
export interface ImagerHealth {
  /** Frames that the source gave. */
  readonly received: number;
  /** Frames that the source took and lost. */
  readonly dropped: number;
  /** How often the stream was started again after a failure. */
  readonly restarts: number;
}

/** A camera: writes one frame of interleaved 8-bit RGB (height × width × 3) into the caller's buffer. */
export interface Imager {
  readonly width: number;
  readonly height: number;
  capture(into: Uint8Array): Promise<Result<Capture>>;
  /** Absent where there is no stream: each capture stands for itself. */
  health?(): ImagerHealth;
  /** The board is shut down: what the driver holds is let go. */
  close?(): void;
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
  /** The first contact that ends after `atUs`; undefined when none is predicted. Absent where nothing predicts. */
  nextContact?(atUs: number): Contact | undefined;
}

/** Other spacecraft in view now, by whatever radio or laser is between them. */
export interface Neighbours {
  /** Their names, sorted. */
  inView(): readonly string[];
  /**
   * Sends one message: it arrives whole, or not at all when the view ends before it is through. The bytes are copied.
   * Errors: NEIGHBOUR_UNSEEN.
   */
  send(to: string, bytes: Uint8Array): Result<void>;
  /** Sets the one receiver. Who sent it is what the link says; a signature says it for certain. */
  onReceive(receiver: (from: string, bytes: Uint8Array) => void): void;
}

/** What the host computer has left; modelled in simulation. */
export interface HostMonitor {
  sample(): { readonly cpuPercent: number; readonly memoryMiB: number; readonly storageFreeMiB: number };
  /** Errors that the memory's own ECC has counted; undefined, or no such method, where nothing counts them. */
  memoryErrors?(): { readonly corrected: number; readonly uncorrected: number } | undefined;
  /** The hottest that the computer measures of itself; undefined, or no such method, where nothing measures. */
  temperatureC?(): number | undefined;
}

/** Small, crash-safe files (parameters, golden copies): `write` is whole-or-nothing. */
export interface Storage {
  read(name: string): Result<Uint8Array>;
  write(name: string, bytes: Uint8Array): Result<void>;
}

export interface FileStat {
  readonly kind: 'file' | 'folder';
  /** Bytes of a file; 0 for a folder. */
  readonly size: number;
}

/**
 * Files of any size in one confined folder, read and written at an offset so that memory stays flat.
 *
 * Paths are relative to that folder, parts joined by `/`, 240 bytes at most; a leading `/` means the folder
 * itself. A path with `..`, a control character, `\\` or `:`, or one that leads over a symbolic link, is refused.
 * Nothing throws. Errors of all: FILE_PATH, FILE_MISSING, FILE_KIND (a folder where a file is needed, or the
 * other way round), FILE_EXISTS, FILE_NOT_EMPTY, FILE_DISK_FULL, FILE_FAILED.
 */
export interface FileStore {
  stat(path: string): Result<FileStat>;
  /** Names in a folder, sorted; `''` or `'/'` is the store's own folder. */
  list(path: string): Result<readonly string[]>;
  /** Fills `into` from `offset`; returns how many bytes, fewer than asked only at the end of the file. */
  read(path: string, offset: number, into: Uint8Array): Result<number>;
  /**
   * Writes at an offset. The file is made if it is missing (its folder is not); a gap before `offset` reads as
   * zeros. On the medium only after `sync`. A write that fails may leave a part of its bytes.
   */
  write(path: string, offset: number, bytes: Uint8Array): Result<void>;
  /** Makes a file exactly `size` bytes long: cut, or filled up with zeros. The file is made if it is missing. */
  truncate(path: string, size: number): Result<void>;
  /** Returns when the file's bytes are on the medium. */
  sync(path: string): Result<void>;
  /**
   * Moves a file or folder; a file replaces a file. At every instant, kill and power cut included, `to` is
   * the old one or the new one, whole (if the file was synced before). Survives a power cut once it returns.
   */
  rename(from: string, to: string): Result<void>;
  /** Removes a file. */
  remove(path: string): Result<void>;
  /** Makes a folder and those above it; one that exists is no error. */
  makeFolder(path: string): Result<void>;
  /** Removes an empty folder. */
  removeFolder(path: string): Result<void>;
  /** Bytes that may still be written. */
  freeBytes(): Result<number>;
}

/**
 * Memory that is worth protecting by name: large, long-lived, hit by radiation (model weights). A simulated board
 * irradiates what was allocated here; a real one may place it in a bank of its own.
 */
export interface Memory {
  /** Zeroed. The same name replaces what it held. Errors: MEMORY_EXHAUSTED. */
  allocate(name: string, bytes: number): Result<SharedArrayBuffer>;
  release(name: string): void;
}

/** Whoever watches the flight software from outside: it acts when the strokes stop. */
export interface Watchdog {
  stroke(): void;
}

export interface Board {
  readonly name: string;
  readonly clock: Clock;
  readonly seed: number;
  readonly imagers: Readonly<Record<string, Imager>>;
  /** Absent, or without the name that a camera asks for, where the board carries none. */
  readonly pushbrooms?: Readonly<Record<string, Pushbroom>>;
  readonly radio: Radio;
  readonly ephemeris: Ephemeris;
  readonly storage: Storage;
  readonly files: FileStore;
  readonly host: HostMonitor;
  readonly memory: Memory;
  /** Absent where nobody watches. */
  readonly watchdog?: Watchdog;
  /** Absent where the board has no link to other spacecraft. */
  readonly neighbours?: Neighbours;
}
