/** Ports that this room offers to others: sending a file down, whatever protocol does it. */
import { enumeration, port, string, U32 } from '../../fsw/framework';

/** The longest path of a file on board or on the ground. */
export const FilePath = string(240);

export const FileSendStatus = enumeration('Comms.FileSendStatus', {
  OK: 0,
  REFUSED: 1,
  FAILED: 2,
  CANCELED: 3,
});

/**
 * Asks for a file of the board's store to be sent down, from `offset` on; `length` 0 means up to its end. Answers at
 * once: OK, it waits for its turn, and `FileSendDone` will say how it ended, by the same `key`; or REFUSED.
 */
export const FileSend = port(
  'FileSend',
  { source: FilePath, destination: FilePath, offset: U32, length: U32, key: U32 },
  { returns: FileSendStatus },
);

/** How a file asked for by `FileSend` ended: OK, all of it was handed to the link. */
export const FileSendDone = port('FileSendDone', { key: U32, status: FileSendStatus });

/** Bytes that wait for the link now, space packet headers counted: those who fill it ask before they send. */
export const Backlog = port('Backlog', {}, { returns: U32 });

/** A file came up whole and is in the board's store at `path`. */
export const FileAnnounce = port('FileAnnounce', { path: FilePath });
