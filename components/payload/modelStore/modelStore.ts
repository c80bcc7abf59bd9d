/** Holds the models in memory that corrects its upsets, and hands them to a runtime only verified. */
import { fail, type Result } from '../../../fsw/errors';
import { type CommandReply, component, ok, refused } from '../../../fsw/framework';
import { hexOf, keyIdOf, publicHex, readOwnKey } from '../../../fsw/models';
import type { StoredModel } from '../ports';
import { boot } from './boot';
import { emptyLedger, entryOf } from './ledger';
import { modelStoreModel } from './model';
import { shadow } from './offers';
import { scrubRegions } from './regions';
import { nothingFound } from './repair';
import { fetch, reload, unknownModel, verifyHeld } from './serve';
import { reject, type State, type Store, showCounts } from './state';
import { install, promote } from './versions';
import { callsForRollback } from './watch';

export { modelStoreModel } from './model';

export const modelStore = component(modelStoreModel, {
  state: ({ config }): State => ({
    missionKeys: new Map(),
    keys: new Map(),
    ownId: undefined,
    ledger: emptyLedger,
    slots: Array.from({ length: config.slots }, () => undefined),
    serving: new Map(),
    good: new Set(),
    golden: new Map(),
    lostCopies: new Map(),
    rejected: 0,
    scrubbed: nothingFound,
    busy: undefined,
    offers: new Map(),
    lastTicket: 0,
    watches: new Map(),
    troubled: new Map(),
  }),
  start(self) {
    self.tlm.SlotsUsed(0);
    boot(self);
    for (const { manifest } of self.state.serving.values())
      self.event.ModelVerified({
        model: manifest.name,
        version: manifest.version,
        bytes: manifest.weights.bytes,
      });
    showCounts(self);
  },
  stop({ state }) {
    for (const watch of state.watches.values()) watch.cancel();
  },
  ports: (self) => ({
    fetch({ model }) {
      const stored = fetch(self, model);
      return stored.ok ? stored.value : undefined;
    },
    regions: () => scrubRegions(self),
    verdict({ ticket, fit, reason }) {
      self.state.offers.get(ticket)?.({ fit, reason });
    },
    trouble({ model, kind, reason }) {
      if (!callsForRollback(self, model, kind)) return;
      self.state.troubled.set(model, reason);
      leaveTroubled(self);
    },
    served({ model }) {
      const held = self.state.serving.get(model);
      if (held === undefined) return undefined;
      const highest = entryOf(self.state.ledger, model)?.highest ?? 0;
      return { manifest: held.manifest, nextSerial: Math.max(highest, held.manifest.serial) + 1 };
    },
    install({ path }) {
      void alone(self, `INSTALL ${path}`, () => install(self, path)).then(({ status, reason }) =>
        self.out.installed({ path, installed: status === 'OK', reason }),
      );
    },
  }),
  commands: (self) => ({
    VERIFY({ model }) {
      const held = self.state.serving.get(model);
      if (held === undefined) return replyTo(reject(self, model, unknownModel(self, model)));
      return verified(self, verifyHeld(self, held));
    },
    RELOAD({ model }) {
      const held = reload(self, model);
      return held.ok ? verified(self, verifyHeld(self, held.value)) : replyTo(held);
    },
    INSTALL: ({ path }) => alone(self, `INSTALL ${path}`, () => install(self, path)),
    PROMOTE: ({ model }) => alone(self, `PROMOTE ${model}`, () => promote(self, model, 'candidate')),
    SHADOW: ({ model, runs, seconds }) =>
      alone(self, `SHADOW ${model}`, () => shadow(self, model, runs, seconds)),
    ROLLBACK: ({ model }) => alone(self, `ROLLBACK ${model}`, () => promote(self, model, 'previous')),
    SHOW_KEY() {
      const own = readOwnKey(self.board.storage);
      if (!own.ok) return replyTo(own);
      self.event.OwnKey({ id: hexOf(keyIdOf(own.value)), key: publicHex(own.value) });
      return ok;
    },
    SHOW_SLOT({ slot }) {
      const { slots } = self.state;
      if (slot >= slots.length) return replyTo(fail('MODEL_SLOT', { slot, last: slots.length - 1 }));
      const held = slots[slot];
      if (held === undefined || held === 'loading')
        self.event.SlotHolds({ slot, model: '', serial: 0, pages: 0, parityPages: 0 });
      else {
        const { pages, dataPages } = held.region.layout;
        const { name: model, serial } = held.manifest;
        self.event.SlotHolds({ slot, model, serial, pages: dataPages, parityPages: pages - dataPages });
      }
      return ok;
    },
  }),
});

/** One change of versions at a time. */
async function alone(self: Store, what: string, change: () => Promise<Result<void>>): Promise<CommandReply> {
  const { state } = self;
  const { busy } = state;
  if (busy !== undefined) return refused(fail('MODEL_BUSY', { busy }).error.text, 'BUSY');
  state.busy = what;
  try {
    return replyTo(await change());
  } finally {
    state.busy = undefined;
    leaveTroubled(self);
  }
}

/** Goes back from versions under watch that are not fit, one by one, as soon as no other change is under way. */
function leaveTroubled(self: Store): void {
  const { state, event } = self;
  const [troubled] = state.troubled;
  if (troubled === undefined || state.busy !== undefined) return;
  const [model, reason] = troubled;
  state.troubled.delete(model);
  const { current: from = 0, previous: to = 0 } = entryOf(state.ledger, model) ?? {};
  void alone(self, `rollback of ${model}`, async () => {
    const back = await promote(self, model, 'previous');
    if (back.ok) event.RolledBack({ model, from, to, reason });
    return back;
  });
}

function verified({ event }: Store, stored: Result<StoredModel>): CommandReply {
  if (stored.ok) {
    const { name, version, weights } = stored.value;
    event.ModelVerified({ model: name, version, bytes: weights.length });
  }
  return replyTo(stored);
}

function replyTo(result: Result<unknown>): CommandReply {
  return result.ok ? ok : refused(result.error.text);
}
