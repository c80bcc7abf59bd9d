/** A node of a federation: takes tasks, has them trained, and brings what was learned to the ground or to its neighbours. */

import { fail, type Result } from '../../../fsw/errors';
import { normOf } from '../../../fsw/federation';
import { component, ok, readWhole, refused } from '../../../fsw/framework';
import { readOwnKey } from '../../../fsw/models';
import { readGossipFile } from './gossiping';
import { Roster } from './keys';
import { IdMemory } from './memory';
import { federationNodeModel } from './model';
import { OWED_FILE, readOwed } from './owed';
import { greet, hear } from './relay';
import { SHORT_DIGITS, Shelf } from './shelf';
import { type FederationNode, refuseTask, type State, show, stored } from './state';
import { expire, giveUp, readTasks, takeTask } from './tasks';
import { advance, onTrained } from './training';
import { onSent, readUpdates, sendDown, settle } from './updates';

export const federationNode = component(federationNodeModel, {
  state: ({ board, config }): State => {
    const { folder, maxFileBytes } = config;
    const shelf = (name: string, extension: string) =>
      new Shelf(board.files, `${folder}/${name}`, extension, maxFileBytes);
    const key = readOwnKey(board.storage);
    return {
      roster: new Roster(board.storage, config.keyFile),
      ownKey: key.ok ? key.value : undefined,
      tasks: shelf('tasks', '.task'),
      carried: shelf('carried', '.task'),
      updates: shelf('updates', '.update'),
      vectors: shelf('vectors', '.f32'),
      answered: new IdMemory(board.files, `${folder}/answered`),
      done: new IdMemory(board.files, `${folder}/done`),
      origins: new Map(),
      held: new Map(),
      others: new Map(),
      owed: undefined,
      gossip: undefined,
      training: undefined,
      failures: 0,
      retryUs: 0,
      sending: undefined,
      sentInPass: new Set(),
      passStartUs: -1,
      lastKey: 0,
      greeted: new Map(),
      offeredUs: new Map(),
      passes: new Map(),
      tasksDone: 0,
      refused: 0,
      acked: 0,
      taken: 0,
      messagesRefused: 0,
      averages: 0,
    };
  },

  ports: (self) => ({
    schedIn() {
      expire(self);
      advance(self);
      sendDown(self);
      greet(self);
    },
    trainDone: (done) => onTrained(self, done),
    fileDone: ({ key, status }) => onSent(self, key, status === 'OK'),
    neighbourIn: ({ from, bytes }) => hear(self, from, bytes),
  }),

  commands: (self) => ({
    TASK({ path }) {
      const { board, config } = self;
      const file = readWhole(board.files, path, config.maxFileBytes);
      if (!file.ok) {
        refuseTask(self, path, file.error);
        return refused(file.error.text);
      }
      const taken = takeTask(self, file.value, path);
      // What is on board already need not lie there twice.
      if (taken.ok || taken.error.code === 'FED_DUPLICATE') board.files.remove(path);
      advance(self);
      return reply(taken);
    },
    ACK: ({ update }) => reply(settle(self, update, false)),
    RETURN: ({ update }) => reply(settle(self, update, true)),
    GIVE_UP({ task }) {
      const name = task.slice(0, SHORT_DIGITS);
      if (!self.state.held.has(name)) return refused(`task ${name} does not wait`);
      const given = fail('FED_TRAINING', { task: name, why: 'given up by command' });
      return giveUp(self, name, given.error) ? ok : refused('it cannot be written down');
    },
    TRUST: ({ node, publicKey }) => reply(self.state.roster.trust(node, publicKey)),
  }),

  start(self: FederationNode) {
    const { state, board, config, event, tlm } = self;
    const { folder, keyFile } = config;
    const keys = state.roster.open();
    if (!keys.ok) event.KeyFault({ code: keys.error.code, reason: keys.error.text });
    if (state.ownKey === undefined) {
      const { code, text } = fail('MODEL_OWN_KEY', { files: keyFile }).error;
      event.KeyFault({ code, reason: text });
    }
    for (const shelf of [state.tasks, state.carried, state.updates, state.vectors]) {
      const opened = shelf.open();
      if (!stored(self, folder, opened) || !opened.ok) continue;
      for (const path of opened.value)
        event.FileFault({ path, code: 'FED_FORMAT', reason: 'damaged: removed' });
    }
    stored(self, `${folder}/answered`, state.answered.open());
    stored(self, `${folder}/done`, state.done.open());
    const limits = { bytes: config.maxFileBytes, norm: self.param.MaxOwedNorm };
    const owed = readOwed(board.files, `${folder}/${OWED_FILE}`, limits);
    if (owed.ok) state.owed = owed.value;
    else event.OwedLost({ code: owed.error.code, reason: owed.error.text });
    tlm.OwedNorm(state.owed ? normOf(state.owed.residual) : 0);
    readTasks(self);
    readUpdates(self);
    readGossipFile(self);
    board.neighbours?.onReceive((from, bytes) => self.in.neighbourIn({ from, bytes }));
    show(self);
  },
});

function reply(result: Result<void>) {
  return result.ok ? ok : refused(result.error.text);
}
