/** What a campaign covers. */
import type { EvaluationSet } from './evaluationSet';
import { languageModel } from './languageModel';
import { smolModel } from './smolWheel';
import type { Subject } from './subject';
import { visionTransformer } from './visionTransformer';

export interface Range {
  readonly seeds: number;
  readonly tiles: number;
  readonly bitErrorRates: readonly number[];
  readonly clusters: readonly number[];
  /** Whether the language model's weights are fetched when they are not there. */
  readonly fetches: boolean;
}
export type ModeName = 'short' | 'full';

export const modes: Readonly<Record<ModeName, Range>> = {
  short: { seeds: 2, tiles: 150, bitErrorRates: [1e-6, 1e-4], clusters: [1, 16], fetches: false },
  full: {
    seeds: 100,
    tiles: 600,
    bitErrorRates: [1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3],
    clusters: [1, 2, 4, 8, 16],
    fetches: true,
  },
};

/** All models that can be had here, and in one line each what can't. */
export async function subjectsOf(
  { fetches }: Range,
  set: EvaluationSet,
): Promise<{ subjects: readonly Subject[]; leftOut: readonly string[] }> {
  const file = await smolModel(fetches);
  const language = file.ok ? [languageModel('int8', file.value), languageModel('4-bit', file.value)] : [file];
  const made = [visionTransformer('fp32', set), visionTransformer('fp16', set), ...language];
  return {
    subjects: made.flatMap((subject) => (subject.ok ? [subject.value] : [])),
    leftOut: made.flatMap((subject) => (subject.ok ? [] : [subject.error.text])),
  };
}
