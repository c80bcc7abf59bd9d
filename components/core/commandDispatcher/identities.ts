/**
 * What the dispatcher remembers of identified commands, per sender: the last ones and how they ended, in a
 * file that is written before a command is sent on. So a repeated command is known after a reboot, too.
 *
 * The file, big-endian: magic u32 "PGID" | version u16 | sender u16 | count u16 | entries
 * [sequence u32 | opcode u32 | status u8 | reason length u8 | reason] | SHA-256 of all before it.
 */
import { createHash } from 'node:crypto';
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { Board } from '../../../fsw/framework';
import { CmdStatus, enumeration, type Value } from '../../../fsw/framework';
import { readU16, readU32, writeBytes, writeU16, writeU32 } from '../../../fsw/protocols';

/** How an identified command stands: a command's response, or why there is none. */
export const Outcome = enumeration('Fw.CommandOutcome', {
  ...CmdStatus.constants,
  /** Refused unexecuted: older than all that is remembered. Whether it was done before is not known. */
  EXPIRED: 253,
  /** Sent to its component; the response will follow. */
  UNDER_WAY: 254,
  /** Sent to its component, and a reboot or a clearing came before the response. */
  UNKNOWN: 255,
});
export type Outcome = Value<typeof Outcome>;

export interface Remembered {
  readonly opcode: number;
  readonly status: Outcome;
  /** Empty when it went well. */
  readonly reason: string;
}

const MAGIC = 0x50474944;
const VERSION = 1;
const HEAD_LENGTH = 10;
const ENTRY_HEAD_LENGTH = 10;
const DIGEST_LENGTH = 32;
const MAX_REASON_LENGTH = 120;

/** The last `window` commands of one sender, by sequence. */
export class SenderMemory {
  readonly entries = new Map<number, Remembered>();
  private highest = -1;

  constructor(
    readonly sender: number,
    private readonly window: number,
  ) {}

  /** What is known of this sequence; undefined when it is new. */
  recall(sequence: number): Remembered | undefined {
    const expired = { opcode: 0, status: 'EXPIRED', reason: 'older than all that is remembered' } as const;
    return this.entries.get(sequence) ?? (sequence <= this.highest - this.window ? expired : undefined);
  }

  remember(sequence: number, entry: Remembered): void {
    this.entries.set(sequence, entry);
    if (sequence <= this.highest) return;
    this.highest = sequence;
    for (const old of this.entries.keys()) if (old <= sequence - this.window) this.entries.delete(old);
  }

  toFile(): Uint8Array {
    const encoded = [...this.entries].map(([sequence, { opcode, status, reason }]) => {
      const text = Buffer.from(reason).subarray(0, MAX_REASON_LENGTH);
      const bytes = new Uint8Array(ENTRY_HEAD_LENGTH + text.length);
      writeU32(bytes, writeU32(bytes, 0, sequence), opcode);
      bytes.set([Outcome.constants[status], text.length], 8);
      bytes.set(text, ENTRY_HEAD_LENGTH);
      return bytes;
    });
    const length = encoded.reduce((sum, bytes) => sum + bytes.length, HEAD_LENGTH);
    const file = new Uint8Array(length + DIGEST_LENGTH);
    let at = writeU16(file, writeU16(file, writeU32(file, 0, MAGIC), VERSION), this.sender);
    at = writeU16(file, at, encoded.length);
    for (const bytes of encoded) at = writeBytes(file, at, bytes);
    file.set(digestOf(file.subarray(0, at)), at);
    return file;
  }

  /** What was under way when the file was written has an unknown outcome now. Errors: COMMAND_MEMORY_CORRUPT. */
  static fromFile(file: Uint8Array, sender: number, window: number): Result<SenderMemory> {
    const corrupt = (why: string) => fail('COMMAND_MEMORY_CORRUPT', { sender, why });
    const end = file.length - DIGEST_LENGTH;
    if (end < HEAD_LENGTH) return corrupt(`it has only ${file.length} bytes`);
    if (Buffer.compare(digestOf(file.subarray(0, end)), file.subarray(end)) !== 0)
      return corrupt('its SHA-256 is not that of its content');
    if (readU32(file, 0) !== MAGIC || readU16(file, 4) !== VERSION || readU16(file, 6) !== sender)
      return corrupt('it is no memory of this sender');
    const memory = new SenderMemory(sender, window);
    let at = HEAD_LENGTH;
    for (let left = readU16(file, 8); left > 0; left--) {
      const next = at + ENTRY_HEAD_LENGTH + (file[at + 9] ?? 0);
      const status = statuses.get(file[at + 8]);
      if (next > end || status === undefined) return corrupt(`the entry at byte ${at} cannot be read`);
      const interrupted = status === 'UNDER_WAY';
      memory.remember(readU32(file, at), {
        opcode: readU32(file, at + 4),
        status: interrupted ? 'UNKNOWN' : status,
        reason: interrupted ? 'a reboot came before the response' : textOf(file.subarray(at + 10, next)),
      });
      at = next;
    }
    return succeed(memory);
  }
}

const statuses = new Map(Object.entries(Outcome.constants).map(([name, value]) => [value, name as Outcome]));

/** The memories of all senders, each read from storage when its sender is first heard. */
export class Identities {
  private readonly memories = new Map<number, SenderMemory>();

  constructor(
    private readonly storage: () => Board['storage'],
    private readonly window: number,
    private readonly maxSenders: number,
  ) {}

  /** Errors: COMMAND_MEMORY_CORRUPT, COMMAND_SENDERS, and those of the storage except that it has no such file. */
  of(sender: number): Result<SenderMemory> {
    const known = this.memories.get(sender);
    if (known) return succeed(known);
    if (this.memories.size >= this.maxSenders)
      return fail('COMMAND_SENDERS', { sender, max: this.maxSenders });
    const file = this.storage().read(fileOf(sender));
    if (!file.ok && file.error.code !== 'STORAGE_MISSING') return file;
    const memory = file.ok
      ? SenderMemory.fromFile(file.value, sender, this.window)
      : succeed(new SenderMemory(sender, this.window));
    if (memory.ok) this.memories.set(sender, memory.value);
    return memory;
  }

  save(memory: SenderMemory): Result<void> {
    return this.storage().write(fileOf(memory.sender), memory.toFile());
  }

  /** The sender starts anew, as if it had never been heard. Errors: those of the storage. */
  forget(sender: number): Result<void> {
    const empty = new SenderMemory(sender, this.window);
    const saved = this.save(empty);
    if (saved.ok) this.memories.delete(sender);
    return saved;
  }
}

function fileOf(sender: number): string {
  return `commands-${sender}.bin`;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

function digestOf(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}
