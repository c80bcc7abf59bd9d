/** From an operator's decisions to the file that goes up. */
import { fail, type Result, succeed } from '../../fsw/errors';
import { type Label, readLabels, writeLabels } from '../../fsw/learning';
import type { Book } from './book';

export interface Packed {
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly labels: number;
  readonly reference: number;
}

/**
 * The labels that were decided since the last file that the spacecraft took, or all. Errors: LABELS; LABELS_DECISION when
 * there is none.
 */
export function packLabels(
  { model, classes, decisions, uplinks }: Book,
  { name, all }: { readonly name: string; readonly all: boolean },
): Result<Packed> {
  const since = all ? '' : (uplinks.filter(({ taken }) => taken).at(-1)?.at ?? '');
  const fresh = decisions.filter(({ at }) => at > since);
  const entries = fresh.flatMap((one): Label[] =>
    one.class === null
      ? []
      : [
          {
            tile: one.tile,
            says: classes.indexOf(one.class),
            weight: Math.max(1, Math.round(one.weight * 255)) / 255,
            use: one.use,
          },
        ],
  );
  if (entries.length === 0)
    return fail('LABELS_DECISION', {
      what: name,
      why: since === '' ? 'no label was approved' : `no label was approved since ${since}`,
    });
  const written = writeLabels({ name, model, classes, entries });
  if (!written.ok) return written;
  const read = readLabels(written.value, name);
  if (!read.ok) return read;
  return succeed({
    bytes: written.value,
    sha256: read.value.sha256,
    labels: entries.length,
    reference: entries.filter(({ use }) => use === 'reference').length,
  });
}
