/** Updates on board: down at each pass until the ground has them. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { fail, type Result, succeed } from '../../../fsw/errors';
import { idOf, openUpdate, owedAgain, unpack } from '../../../fsw/federation';
import { hexOf, keyIdOf } from '../../../fsw/models';
import { OWED_FILE, writeOwed } from './owed';
import { SHORT_DIGITS, shortOf } from './shelf';
import { type FederationNode, show, stored } from './state';

/** At boot: whose updates are there. One that was settled just before the end goes. */
export function readUpdates(self: FederationNode): void {
  const { state, config } = self;
  const keys = state.roster.spacecraft();
  for (const name of [...state.updates.names]) {
    if (state.done.has(name)) {
      stored(self, state.updates.pathOf(name), state.updates.remove(name));
      continue;
    }
    const bytes = state.updates.read(name) ?? new Uint8Array(0);
    const opened = openUpdate(bytes, keys);
    // Our own key need not be in the roster.
    state.origins.set(name, opened.ok ? opened.value.content.node : config.node);
  }
}

/** Room for one update more, if need be of another's that is dropped: it is still on board there. */
export function hasRoom({ state, config }: FederationNode): boolean {
  if (state.updates.names.size < config.maxUpdates) return true;
  const other = [...state.updates.names].find((name) => state.origins.get(name) !== config.node);
  return other !== undefined && state.updates.remove(other).ok;
}

/** Puts an update on its shelf, unless the ground has it; whether it is there, or need not be. */
export function keepUpdate(self: FederationNode, bytes: Uint8Array, node: string): boolean {
  const { state } = self;
  const name = shortOf(idOf(bytes));
  if (state.done.has(name)) return true;
  const kept = state.updates.put(bytes);
  if (!stored(self, state.updates.pathOf(name), kept)) return false;
  state.origins.set(name, node);
  show(self);
  return true;
}

/** During a pass hands the file downlink one update after the other, our own first, each once in a pass. */
export function sendDown(self: FederationNode): void {
  const { state, clock, board, config, out } = self;
  const contact = board.ephemeris.contactAt(clock.nowUs());
  if (contact === undefined || state.sending !== undefined) return;
  if (contact.startUs !== state.passStartUs) state.sentInPass.clear();
  state.passStartUs = contact.startUs;
  const isOurs = (name: string) => Number(state.origins.get(name) === config.node);
  const [name] = [...state.updates.names]
    .filter((each) => !state.sentInPass.has(each))
    .sort((a, b) => isOurs(b) - isOurs(a));
  if (name === undefined) return;
  const key = ++state.lastKey;
  state.sending = { name, key };
  const destination = `${config.downFolder}/${name}.update`;
  const status = out.fileSend({ source: state.updates.pathOf(name), destination, offset: 0, length: 0, key });
  if (status !== 'OK') state.sending = undefined;
}

export function onSent(self: FederationNode, key: number, isSent: boolean): void {
  const { state, event } = self;
  if (state.sending?.key !== key) return;
  const { name } = state.sending;
  state.sending = undefined;
  // What failed is tried again at the next pass.
  state.sentInPass.add(name);
  if (isSent) event.UpdateSent({ update: name, bytes: state.updates.read(name)?.length ?? 0 });
}

/** The ground has an update, or wants none of it. Errors: FED_FORMAT (no id), those of the store. */
export function settle(self: FederationNode, update: string, isReturned: boolean): Result<void> {
  const { state, event, tlm } = self;
  const name = update.slice(0, SHORT_DIGITS).toLowerCase();
  if (!/^[0-9a-f]{16}$/.test(name)) return fail('FED_FORMAT', { what: 'update id', why: update });
  if (state.done.has(name)) return succeed(undefined);
  const back = isReturned ? takeBack(self, name) : succeed(undefined);
  if (!back.ok) return back;
  const noted = state.done.add(name);
  if (!noted.ok) return noted;
  stored(self, state.updates.pathOf(name), state.updates.remove(name));
  state.origins.delete(name);
  tlm.UpdatesAcked(++state.acked);
  event.UpdateDone({ update: name, returned: isReturned });
  show(self);
  return succeed(undefined);
}

/** What a returned update held is owed again; only the last can be taken back. */
function takeBack({ state, board, config }: FederationNode, name: string): Result<void> {
  const { owed, ownKey } = state;
  if (owed === undefined || ownKey === undefined || shortOf(idOf(owed.update)) !== name)
    return succeed(undefined);
  const sent = sentBy(owed.update, ownKey, owed.residual.length);
  if (sent === undefined) return succeed(undefined);
  const again = { ...owed, residual: owedAgain(owed.residual, sent), update: new Uint8Array(0) };
  const written = writeOwed(board.files, `${config.folder}/${OWED_FILE}`, again);
  if (written.ok) state.owed = again;
  return written;
}

function sentBy(update: Uint8Array, key: KeyObject, values: number): Float32Array | undefined {
  const opened = openUpdate(update, new Map([[hexOf(keyIdOf(key)), createPublicKey(key)]]));
  const sent = opened.ok ? unpack(opened.value.content.delta, values) : opened;
  return sent.ok ? sent.value : undefined;
}
