/** Another version of a model on trial: to take over, or to run beside. */
import type { Result } from '../../../fsw/errors';
import type { StoredModel } from '../ports';
import { ready } from './care';
import type { Inference } from './state';

/** Does what an offer asks, and tells the verdict: `trial` says why it is not fit, or undefined. */
export async function tried(
  self: Inference,
  ticket: number,
  model: string,
  trial: () => Promise<string | undefined>,
): Promise<void> {
  self.state.trial = ticket;
  const reason = await trial();
  self.state.trial = undefined;
  if (reason !== undefined) self.event.OfferRefused({ model, reason });
  self.out.verdict({ ticket, fit: reason === undefined, reason: reason ?? '' });
}

/** Puts another version of a model on trial; why it is not fit to fly, or undefined when `take` has taken it. */
export async function faultOf(
  self: Inference,
  model: string,
  fetch: () => StoredModel | undefined,
  take: (stored: StoredModel) => Promise<Result<unknown>>,
): Promise<string | undefined> {
  await ready(self);
  const stored = fetch();
  if (stored === undefined) return 'the store has no whole copy of it';
  if (stored.name !== model) return `it is a version of ${stored.name}`;
  const opened = await take(stored);
  // A trial that took the engine along must not take the others: they fly on before the verdict is out.
  await ready(self);
  return opened.ok ? undefined : opened.error.text;
}
