/**
 * Follows each command from the ground to its own response. Where the spacecraft knows identified commands,
 * one is repeated until its outcome is heard (it is executed once); elsewhere the response is found by the
 * space packet count that `OpCodeDispatched` repeats, and nothing is sent twice.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fail, type Result } from '../../fsw/errors';
import type { Dictionary } from '../../fsw/framework/dictionary';
import { CommandUplink } from '../link/uplink';
import type { CommandOutcome, EventMessage, Handshake, OutcomeName } from './messages';

export interface CommanderOptions {
  readonly dictionary: Dictionary;
  /** Sends one clear TC frame up; each time it is called it is sealed anew. Errors: LINK_DOWN, and why it may not be sent. */
  readonly radiate: (frame: Uint8Array) => Result<void>;
  readonly handshake: () => { state: Handshake; found: string | undefined };
  /** Refuses commands until the spacecraft has said that it flies our dictionary. */
  readonly strict?: boolean;
  /** Who we are to the spacecraft, 0..65535; 1 unless told. Two gateways that command at once must differ. */
  readonly sender?: number;
  /** Remembers the next sequence; without it, the time of day keeps sequences rising. */
  readonly sequenceFile?: string;
  /** First wait before a command is repeated; it grows by half each time, up to ten seconds. */
  readonly repeatMs?: number;
  readonly now?: () => number;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const FIRST_REPEAT_MS = 1_000;
const LAST_REPEAT_MS = 10_000;
/** The spacecraft remembers some hundred; more than this at once is an error of the client. */
const MAX_UNDER_WAY = 64;
/** Sequences without a file: so many a second since 2026. */
const SEQUENCES_A_SECOND = 10;
const SEQUENCE_EPOCH_MS = Date.UTC(2026, 0, 1);

/** How far to go on when a sequence turns out to have been used. */
const SEQUENCES_SKIPPED = 10_000;

interface UnderWay {
  readonly opcode: number;
  sent: number;
  waitMs: number;
  /** Heard to be under way on board. */
  dispatched: boolean;
  readonly finish: (outcome: OutcomeName, status: string, reason: string) => void;
}

export class Commander {
  readonly #options: CommanderOptions;
  readonly #uplink: CommandUplink;
  readonly #identified: boolean;
  readonly #sender: number;
  readonly #now: () => number;
  /** By name, with and without the deployment. */
  readonly #opcodes: ReadonlyMap<string, number>;
  #nextSequence: number;
  /** By `sender.sequence`, or by space packet count. */
  readonly #underWay = new Map<string, UnderWay>();
  /** Which command a dispatched `cmdSeq` is; unidentified commands only. */
  readonly #dispatched = new Map<number, UnderWay>();

  constructor(options: CommanderOptions) {
    this.#options = options;
    this.#uplink = new CommandUplink(options.dictionary);
    this.#identified = options.dictionary.events.some(({ local }) => local === 'CommandOutcome');
    this.#sender = options.sender ?? 1;
    this.#opcodes = new Map(
      options.dictionary.commands.flatMap(({ name, instance, local, id }) => [
        [name, id],
        [`${instance}.${local}`, id],
      ]),
    );
    this.#now = options.now ?? (() => performance.now());
    const byTime = Math.floor(((Date.now() - SEQUENCE_EPOCH_MS) / 1000) * SEQUENCES_A_SECOND);
    this.#nextSequence = Math.max(byTime, savedSequence(options.sequenceFile));
  }

  /** Checks a command, sends it, and says how it ended; never rejects. */
  async command(
    name: string,
    args: Readonly<Record<string, unknown>>,
    timeoutMs = DEFAULT_TIMEOUT_MS,
  ): Promise<CommandOutcome> {
    const startedMs = this.#now();
    const handshake = this.#options.handshake();
    const early = (outcome: OutcomeName, status: string, reason: string): CommandOutcome => {
      const { state: spacecraft } = handshake;
      return { outcome, name, status, reason, sent: 0, id: '', ms: this.#now() - startedMs, spacecraft };
    };
    const refusal = this.#refusal(handshake);
    if (refusal) return early('refused', refusal.code, refusal.text);
    const sequence = this.#nextSequence;
    const made = this.#identified
      ? this.#uplink.identified(name, args, this.#sender, sequence)
      : this.#uplink.command(name, args);
    if (!made.ok) return early('refused', made.error.code, made.error.text);
    if (this.#identified) this.#takeSequence();
    const { frame, uplink } = made.value;
    const id = this.#identified ? `${this.#sender}.${sequence}` : `${uplink}`;
    const radiated = this.#options.radiate(frame);
    if (!radiated.ok) {
      const { code, text } = radiated.error;
      return early(code === 'LINK_DOWN' ? 'link-down' : 'refused', code, text);
    }
    return new Promise((resolve) => {
      const waitMs = this.#options.repeatMs ?? FIRST_REPEAT_MS;
      const entry: UnderWay = {
        opcode: this.#opcodes.get(name) ?? 0,
        sent: 1,
        waitMs,
        dispatched: false,
        finish: (outcome, status, reason) => {
          clearTimeout(timeout);
          clearTimeout(repeat);
          this.#underWay.delete(id);
          for (const [cmdSeq, other] of this.#dispatched)
            if (other === entry) this.#dispatched.delete(cmdSeq);
          const ms = this.#now() - startedMs;
          const spacecraft = this.#options.handshake().state;
          resolve({ outcome, name, status, reason, sent: entry.sent, id, ms, spacecraft });
        },
      };
      this.#underWay.set(id, entry);
      const timeout = setTimeout(() => this.#giveUp(entry, timeoutMs), timeoutMs);
      let repeat: NodeJS.Timeout | undefined;
      const repeatLater = () => {
        repeat = setTimeout(() => {
          if (this.#options.radiate(frame).ok) entry.sent++;
          entry.waitMs = Math.min(LAST_REPEAT_MS, entry.waitMs * 1.5);
          repeatLater();
        }, entry.waitMs);
      };
      if (this.#identified) repeatLater();
    });
  }

  #refusal({ state, found }: { state: Handshake; found: string | undefined }) {
    const loaded = this.#options.dictionary.hash;
    if (state === 'mismatch') return fail('DICTIONARY_MISMATCH', { found, loaded }).error;
    if (state === 'unknown' && this.#options.strict) return fail('DICTIONARY_UNVERIFIED').error;
    if (this.#underWay.size < MAX_UNDER_WAY) return undefined;
    return fail('GATEWAY_BUSY', { count: this.#underWay.size, max: MAX_UNDER_WAY }).error;
  }

  #giveUp(entry: UnderWay, timeoutMs: number): void {
    const seconds = timeoutMs / 1000;
    if (entry.dispatched) entry.finish('unknown', 'UNDER_WAY', `still under way on board after ${seconds} s`);
    else entry.finish('unknown', 'NO_RESPONSE', `no response within ${seconds} s: it may have been executed`);
  }

  /** Hears every event of the downlink. */
  hear({ name, args }: EventMessage): void {
    switch (name.slice(name.lastIndexOf('.') + 1)) {
      case 'CommandOutcome':
        this.#hearOutcome(args);
        return;
      case 'OpCodeDispatched': {
        const entry = this.#underWay.get(`${args.uplink}`);
        if (this.#identified || entry === undefined) return;
        entry.dispatched = true;
        this.#dispatched.set(Number(args.cmdSeq), entry);
        return;
      }
      case 'OpCodeCompleted':
        this.#hearResponse(args, 'completed', 'OK');
        return;
      case 'OpCodeError':
        this.#hearResponse(args, 'failed', String(args.status));
        return;
      case 'MalformedCommand':
      case 'InvalidCommand':
      case 'TooManyCommands':
        if (this.#identified) return;
        this.#underWay
          .get(`${args.uplink}`)
          ?.finish('failed', name.slice(name.lastIndexOf('.') + 1), String(args.reason ?? ''));
        return;
    }
  }

  #hearOutcome({ sender, sequence, opcode, status, reason, repeated }: EventMessage['args']): void {
    const entry = this.#underWay.get(`${sender}.${sequence}`);
    if (entry === undefined) return;
    if ((repeated === true && entry.sent === 1) || (opcode !== entry.opcode && opcode !== 0)) {
      // What is answered is a command of before our time. Go on far behind it.
      this.#nextSequence += SEQUENCES_SKIPPED;
      entry.finish('unknown', 'IDENTITY_USED', `number ${sequence} of sender ${sender} was used before`);
      return;
    }
    if (status === 'UNDER_WAY') entry.dispatched = true;
    else if (status === 'OK') entry.finish('completed', 'OK', String(reason));
    else if (status === 'UNKNOWN' || status === 'EXPIRED') entry.finish('unknown', status, String(reason));
    else entry.finish('failed', String(status), String(reason));
  }

  #hearResponse({ cmdSeq, reason }: EventMessage['args'], outcome: OutcomeName, status: string): void {
    const entry = this.#dispatched.get(Number(cmdSeq));
    this.#dispatched.delete(Number(cmdSeq));
    entry?.finish(outcome, status, String(reason ?? ''));
  }

  /** Answers all that is under way as unknown. */
  close(): void {
    for (const entry of this.#underWay.values())
      entry.finish('unknown', 'GATEWAY_CLOSED', 'the gateway was closed: it may have been executed');
  }

  #takeSequence(): void {
    this.#nextSequence++;
    const file = this.#options.sequenceFile;
    if (file === undefined) return;
    try {
      writeFileSync(`${file}.new`, JSON.stringify({ sender: this.#sender, next: this.#nextSequence }));
      renameSync(`${file}.new`, file);
    } catch {
      // Time alone keeps sequences rising, too.
    }
  }
}

function savedSequence(file: string | undefined): number {
  if (file === undefined || !existsSync(file)) return 0;
  try {
    const { next } = JSON.parse(readFileSync(file, 'utf8')) as { next?: unknown };
    return typeof next === 'number' && Number.isSafeInteger(next) ? next : 0;
  } catch {
    return 0;
  }
}
