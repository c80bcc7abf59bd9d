import { crc32 } from 'node:zlib';
import { type Fault, fail, type Result, succeed } from '../../fsw/errors';
import type { Dictionary } from '../../fsw/framework/dictionary';
import { nearest } from '../../fsw/framework/settings';
import { encode, type Fields, struct } from '../../fsw/framework/types';
import {
  type Condition,
  checkSequence,
  limits,
  objection,
  type Sequence,
  type Step,
} from '../../fsw/sequences';
import type { SequenceSource, SourceCondition, SourceStep } from './source';

export type Compiled =
  | { readonly ok: true; readonly value: Sequence }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/**
 * Compiles a sequence against a dictionary: all names are resolved, all arguments checked. All that is wrong is
 * returned at once, each fault with the place where it was written. Errors: SEQ_SOURCE, SEQ_STEP.
 */
export function compileSequence(source: SequenceSource, dictionary: Dictionary): Compiled {
  const compiler = new Compiler(dictionary);
  compiler.header(source);
  compiler.addAll(source.steps);
  compiler.resolveGotos();
  const { faults, steps, labels } = compiler;
  if (faults.length > 0) return { ok: false, faults };
  const sequence: Sequence = {
    name: source.name,
    dictionary: dictionary.hash,
    maxSteps: source.maxSteps ?? 10_000,
    onAbort: source.onAbort ?? '',
    labels: Object.fromEntries(labels),
    steps,
  };
  const checked = checkSequence(sequence, dictionary);
  return checked.ok ? { ok: true, value: sequence } : { ok: false, faults: [checked.error] };
}

class Compiler {
  readonly faults: Fault[] = [];
  readonly steps: Step[] = [];
  readonly labels = new Map<string, number>();
  private readonly gotos: { readonly at: number; readonly label: string; readonly where: string }[] = [];
  /** Opcodes that a step before has armed. */
  private readonly armed = new Set<number>();

  constructor(private readonly dictionary: Dictionary) {}

  header({ name, maxSteps = 1, onAbort = '' }: SequenceSource): void {
    this.textLimit('name', name, limits.nameBytes);
    this.textLimit('onAbort', onAbort, limits.fileNameBytes);
    this.wholeLimit('maxSteps', maxSteps, limits.maxSteps);
  }

  addAll(steps: readonly SourceStep[]): void {
    for (const step of steps) this.add(step);
  }

  private add(step: SourceStep) {
    const { where } = step;
    switch (step.kind) {
      case 'command':
        return this.command(step);
      case 'at': {
        const unixMs = Date.parse(step.time);
        const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(step.time);
        if (!Number.isFinite(unixMs) || !zoned || unixMs < 0)
          return this.fault(where, `${step.time} is no time like 2027-03-01T12:00:00Z`);
        const seconds = Math.floor(unixMs / 1000);
        this.steps.push({ op: 'at', seconds, useconds: Math.round((unixMs - seconds * 1000) * 1000) });
        return;
      }
      case 'wait':
        this.steps.push({ op: 'wait', ms: this.milliseconds(where, step.seconds) });
        return;
      case 'waitFor': {
        const { condition, timeoutS, onTimeout = 'abort' } = step;
        const timeoutMs = this.milliseconds(where, timeoutS);
        this.steps.push({ op: 'await', condition: this.condition(where, condition), timeoutMs, onTimeout });
        return;
      }
      case 'if':
        return this.branch(step);
      case 'repeat': {
        const to = this.steps.length;
        this.wholeLimit(`${where}: repeat`, step.times, limits.times);
        this.addAll(step.steps);
        this.steps.push({ op: 'loop', to, times: step.times });
        return;
      }
      case 'label':
        if (this.labels.has(step.name)) this.fault(where, `label ${step.name} stands twice`);
        if (this.labels.size >= limits.labels) this.fault(where, `${limits.labels} labels are the most`);
        this.textLimit(`${where}: label`, step.name, limits.nameBytes);
        this.labels.set(step.name, this.steps.length);
        return;
      case 'goto':
        this.gotos.push({ at: this.steps.length, label: step.label, where });
        this.steps.push({ op: 'jump', to: 0 });
        return;
      case 'abort':
        this.textLimit(`${where}: reason`, step.reason, limits.reasonBytes);
        this.steps.push({ op: 'abort', reason: step.reason });
    }
  }

  resolveGotos(): void {
    for (const { at, label, where } of this.gotos) {
      const to = this.labels.get(label);
      if (to !== undefined) this.steps[at] = { op: 'jump', to };
      else
        this.fault(
          where,
          `there is no label ${label}; did you mean ${nearest(label, [...this.labels.keys()])}?`,
        );
    }
  }

  private command({ where, name, args = {}, onFail = 'abort', arm }: SourceStep & { kind: 'command' }) {
    const made = this.serialise(name, args);
    if (!made.ok) return this.fault(where, made.error.text);
    const { entry, bytes } = made.value;
    if (arm && !entry.hazardous) this.fault(where, `${entry.name} is not hazardous: there is nothing to arm`);
    if (arm && entry.hazardous) this.arm(where, entry.id, bytes);
    if (entry.hazardous && !this.armed.delete(entry.id))
      this.fault(where, `${entry.name} is hazardous: arm it (\`arm: true\`), or it will be refused`);
    if (entry.local === 'ARM' || entry.local === 'ARM_EXACT') this.armed.add(Number(args.opcode));
    this.steps.push({ op: 'command', opcode: entry.id, args: bytes, onFail });
  }

  private arm(where: string, opcode: number, bytes: Uint8Array) {
    const dispatcher = this.dictionary.commands.find(({ local }) => local === 'ARM_EXACT');
    if (dispatcher === undefined) return this.fault(where, 'no component of this mission arms commands');
    const armed = this.serialise(dispatcher.name, { opcode, argsCrc: crc32(bytes) });
    if (!armed.ok) return this.fault(where, armed.error.text);
    this.armed.add(opcode);
    this.steps.push({ op: 'command', opcode: dispatcher.id, args: armed.value.bytes, onFail: 'abort' });
  }

  private serialise(name: string, args: Readonly<Record<string, unknown>>) {
    const found = this.find('command', this.dictionary.commands, name);
    if (!found.ok) return found;
    const entry = found.value;
    const type = struct(entry.name, entry.args ?? ({} as Fields));
    const checked = type.check(args, entry.name);
    return checked.ok ? succeed({ entry, bytes: encode(type, checked.value) }) : checked;
  }

  private branch({ where, condition, whenTrue, whenFalse }: SourceStep & { kind: 'if' }): void {
    const compiled = this.condition(where, condition);
    const branchAt = this.steps.length;
    this.steps.push({ op: 'branch', condition: compiled, otherwise: 0 });
    this.addAll(whenTrue);
    const jumpAt = this.steps.length;
    if (whenFalse.length > 0) this.steps.push({ op: 'jump', to: 0 });
    this.steps[branchAt] = { op: 'branch', condition: compiled, otherwise: this.steps.length };
    this.addAll(whenFalse);
    if (whenFalse.length > 0) this.steps[jumpAt] = { op: 'jump', to: this.steps.length };
  }

  private condition(where: string, { channel, comparison, value }: SourceCondition): Condition {
    const compiled = { channel: 0, comparison, value: new Uint8Array(0) };
    const found = this.find('channel', this.dictionary.channels, channel);
    if (!found.ok) {
      this.fault(where, found.error.text);
      return compiled;
    }
    const { name, type, id } = found.value;
    const wrong = objection(type, comparison);
    if (wrong) this.fault(where, `${name}: ${wrong}`);
    const checked = type.check(value, name);
    if (!checked.ok) this.fault(where, checked.error.text);
    return checked.ok ? { channel: id, comparison, value: encode(type, checked.value) } : compiled;
  }

  private find<E extends { readonly name: string }>(
    what: string,
    entries: readonly E[],
    name: string,
  ): Result<E> {
    const prefix = `${this.dictionary.deployment}.`;
    const qualified = name.startsWith(prefix) ? name : prefix + name;
    const entry = entries.find((candidate) => candidate.name === qualified);
    if (entry) return succeed(entry);
    const close = nearest(
      qualified,
      entries.map((candidate) => candidate.name),
    );
    return fail('SEQ_NAME', { what, name, nearest: close.replace(prefix, '') });
  }

  private milliseconds(where: string, seconds: number): number {
    const ms = Math.round(seconds * 1000);
    if (!(ms >= 0 && ms <= limits.waitMs))
      this.fault(where, `${seconds} s is outside 0..${limits.waitMs / 1000} s`);
    return ms;
  }

  private wholeLimit(where: string, value: number, max: number): void {
    if (!Number.isInteger(value) || value < 1 || value > max)
      this.fault(where, `${value} is outside 1..${max}`);
  }

  private textLimit(where: string, text: string, max: number): void {
    if (Buffer.byteLength(text) > max) this.fault(where, `${text} is longer than ${max} bytes`);
  }

  private fault(where: string, why: string): void {
    this.faults.push(fail('SEQ_SOURCE', { where, why }).error);
  }
}
