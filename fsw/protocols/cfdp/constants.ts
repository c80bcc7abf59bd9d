/** Code points of CFDP (CCSDS 727.0-B-5, tables 5-4 to 5-18; checksum types: SANA registry). */

export const Directive = {
  EOF: 4,
  FINISHED: 5,
  ACK: 6,
  METADATA: 7,
  NAK: 8,
  PROMPT: 9,
  KEEP_ALIVE: 12,
} as const;

/** Why a transaction ended, or what went wrong with it (table 5-5). */
export const Condition = {
  NO_ERROR: 0,
  POSITIVE_ACK_LIMIT: 1,
  KEEP_ALIVE_LIMIT: 2,
  INVALID_TRANSMISSION_MODE: 3,
  FILESTORE_REJECTION: 4,
  FILE_CHECKSUM_FAILURE: 5,
  FILE_SIZE_ERROR: 6,
  NAK_LIMIT: 7,
  INACTIVITY: 8,
  INVALID_FILE_STRUCTURE: 9,
  CHECK_LIMIT: 10,
  UNSUPPORTED_CHECKSUM: 11,
  SUSPEND_REQUESTED: 14,
  CANCEL_REQUESTED: 15,
} as const;
export type ConditionName = keyof typeof Condition;
export type Condition = (typeof Condition)[ConditionName];

const conditionNames = new Map<number, string>(Object.entries(Condition).map(([name, code]) => [code, name]));

/** The name of a condition code, e.g. `CANCEL_REQUESTED`; its number where the standard has no name. */
export function conditionName(code: number): string {
  return conditionNames.get(code) ?? `CONDITION_${code}`;
}

export const ChecksumType = { MODULAR: 0, CRC32C: 2, CRC32: 3, NULL: 15 } as const;
export type ChecksumType = (typeof ChecksumType)[keyof typeof ChecksumType];

export const FileStatus = { DISCARDED: 0, REJECTED: 1, RETAINED: 2, UNREPORTED: 3 } as const;
export type FileStatus = (typeof FileStatus)[keyof typeof FileStatus];

/** What an acknowledging entity knows of the transaction (table 5-8). */
export const TransactionStatus = { UNDEFINED: 0, ACTIVE: 1, TERMINATED: 2, UNRECOGNIZED: 3 } as const;
export type TransactionStatus = (typeof TransactionStatus)[keyof typeof TransactionStatus];

export const TlvType = {
  FILESTORE_REQUEST: 0,
  FILESTORE_RESPONSE: 1,
  MESSAGE_TO_USER: 2,
  FAULT_HANDLER_OVERRIDE: 4,
  FLOW_LABEL: 5,
  ENTITY_ID: 6,
} as const;

export const FilestoreAction = {
  CREATE_FILE: 0,
  DELETE_FILE: 1,
  RENAME_FILE: 2,
  APPEND_FILE: 3,
  REPLACE_FILE: 4,
  CREATE_DIRECTORY: 5,
  REMOVE_DIRECTORY: 6,
  DENY_FILE: 7,
  DENY_DIRECTORY: 8,
} as const;
export type FilestoreAction = (typeof FilestoreAction)[keyof typeof FilestoreAction];
