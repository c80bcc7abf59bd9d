/** What the framers ask of the link security. */
import { bool, bytes, port, reference } from '../../fsw/framework';

/**
 * Opens one whole TC frame, undamaged and for us: its plain data field, or undefined when it must not be
 * used (forged, replayed, no key, …; the security layer says why). Also what a failed call returns.
 */
export const TcOpen = port(
  'TcOpen',
  { frame: bytes(1024) },
  { returns: reference<Uint8Array | undefined>('TcData') },
);

/** Bytes that the security header and trailer take of each TM frame; the same from boot on. */
export const TmRoom = port(
  'TmRoom',
  {},
  {
    returns: reference<{ readonly headerLength: number; readonly trailerLength: number }>('TmRoomSize', {
      headerLength: 0,
      trailerLength: 0,
    }),
  },
);

/** Seals one TM frame in place, all but its FECF. False, also after a failed call: the frame must not be sent. */
export const TmSeal = port('TmSeal', { frame: bytes(2048) }, { returns: bool });
