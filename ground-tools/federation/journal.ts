/**
 * What the gateway knows of each message, on disk before it acts on it. Files of one satellite:
 *
 *     identity.pem, .pub     the key of its SuperNode; its public half in OpenSSH's form
 *     node                   the node's id at the SuperLink
 *     messages/<id>.json     the message and how far it is: written whole, last of all that a step writes
 *     messages/<id>.task     what the satellite gets
 *     messages/<id>.update   what came back
 *     messages/<id>.reply    what the SuperLink gets: the same bytes however often it is pushed
 *     late/<id>              updates that Flower did not want any more
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { decode, encode } from 'cbor-x';
import { fail, type Result, succeed } from '../../fsw/errors';
import { writeWholeFile } from '../../fsw/wholeFile';
import { type Identity, identityOf, newIdentity, sshPublicKey } from './identity';
import type { PackedMessage } from './message';
import type { Long } from './schema';
import type { Pulled } from './superNode';

export type Stage =
  /** Flower has handed it out and will not do so again. */
  | 'pulled'
  /** Its task is here. */
  | 'kept'
  /** The SuperLink was told so. */
  | 'confirmed'
  /** The satellite has the task. */
  | 'delivered'
  /** Its reply is here. */
  | 'answered'
  /** Some of the reply may be at the SuperLink, not its last object. */
  | 'pushing'
  /** All of it may be. */
  | 'closing'
  | 'done';

/**
 * How a message ended: its update is at the SuperLink, or an error reply; Flower gave it up before its update was pushed
 * (`late`) or came (`expired`); or a kill between the last object and the note of it left unknown which (`uncertain`).
 */
export type Outcome = 'pushed' | 'refused' | 'late' | 'expired' | 'uncertain';

export interface Entry {
  readonly stage: Stage;
  readonly pulled: Pulled;
  /** Of the federation that the task names. */
  readonly run: string;
  readonly taskId?: string;
  readonly updateId?: string;
  /** Of the update's delta. */
  readonly norm?: number;
  /** What the reply will have been once it is there. */
  readonly answer?: 'pushed' | 'refused';
  readonly outcome?: Outcome;
  /** Why, where it is not `pushed`. */
  readonly text?: string;
}

/** Files of a message that are dropped when it is done. */
const bulk = ['task', 'update', 'reply'] as const;

export class Journal {
  readonly #folder: string;
  readonly #entries = new Map<string, Entry>();

  readonly #write: typeof writeWholeFile;

  private constructor(folder: string, write: typeof writeWholeFile) {
    this.#folder = folder;
    this.#write = write;
  }

  /** `write`: a test's way to die before or after one. Errors: FLOWER_STATE. */
  static open(folder: string, write = writeWholeFile): Result<Journal> {
    const journal = new Journal(folder, write);
    try {
      for (const inside of ['messages', 'late']) mkdirSync(join(folder, inside), { recursive: true });
      const names = readdirSync(join(folder, 'messages'));
      for (const name of names.filter((one) => one.endsWith('.json'))) {
        const entry = JSON.parse(readFileSync(join(folder, 'messages', name), 'utf8')) as Entry;
        journal.#entries.set(name.slice(0, -'.json'.length), entry);
      }
      return succeed(journal);
    } catch (error) {
      return fail('FLOWER_STATE', { folder, why: (error as Error).message });
    }
  }

  /** Messages and how far they are, by message id, oldest first. */
  get entries(): ReadonlyMap<string, Entry> {
    const age = ([, { pulled }]: [string, Entry]) => pulled.metadata.created_at;
    return new Map([...this.#entries].sort((a, b) => age(a) - age(b)));
  }

  /** The entry is on the medium when this returns. Throws what the file system says. */
  note(id: string, entry: Entry): void {
    this.#write(this.#file(id, 'json'), JSON.stringify(entry));
    this.#entries.set(id, entry);
    if (entry.stage === 'done') for (const kind of bulk) rmSync(this.#file(id, kind), { force: true });
  }

  keepTask(id: string, task: Uint8Array): void {
    this.#write(this.#file(id, 'task'), task);
  }

  task(id: string): Uint8Array {
    return new Uint8Array(readFileSync(this.#file(id, 'task')));
  }

  keepUpdate(id: string, update: Uint8Array): void {
    this.#write(this.#file(id, 'update'), update);
  }

  update(id: string): Uint8Array {
    return new Uint8Array(readFileSync(this.#file(id, 'update')));
  }

  keepReply(id: string, { metadata, error, tree, objects }: PackedMessage): void {
    this.#write(this.#file(id, 'reply'), encode({ metadata, error, tree, objects: [...objects] }));
  }

  reply(id: string): PackedMessage {
    const kept = decode(readFileSync(this.#file(id, 'reply'))) as Omit<PackedMessage, 'objects'> & {
      readonly objects: [string, Uint8Array][];
    };
    return { ...kept, objects: new Map(kept.objects) };
  }

  keepLate(updateId: string, update: Uint8Array): void {
    this.#write(join(this.#folder, 'late', updateId), update);
  }

  /** Updates that Flower did not want: their ids. */
  get late(): readonly string[] {
    return readdirSync(join(this.#folder, 'late'));
  }

  /** The key of this satellite's SuperNode: made and kept when it is asked for first. Errors: FLOWER_KEY. */
  identity(): Result<Identity> {
    const file = join(this.#folder, 'identity.pem');
    if (existsSync(file)) return identityOf(readFileSync(file, 'utf8'), file);
    const made = newIdentity();
    // For an operator who registers keys.
    this.#write(join(this.#folder, 'identity.pub'), `${sshPublicKey(made)}\n`);
    this.#write(file, made.privateKey, { mode: 0o600 });
    return succeed(made);
  }

  get nodeId(): Long | undefined {
    const file = join(this.#folder, 'node');
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  }

  keepNodeId(nodeId: Long): void {
    this.#write(join(this.#folder, 'node'), nodeId);
  }

  #file(id: string, kind: string): string {
    return join(this.#folder, 'messages', `${id}.${kind}`);
  }
}
