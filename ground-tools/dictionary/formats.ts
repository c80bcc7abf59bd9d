import { type Result, succeed } from '../../fsw/errors';
import type { ExportedDictionary } from './exported';
import { fprimeDictionary, fprimeJson } from './fprime';
import { xtce } from './xtce';

export const dictionaryFormats = ['perigee', 'fprime', 'xtce'] as const;
export type DictionaryFormat = (typeof dictionaryFormats)[number];

/** A dictionary in our own JSON, as the launcher tells it, in the format asked for. Errors: DICTIONARY_NO_FORM. */
export function convertDictionary(json: string, format: DictionaryFormat, version: string): Result<string> {
  if (format === 'perigee') return succeed(json);
  const converted = fprimeDictionary(JSON.parse(json) as ExportedDictionary, version);
  if (!converted.ok) return converted;
  return succeed(format === 'xtce' ? xtce(converted.value) : fprimeJson(converted.value));
}
