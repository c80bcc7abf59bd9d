/** What the store asks a runtime, and its verdict. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { StoredModel } from '../ports';
import { entryOf } from './ledger';
import { inMemory, verifyHeld } from './serve';
import type { Held } from './slots';
import type { Store, VerdictOf } from './state';
import { inTurns } from './steps';

export interface Answer extends VerdictOf {
  /** It did not answer, and may yet do what it was asked. */
  readonly late: boolean;
}

/** Asks the runtime to load a version and let it take over. `compare`: if it is no worse than what runs. */
export function offer(self: Store, held: Held, compare: boolean): Promise<Answer> {
  const { name: model } = held.manifest;
  return ask(self, held, (ticket, fetch) => self.out.offer({ ticket, model, compare, fetch }));
}

/** Has the candidate run beside what flies. Errors: MODEL_VERSION, MODEL_REFUSED, those of `inMemory`. */
export async function shadow(
  self: Store,
  model: string,
  runs: number,
  seconds: number,
): Promise<Result<void>> {
  const serial = entryOf(self.state.ledger, model)?.candidate;
  if (serial === undefined) return fail('MODEL_VERSION', { model, what: 'candidate' });
  const held = await inTurns(inMemory(self, { model, serial }), self.clock);
  if (!held.ok) return held;
  held.value.candidate = true;
  const verdict = await ask(self, held.value, (ticket, fetch) =>
    self.out.shadow({ ticket, model, runs, seconds, fetch }),
  );
  // The runtime has a copy of its own.
  held.value.candidate = false;
  return verdict.fit ? succeed(undefined) : fail('MODEL_REFUSED', { model, reason: verdict.reason });
}

function ask(
  self: Store,
  held: Held,
  send: (ticket: number, fetch: () => StoredModel | undefined) => void,
): Promise<Answer> {
  const { state, clock, config } = self;
  const ticket = ++state.lastTicket;
  return new Promise((resolve) => {
    const answer = (verdict: VerdictOf, late: boolean) => {
      timer.cancel();
      state.offers.delete(ticket);
      resolve({ ...verdict, late });
    };
    const timer = clock.after(config.verdictUs, async () =>
      answer({ fit: false, reason: `no verdict after ${config.verdictUs / 1e6} s` }, true),
    );
    state.offers.set(ticket, (verdict) => answer(verdict, false));
    send(ticket, () => {
      // Too late: another one was offered since, and this one's memory may be given back.
      if (!state.offers.has(ticket)) return undefined;
      const fit = verifyHeld(self, held);
      if (fit.ok) held.handedOut = true;
      return fit.ok ? fit.value : undefined;
    });
  });
}
