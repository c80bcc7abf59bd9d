/**
 * The sequence file: CBOR (RFC 8949) array [ "perigee-sequence", version, body, SHA-256 of body ], where body
 * is a byte string with the CBOR array [ dictionary hash, name, maxSteps, onAbort, [[label, step]…], [step…] ],
 * and each step an array: its operation's number, then its fields in the order of `Step`.
 */
import { createHash } from 'node:crypto';
import { Decoder, Encoder, setSizeLimits } from 'cbor-x';
import { fail, type Result, succeed } from '../errors';
import { type Condition, comparisons, limits, type OnFail, type Sequence, type Step } from './types';

const FORMAT = 'perigee-sequence';
const VERSION = 1;
const operations = ['command', 'at', 'wait', 'await', 'branch', 'jump', 'loop', 'abort'] as const;
const onFails: readonly OnFail[] = ['abort', 'continue'];

const options = { useRecords: false, tagUint8Array: false };
const encoder = new Encoder(options);
const decoder = new Decoder(options);
// A header of a few bytes can ask for an array of any length: keep what it may ask for small.
setSizeLimits({ maxArraySize: 2 ** 20, maxMapSize: 2 ** 20, maxObjectSize: 2 ** 20 });

/** Serialises a sequence. */
export function writeSequence(sequence: Sequence): Uint8Array {
  const { dictionary, name, maxSteps, onAbort, labels, steps } = sequence;
  const body = encoder.encode([
    dictionary,
    name,
    maxSteps,
    onAbort,
    Object.entries(labels),
    steps.map(writeStep),
  ]);
  return new Uint8Array(encoder.encode([FORMAT, VERSION, body, digestOf(body)]));
}

/**
 * Reads the form of a sequence; whether it fits this build is for `checkSequence` to say.
 * Errors: SEQ_FILE; nothing throws.
 */
export function readSequence(file: Uint8Array): Result<Sequence> {
  if (file.length > limits.fileBytes)
    return fail('SEQ_FILE', { why: `longer than ${limits.fileBytes} bytes` });
  try {
    return succeed(sequenceOf(file));
  } catch (error) {
    const why = error instanceof NotASequence ? error.message : `it is no CBOR (${(error as Error).message})`;
    return fail('SEQ_FILE', { why });
  }
}

/** Carries what is wrong out of nested readers to `readSequence`, and no further. */
class NotASequence extends Error {}

function sequenceOf(file: Uint8Array): Sequence {
  const [format, version, body, digest] = listOf(decoder.decode(file), 'the file', 4);
  if (format !== FORMAT) throw new NotASequence('it does not begin as one');
  if (version !== VERSION) throw new NotASequence(`version ${String(version)} is not ${VERSION}`);
  const bytes = bytesOf(body, 'the body');
  if (Buffer.compare(digestOf(bytes), bytesOf(digest, 'the SHA-256')) !== 0)
    throw new NotASequence('its SHA-256 is not that of its body');
  const [dictionary, name, maxSteps, onAbort, labels, steps] = listOf(decoder.decode(bytes), 'the body', 6);
  return {
    dictionary: textOf(dictionary, 'the dictionary hash', limits.nameBytes),
    name: textOf(name, 'the name', limits.nameBytes),
    maxSteps: wholeOf(maxSteps, 'maxSteps', 1, limits.maxSteps),
    onAbort: textOf(onAbort, 'onAbort', limits.fileNameBytes),
    labels: Object.fromEntries(
      listOf(labels, 'the labels', undefined, limits.labels).map((label) => {
        const [text, step] = listOf(label, 'a label', 2);
        return [textOf(text, 'a label', limits.nameBytes), wholeOf(step, 'a label', 0, limits.steps)];
      }),
    ),
    steps: listOf(steps, 'the steps', undefined, limits.steps).map((step, i) =>
      stepOf(step, `step ${i + 1}`),
    ),
  };
}

function writeStep(step: Step): unknown[] {
  const op = operations.indexOf(step.op);
  switch (step.op) {
    case 'command':
      return [op, step.opcode, step.args, onFails.indexOf(step.onFail)];
    case 'at':
      return [op, step.seconds, step.useconds];
    case 'wait':
      return [op, step.ms];
    case 'await':
      return [op, writeCondition(step.condition), step.timeoutMs, onFails.indexOf(step.onTimeout)];
    case 'branch':
      return [op, writeCondition(step.condition), step.otherwise];
    case 'jump':
      return [op, step.to];
    case 'loop':
      return [op, step.to, step.times];
    case 'abort':
      return [op, step.reason];
  }
}

const fieldCounts = { command: 4, at: 3, wait: 2, await: 4, branch: 3, jump: 2, loop: 3, abort: 2 } as const;

function stepOf(value: unknown, what: string): Step {
  const list = listOf(value, what);
  const op = chosenFrom(operations, list[0], what);
  const [, a, b, c] = listOf(list, what, fieldCounts[op]);
  const target = (to: unknown) => wholeOf(to, what, 0, limits.steps);
  switch (op) {
    case 'command': {
      const opcode = wholeOf(a, what, 0, 0xffffffff);
      return { op, opcode, args: bytesOf(b, what), onFail: chosenFrom(onFails, c, what) };
    }
    case 'at':
      return { op, seconds: wholeOf(a, what, 0, 0xffffffff), useconds: wholeOf(b, what, 0, 999_999) };
    case 'wait':
      return { op, ms: wholeOf(a, what, 0, limits.waitMs) };
    case 'await': {
      const timeoutMs = wholeOf(b, what, 0, limits.waitMs);
      return { op, condition: conditionOf(a, what), timeoutMs, onTimeout: chosenFrom(onFails, c, what) };
    }
    case 'branch':
      return { op, condition: conditionOf(a, what), otherwise: target(b) };
    case 'jump':
      return { op, to: target(a) };
    case 'loop':
      return { op, to: target(a), times: wholeOf(b, what, 1, limits.times) };
    case 'abort':
      return { op, reason: textOf(a, what, limits.reasonBytes) };
  }
}

function writeCondition({ channel, comparison, value }: Condition): unknown[] {
  return [channel, comparisons.indexOf(comparison), value];
}

function conditionOf(item: unknown, what: string): Condition {
  const [channel, comparison, value] = listOf(item, `${what}: its condition`, 3);
  return {
    channel: wholeOf(channel, what, 0, 0xffffffff),
    comparison: chosenFrom(comparisons, comparison, what),
    value: bytesOf(value, what),
  };
}

function listOf(value: unknown, what: string, length?: number, most: number = limits.steps): unknown[] {
  if (!Array.isArray(value)) throw new NotASequence(`${what} is no list`);
  if (value.length > most) throw new NotASequence(`${what}: more than ${most}`);
  if (length !== undefined && value.length !== length)
    throw new NotASequence(`${what}: ${value.length} fields, ${length} needed`);
  return value;
}

function chosenFrom<T>(known: readonly T[], index: unknown, what: string): T {
  return known[wholeOf(index, what, 0, known.length - 1)];
}

function wholeOf(value: unknown, what: string, min: number, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new NotASequence(`${what}: ${String(value).slice(0, 24)} is no whole number of ${min}..${max}`);
}

function textOf(value: unknown, what: string, max: number): string {
  if (typeof value === 'string' && Buffer.byteLength(value) <= max) return value;
  throw new NotASequence(`${what} is no text of at most ${max} bytes`);
}

function bytesOf(value: unknown, what: string): Uint8Array {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  throw new NotASequence(`${what}: bytes are missing`);
}

function digestOf(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}
