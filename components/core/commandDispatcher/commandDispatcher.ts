import {
  type AuthorityName,
  authorities,
  type CmdStatus,
  type CommandReply,
  component,
  ok,
  refused,
  type SelfOf,
} from '../../../fsw/framework';
import {
  IDENTIFIED_COMMAND,
  readCommandPacket,
  readDescriptor,
  readIdentifiedCommand,
} from '../../../fsw/protocols';
import { Arms } from './arms';
import { Identities, type Outcome, type SenderMemory } from './identities';
import { model } from './model';

/** Who gave a command, and how he is answered. */
type Origin =
  | { readonly kind: 'link'; readonly index: number; readonly uplink: number; readonly identity?: Identity }
  | { readonly kind: 'source'; readonly index: number; readonly context: number };

interface Identity {
  readonly memory: SenderMemory;
  readonly sequence: number;
}

interface Tracked {
  readonly opcode: number;
  readonly origin: Origin;
}

/** What outlives a restart: components register their commands only once, at boot, and a number is never used twice. */
interface Registry {
  /** Which `send` port leads to the component that has this opcode. */
  readonly routes: Map<number, number>;
  lastSeq: number;
}
const registries = new WeakMap<object, Registry>();

interface State {
  /** By sequence id. */
  readonly underWay: Map<number, Tracked>;
  readonly identities: Identities;
  readonly arms: Arms;
  dispatched: number;
  errors: number;
  repeated: number;
  forbidden: number;
}
type Self = SelfOf<typeof model, State>;

export const commandDispatcher = component(model, {
  state: ({ config, board }): State => ({
    underWay: new Map(),
    identities: new Identities(() => board.storage, config.window, config.senders),
    arms: new Arms(),
    dispatched: 0,
    errors: 0,
    repeated: 0,
    forbidden: 0,
  }),
  ports: (self) => {
    const { state, out, event, tlm, config, clock } = self;
    const registry = registries.get(self) ?? { routes: new Map(), lastSeq: 0 };
    registries.set(self, registry);
    const countError = () => tlm.CommandErrors(++state.errors);

    /** Answers a command that is not sent on. */
    const refuse = (origin: Origin, opcode: number, status: CmdStatus, reason: string) => {
      countError();
      if (origin.kind === 'source') {
        event.SourceRefused({ opcode, source: origin.index, status, reason });
        out.sourceOut[origin.index]({ opcode, context: origin.context, status, reason });
      } else if (origin.identity) conclude(self, origin.identity, opcode, status, reason);
      out.statusOut({ opcode, cmdSeq: 0, status, reason });
    };
    const forbid = (origin: Origin, opcode: number, reason: string) => {
      tlm.CommandsForbidden(++state.forbidden);
      refuse(origin, opcode, 'VALIDATION_ERROR', reason);
    };

    const give = (origin: Origin, opcode: number, args: Uint8Array) => {
      const route = registry.routes.get(opcode);
      const onLink = origin.kind === 'link';
      if (route === undefined) {
        if (onLink) event.InvalidCommand({ opcode, uplink: origin.uplink });
        return refuse(origin, opcode, 'INVALID_OPCODE', 'no component has this opcode');
      }
      const spec = specOf(self, opcode);
      const needs = spec?.authority ?? 'operator';
      const has = levelOf(self, origin);
      if (authorities.indexOf(has) < authorities.indexOf(needs)) {
        event.AuthorityTooLow({ opcode, origin: nameOf(origin), has, needs });
        return forbid(origin, opcode, `${has} may not, ${needs} may`);
      }
      const objection = spec?.hazardous && state.arms.objection(nameOf(origin), opcode, args, clock.nowUs());
      if (objection) {
        event.NotArmed({ opcode, origin: nameOf(origin), reason: objection });
        return forbid(origin, opcode, objection);
      }
      if (state.underWay.size >= config.tracking) {
        if (onLink) event.TooManyCommands({ opcode, uplink: origin.uplink });
        return refuse(origin, opcode, 'BUSY', 'the tracking table is full');
      }
      if (onLink && origin.identity && !begin(self, origin.identity, opcode))
        return refuse(origin, opcode, 'EXECUTION_ERROR', 'its number could not be saved');
      state.arms.clear(nameOf(origin), opcode);
      registry.lastSeq = (registry.lastSeq % 0xffffffff) + 1;
      const cmdSeq = registry.lastSeq;
      state.underWay.set(cmdSeq, { opcode, origin });
      if (onLink) event.OpCodeDispatched({ opcode, cmdSeq, uplink: origin.uplink });
      else event.SourceDispatched({ opcode, cmdSeq, source: origin.index, context: origin.context });
      tlm.CommandsDispatched(++state.dispatched);
      tlm.CommandsUnderWay(state.underWay.size);
      out.send[route]({ opcode, cmdSeq, args });
      return undefined;
    };

    const malformed = (uplink: number, reason: string) => {
      event.MalformedCommand({ uplink, reason });
      countError();
    };
    /** `data` is an F´ command packet. */
    const givePacket = (data: Uint8Array, origin: Origin & { kind: 'link' }) => {
      const packet = readCommandPacket(data);
      if (packet.ok) return give(origin, packet.value.opcode, packet.value.args);
      malformed(origin.uplink, packet.error.text);
      if (origin.identity) conclude(self, origin.identity, 0, 'FORMAT_ERROR', packet.error.text);
      return undefined;
    };
    const giveIdentified = (data: Uint8Array, uplink: number, index: number) => {
      const packet = readIdentifiedCommand(data);
      if (!packet.ok) return malformed(uplink, packet.error.text);
      const { sender, sequence, command } = packet.value;
      const memory = state.identities.of(sender);
      if (!memory.ok) {
        event.IdentityRefused({ sender, ...memory.error });
        return countError();
      }
      const before = memory.value.recall(sequence);
      if (before === undefined)
        return givePacket(command, {
          kind: 'link',
          index,
          uplink,
          identity: { memory: memory.value, sequence },
        });
      tlm.CommandsRepeated(++state.repeated);
      return event.CommandOutcome({ sender, sequence, repeated: true, ...before });
    };

    return {
      register({ opcode }, index) {
        registry.routes.set(opcode, index);
      },
      commandIn({ data, context: uplink, source: index }) {
        const descriptor = readDescriptor(data);
        if (descriptor.ok && descriptor.value === IDENTIFIED_COMMAND) giveIdentified(data, uplink, index);
        else givePacket(data, { kind: 'link', index, uplink });
      },
      sourceIn({ opcode, context, args }, index) {
        give({ kind: 'source', index, context }, opcode, args);
      },
      respond(response) {
        const { opcode, cmdSeq, status, reason } = response;
        const tracked = state.underWay.get(cmdSeq);
        if (tracked?.opcode !== opcode) {
          event.UnexpectedResponse({ opcode, cmdSeq, status });
          return;
        }
        state.underWay.delete(cmdSeq);
        tlm.CommandsUnderWay(state.underWay.size);
        if (status === 'OK') event.OpCodeCompleted({ opcode, cmdSeq });
        else {
          event.OpCodeError({ opcode, cmdSeq, status, reason });
          countError();
        }
        answer(self, tracked, status, reason);
        out.statusOut(response);
      },
    };
  },
  commands: (self) => {
    const { state, event, tlm, clock, param, clearThrottle } = self;
    /** Arms for whoever sent this command: one that did not come through here has no origin. */
    const arm = (opcode: number, cmdSeq: number, argsCrc?: number): CommandReply => {
      const origin = state.underWay.get(cmdSeq)?.origin;
      const spec = specOf(self, opcode);
      if (origin === undefined) return refused('it is not known who arms');
      if (!spec?.hazardous) return refused(`opcode ${opcode} is no hazardous command`, 'VALIDATION_ERROR');
      const has = levelOf(self, origin);
      if (authorities.indexOf(has) < authorities.indexOf(spec.authority ?? 'operator'))
        return refused(`${has} may not give what it arms`, 'VALIDATION_ERROR');
      const seconds = param.ArmTimeoutS;
      state.arms.set(nameOf(origin), opcode, { untilUs: clock.nowUs() + seconds * 1e6, argsCrc });
      event.Armed({ opcode, origin: nameOf(origin), seconds });
      return ok;
    };
    return {
      CMD_NO_OP() {
        event.NoOpReceived();
        return ok;
      },
      CMD_NO_OP_STRING({ arg1 }) {
        event.NoOpStringReceived({ text: arg1 });
        return ok;
      },
      CMD_CLEAR_TRACKING(_, { cmdSeq }) {
        const own = state.underWay.get(cmdSeq);
        state.underWay.delete(cmdSeq);
        const forgotten = [...state.underWay.values()];
        state.underWay.clear();
        // This command itself still waits for its own response.
        if (own !== undefined) state.underWay.set(cmdSeq, own);
        tlm.CommandsUnderWay(state.underWay.size);
        clearThrottle('UnexpectedResponse');
        for (const tracked of forgotten) answer(self, tracked, 'UNKNOWN', 'tracking was cleared');
        event.TrackingCleared({ forgotten: forgotten.length });
        return ok;
      },
      ARM: ({ opcode }, { cmdSeq }) => arm(opcode, cmdSeq),
      ARM_EXACT: ({ opcode, argsCrc }, { cmdSeq }) => arm(opcode, cmdSeq, argsCrc),
      DISARM({ opcode }, { cmdSeq }) {
        const origin = state.underWay.get(cmdSeq)?.origin;
        if (origin === undefined || !state.arms.clear(nameOf(origin), opcode))
          return refused('it is not armed');
        event.Disarmed({ opcode, origin: nameOf(origin) });
        return ok;
      },
      FORGET_SENDER({ sender }) {
        const forgotten = state.identities.forget(sender);
        if (!forgotten.ok) return refused(forgotten.error.text);
        event.SenderForgotten({ sender });
        return ok;
      },
    };
  },
});

/** Tells whoever gave a command how it ended. */
function answer(
  self: Self,
  { opcode, origin }: Tracked,
  status: CmdStatus | 'UNKNOWN',
  reason: string,
): void {
  if (origin.kind === 'source') {
    const known = status === 'UNKNOWN' ? 'EXECUTION_ERROR' : status;
    self.out.sourceOut[origin.index]({ opcode, context: origin.context, status: known, reason });
  } else if (origin.identity) conclude(self, origin.identity, opcode, status, reason);
}

/** Notes an identified command before it is sent on. False when that failed: it must not be sent then. */
function begin({ state, event }: Self, { memory, sequence }: Identity, opcode: number): boolean {
  memory.remember(sequence, { opcode, status: 'UNDER_WAY', reason: '' });
  const saved = state.identities.save(memory);
  if (!saved.ok) event.IdentityRefused({ sender: memory.sender, ...saved.error });
  return saved.ok;
}

/** Notes how an identified command ended, and says so. */
function conclude(
  { state, event }: Self,
  { memory, sequence }: Identity,
  opcode: number,
  status: Outcome,
  reason: string,
): void {
  const { sender } = memory;
  memory.remember(sequence, { opcode, status, reason });
  const saved = state.identities.save(memory);
  if (!saved.ok) event.OutcomeNotSaved({ sender, sequence, text: saved.error.text });
  event.CommandOutcome({ sender, sequence, opcode, status, reason, repeated: false });
}

function specOf({ dictionary }: Self, opcode: number) {
  return dictionary.commands.find(({ id }) => id === opcode);
}

function levelOf({ config }: Self, { kind, index }: Origin): AuthorityName {
  const levels = kind === 'link' ? config.linkAuthority : config.sourceAuthority;
  return levels[index] ?? 'operator';
}

function nameOf({ kind, index }: Origin): string {
  return `${kind} ${index}`;
}
