import { type Fault, fail, type Result } from '../errors';
import type { Config, Setting } from './model';

/** Checks one value of a parameter or config entry: its type, then its range. */
export function checkSetting(setting: Setting, value: unknown, path: string): Result<unknown> {
  const checked = setting.type.check(value, path);
  if (!checked.ok) return checked;
  const { min = -Infinity, max = Infinity } = setting;
  const number = Number(checked.value);
  if ((setting.min !== undefined || setting.max !== undefined) && !(number >= min && number <= max))
    return fail('TYPE_RANGE', { path, value: checked.value, min, max });
  return checked;
}

/**
 * Completes an instance's config, or its parameters at boot, with defaults. Adds to `faults` all that is
 * wrong: CONFIG_UNKNOWN_KEY, CONFIG_MISSING_KEY, and what `checkSetting` refuses.
 */
export function completeSettings(
  instance: string,
  config: Config,
  given: Readonly<Record<string, unknown>>,
  faults: Fault[],
): Record<string, unknown> {
  const known = Object.keys(config);
  for (const key of Object.keys(given))
    if (!Object.hasOwn(config, key)) {
      const detail = { instance, key, nearest: nearest(key, known), known: known.join(', ') || 'none' };
      faults.push(fail('CONFIG_UNKNOWN_KEY', detail).error);
    }
  const values: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(config)) {
    const value = given[key] ?? setting.default;
    const checked =
      value === undefined
        ? fail('CONFIG_MISSING_KEY', { instance, key })
        : checkSetting(setting, value, `${instance}.${key}`);
    if (checked.ok) values[key] = checked.value;
    else faults.push(checked.error);
  }
  return values;
}

/** The known word with the smallest edit distance (Levenshtein), for "did you mean". */
export function nearest(word: string, known: readonly string[]): string {
  const distance = (a: string, b: string): number => {
    let row = Array.from({ length: b.length + 1 }, (_, j) => j);
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      for (let j = 1; j <= b.length; j++)
        next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + Number(a[i - 1] !== b[j - 1]));
      row = next;
    }
    return row[b.length];
  };
  const ranked = [...known].sort((a, b) => distance(word, a) - distance(word, b));
  return ranked[0] ?? 'nothing';
}
