import { fail, type Result, succeed } from '../../../fsw/errors';
import { type Storage, type Tripled, tripled } from '../../../fsw/framework';
import {
  type ParameterFile,
  type ParameterValues,
  readParameterFile,
  writeParameterFile,
} from './parameterFile';

/** What was found instead of a good file. */
export interface Damage {
  /** Name of the copy. */
  readonly name: string;
  /** Absent when the storage could not read it. */
  readonly bytes?: Uint8Array;
  readonly reason: string;
}

/** What a check found and did. */
export interface Check {
  /** Bits of the copies in memory that the majority put right. */
  readonly memoryBits: number;
  /** The majority itself was wrong: memory was filled again from a file, or nothing good was left. */
  readonly memory: 'good' | 'restored' | 'lost';
  /** Copies of the file that were written again, and those that the storage refused. */
  readonly rewritten: readonly Damage[];
  readonly refused: readonly Damage[];
}

type Copy = { readonly name: string } & (
  | { readonly kind: 'missing' }
  | { readonly kind: 'damaged'; readonly damage: Damage }
  | { readonly kind: 'good'; readonly bytes: Uint8Array; readonly file: ParameterFile }
);

const NOTHING: ParameterFile = { sequence: 0, values: new Map() };

/**
 * The parameters in all places where they are kept: a file in two copies (A and B, written one after the other), and its
 * image in memory, three times. The good copy with the highest sequence number is the truth at boot, the image after.
 */
export class ParameterCopies {
  /** What stood there at boot instead of any good copy. */
  readonly damagedAtBoot: Damage | undefined;
  private readonly storage: Storage;
  private readonly names: readonly string[];
  private readonly image: Tripled;
  /** What a reader found since the last check, which reports it. */
  private found: Check['memory'] = 'good';

  constructor(storage: Storage, fileName: string, memory: Uint8Array) {
    this.storage = storage;
    this.names = [fileName, `${fileName}.b`];
    this.image = tripled(memory);
    const copies = this.readCopies();
    const best = newest(copies);
    this.damagedAtBoot = best ? undefined : copies.flatMap(damageOf)[0];
    this.image.write(writeParameterFile(best ?? NOTHING));
  }

  get values(): ParameterValues {
    return this.current().values;
  }

  /** Puts new values in all places; nothing has changed when it fails. One copy of the file is enough. */
  save(values: ParameterValues): Result<void> {
    const bytes = writeParameterFile({ sequence: this.current().sequence + 1, values });
    if (bytes.length > this.image.capacity)
      return fail('STORAGE_FAILED', {
        name: this.names[0],
        why: `${bytes.length} bytes, ${this.image.capacity} the most`,
      });
    const written = this.names.map((name) => this.storage.write(name, bytes));
    const refused = written.find((result) => !result.ok);
    if (refused && written.every((result) => !result.ok)) return refused;
    this.image.write(bytes);
    return succeed(undefined);
  }

  /** Heals memory by its majority (and from the file where that is wrong), then each copy of the file from memory. */
  check(): Check {
    const memoryBits = this.image.vote();
    this.healImage();
    const memory = this.found;
    this.found = 'good';
    const bytes = this.image.read();
    const rewritten: Damage[] = [];
    const refused: Damage[] = [];
    // Nothing was ever saved: there need be no file.
    const wanted = this.current().sequence > 0 ? this.readCopies() : [];
    for (const copy of wanted) {
      if (copy.kind === 'good' && Buffer.compare(copy.bytes, bytes) === 0) continue;
      const [damage = { name: copy.name, reason: copy.kind === 'missing' ? 'missing' : 'out of date' }] =
        damageOf(copy);
      const written = this.storage.write(copy.name, bytes);
      if (written.ok) rewritten.push(damage);
      else refused.push({ ...damage, reason: written.error.text });
    }
    return { memoryBits, memory, rewritten, refused };
  }

  /** The image; a majority that is wrong is replaced first. */
  private current(): ParameterFile {
    this.healImage();
    const file = readParameterFile(this.image.read());
    return file.ok ? file.value : NOTHING;
  }

  private healImage(): void {
    if (readParameterFile(this.image.read()).ok) return;
    const best = newest(this.readCopies());
    this.image.write(writeParameterFile(best ?? NOTHING));
    this.found = best ? 'restored' : 'lost';
  }

  private readCopies(): Copy[] {
    return this.names.map((name): Copy => {
      const bytes = this.storage.read(name);
      if (!bytes.ok)
        return bytes.error.code === 'STORAGE_MISSING'
          ? { name, kind: 'missing' }
          : { name, kind: 'damaged', damage: { name, reason: bytes.error.text } };
      const file = readParameterFile(bytes.value);
      return file.ok
        ? { name, kind: 'good', bytes: bytes.value, file: file.value }
        : { name, kind: 'damaged', damage: { name, bytes: bytes.value, reason: file.error.text } };
    });
  }
}

function newest(copies: readonly Copy[]): ParameterFile | undefined {
  const good = copies.flatMap((copy) => (copy.kind === 'good' ? [copy.file] : []));
  return good.sort((a, b) => b.sequence - a.sequence)[0];
}

function damageOf(copy: Copy): Damage[] {
  return copy.kind === 'damaged' ? [copy.damage] : [];
}
