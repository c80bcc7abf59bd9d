import { fail, type Result, succeed } from '../../../fsw/errors';
import type { Board, Dictionary } from '../../../fsw/framework';
import { checkSequence, limits, readSequence, type Sequence } from '../../../fsw/sequences';

/** A sequence that may run, with the one that follows should it abort: nothing is left to go wrong then. */
export interface Loaded {
  readonly fileName: string;
  readonly sequence: Sequence;
  readonly onAbort: Loaded | undefined;
}

/** Sequences that may follow each other by aborting. */
const MAX_CHAIN = 4;

/** Reads and checks a sequence file and its onAbort files. Errors: SEQ_FILE, SEQ_BUILD, SEQ_STEP, FILE_*. */
export function loadSequence(
  files: Board['files'],
  dictionary: Dictionary,
  fileName: string,
  chain = 1,
): Result<Loaded> {
  if (chain > MAX_CHAIN)
    return fail('SEQ_FILE', { why: `more than ${MAX_CHAIN} follow each other by onAbort` });
  const bytes = readWhole(files, fileName);
  if (!bytes.ok) return bytes;
  const sequence = readSequence(bytes.value);
  if (!sequence.ok) return sequence;
  const checked = checkSequence(sequence.value, dictionary);
  if (!checked.ok) return checked;
  if (sequence.value.onAbort === '')
    return succeed({ fileName, sequence: sequence.value, onAbort: undefined });
  const next = loadSequence(files, dictionary, sequence.value.onAbort, chain + 1);
  return next.ok ? succeed({ fileName, sequence: sequence.value, onAbort: next.value }) : next;
}

function readWhole(files: Board['files'], fileName: string): Result<Uint8Array> {
  const stat = files.stat(fileName);
  if (!stat.ok) return stat;
  const { size } = stat.value;
  if (size > limits.fileBytes) return fail('SEQ_FILE', { why: `longer than ${limits.fileBytes} bytes` });
  const bytes = new Uint8Array(size);
  const read = files.read(fileName, 0, bytes);
  return read.ok ? succeed(bytes.subarray(0, read.value)) : read;
}
