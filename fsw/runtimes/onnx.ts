/** Sessions of onnxruntime, as flight makes them: one thread, one provider at a time. */
import * as ort from 'onnxruntime-node';
import { fail, type Result, succeed } from '../errors';

/** What a session is made of. */
export interface OnnxModel {
  readonly graph: Uint8Array;
  /** The file that the graph refers to. */
  readonly weights?: { readonly name: string; readonly bytes: Uint8Array };
  /** Training graphs are run with it off: their peak memory is half (measured), their speed the same. */
  readonly memoryPattern: boolean;
}

export interface Loaded {
  /** The execution provider that really loaded. */
  readonly provider: string;
  /** The providers that were tried before it, and why they did not load. */
  readonly refused: readonly { readonly provider: string; readonly reason: string }[];
}

export type Created<S> =
  | { readonly ok: true; readonly value: S; readonly provider: string }
  | { readonly ok: false; readonly reason: string };

ort.env.logLevel = 'fatal';

/** onnxruntime throws when a provider is not there, it does not fall back: so each is asked for alone. */
export async function createOnnx(
  { graph, weights, memoryPattern }: OnnxModel,
  provider: string,
): Promise<Created<ort.InferenceSession>> {
  try {
    const value = await ort.InferenceSession.create(graph, {
      executionProviders: [provider],
      externalData: weights === undefined ? [] : [{ path: weights.name, data: weights.bytes }],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      enableMemPattern: memoryPattern,
      logSeverityLevel: 4,
    });
    return { ok: true, value, provider };
  } catch (error) {
    return { ok: false, reason: messageOf(error) };
  }
}

/** The session of the first provider that loads. Error: ENGINE_LOAD, with what each said. */
export async function firstThatLoads<S>(
  model: string,
  providers: readonly string[],
  create: (provider: string) => Promise<Created<S>>,
): Promise<Result<{ readonly session: S; readonly loaded: Loaded }>> {
  const refused: { provider: string; reason: string }[] = [];
  for (const provider of providers) {
    const created = await create(provider);
    if (created.ok)
      return succeed({ session: created.value, loaded: { provider: created.provider, refused } });
    refused.push({ provider, reason: created.reason });
  }
  const reason = refused.map((each) => `${each.provider}: ${each.reason}`).join('; ') || 'none given';
  return fail('ENGINE_LOAD', { model, reason });
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
