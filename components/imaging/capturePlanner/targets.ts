/** Places worth a look: how they are written, and what is known of each. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { Place } from '../../../fsw/framework';

/** What an operator says of a target. */
export interface TargetSpec extends Place {
  readonly name: string;
  readonly radiusKm: number;
  readonly priority: number;
  /** After it was added; 0: none. */
  readonly deadlineS: number;
  /** Wanted again so long after a capture; 0: once. */
  readonly repeatS: number;
}

export type TipKind = 'CLEAR' | 'CLOUDED';

export interface Target extends TargetSpec {
  readonly addedUs: number;
  /** A tip made it, and it goes when it is done or too old. */
  readonly tipped: boolean;
  enabled: boolean;
  /** The latest tip about it. */
  tip: { readonly kind: TipKind; readonly atUs: number; readonly cloud: number } | undefined;
  /** No capture before: the pass that failed is over then. */
  notBeforeUs: number;
  doneUs: number | undefined;
  failures: number;
  /** The constraint that was reported last; empty when none. */
  refused: string;
}

const NAME = /^[\x21-\x3a\x3c-\x7e]{1,40}$/;
const ENTRY_FORM = 'name lat lon radius-km priority [deadline-h [repeat-h]]';

/**
 * A list of targets, `;` or a line break between them: `name lat lon radius-km priority [deadline-h [repeat-h]]`. Entries that are
 * not that are left out and returned as faults; so are names that come twice. Errors: TARGET_FORMAT.
 */
export function parseTargets(text: string): Result<TargetSpec>[] {
  const names = new Set<string>();
  return text
    .split(/[;\n]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry) => {
      const target = parseTarget(entry);
      if (target.ok && names.has(target.value.name))
        return fail('TARGET_FORMAT', { text: entry, why: 'its name is there already' });
      if (target.ok) names.add(target.value.name);
      return target;
    });
}

function parseTarget(text: string): Result<TargetSpec> {
  const [name, ...rest] = text.split(/\s+/);
  const numbers = rest.map(Number);
  if (numbers.length < 4 || numbers.length > 6)
    return fail('TARGET_FORMAT', { text, why: `not of the form ${ENTRY_FORM}` });
  const [latDeg, lonDeg, radiusKm, priority, deadlineH = 0, repeatH = 0] = numbers;
  const spec = { name, latDeg, lonDeg, radiusKm, priority };
  return checkTarget({ ...spec, deadlineS: deadlineH * 3600, repeatS: repeatH * 3600 });
}

/** A target within its ranges. Errors: TARGET_FORMAT. */
export function checkTarget(spec: TargetSpec): Result<TargetSpec> {
  const { name, latDeg, lonDeg, radiusKm, priority, deadlineS, repeatS } = spec;
  const wrong =
    outside('latitude', latDeg, -90, 90) ??
    outside('longitude', lonDeg, -180, 180) ??
    outside('radius', radiusKm, 0, 1000) ??
    outside('priority', priority, 0.001, 1000) ??
    outside('deadline', deadlineS, 0, 1e9) ??
    outside('repeat', repeatS, 0, 1e9);
  if (!NAME.test(name))
    return fail('TARGET_FORMAT', { text: name, why: 'a name is 1 to 40 visible ASCII characters, no ;' });
  return wrong === undefined ? succeed(spec) : fail('TARGET_FORMAT', { text: name, why: wrong });
}

function outside(what: string, value: number, min: number, max: number): string | undefined {
  return value >= min && value <= max ? undefined : `${what} ${value} is not in ${min}..${max}`;
}

export function newTarget(spec: TargetSpec, addedUs: number, tipped = false): Target {
  return {
    ...spec,
    addedUs,
    tipped,
    enabled: true,
    tip: undefined,
    notBeforeUs: 0,
    doneUs: undefined,
    failures: 0,
    refused: '',
  };
}

/** The last instant at which a capture is still of use. */
export function deadlineUs({ addedUs, deadlineS }: Target): number {
  return deadlineS === 0 ? Number.POSITIVE_INFINITY : addedUs + deadlineS * 1e6;
}

/** From when on a capture is wanted; never again: infinity. */
export function wantedFromUs({ doneUs, repeatS, notBeforeUs }: Target): number {
  if (doneUs === undefined) return notBeforeUs;
  return repeatS === 0 ? Number.POSITIVE_INFINITY : Math.max(notBeforeUs, doneUs + repeatS * 1e6);
}
