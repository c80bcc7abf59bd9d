import {
  Cmd,
  CmdRegistration,
  CmdResponse,
  CmdStatus,
  ComIn,
  component,
  defineComponent,
  input,
  ok,
  output,
  string,
  U16,
  U32,
} from '../../../fsw/framework';
import { readCommandPacket } from '../../../fsw/protocols';

const INSTANCES = 48;

/** What outlives a restart: components register their commands only once, at boot, and a number is never used twice. */
interface Registry {
  /** Which `send` port leads to the component that has this opcode. */
  readonly routes: Map<number, number>;
  lastSeq: number;
}
const registries = new WeakMap<object, Registry>();

export const commandDispatcher = component(
  defineComponent({
    kind: 'active',
    doc: 'Sends each command from the ground to the component that has its opcode, and follows it to its response.',
    ports: {
      register: input.sync(CmdRegistration, INSTANCES),
      send: output(Cmd, INSTANCES),
      // Blocks its sender rather than lose a response: the command would be tracked for ever.
      respond: input.async(CmdResponse, { priority: 10, onFull: 'block' }),
      commandIn: input.async(ComIn, { priority: 5 }),
      statusOut: output(CmdResponse, { optional: true }),
    },
    commands: {
      CMD_NO_OP: { id: 0, doc: 'Does nothing but answer: proves the whole command path.' },
      CMD_NO_OP_STRING: {
        id: 1,
        args: { arg1: string(40) },
        doc: 'Answers with an event that repeats a text.',
      },
      CMD_CLEAR_TRACKING: { id: 3, doc: 'Forgets every command that still waits for its response.' },
    },
    events: {
      OpCodeDispatched: {
        id: 0,
        severity: 'command',
        args: { opcode: U32, cmdSeq: U32, uplink: U32 },
        format: 'opcode {opcode} dispatched as command {cmdSeq} (uplink packet {uplink})',
        doc: 'A command was sent to its component.',
      },
      OpCodeCompleted: {
        id: 1,
        severity: 'command',
        args: { opcode: U32, cmdSeq: U32 },
        format: 'opcode {opcode}, command {cmdSeq}, completed',
        doc: 'A command ended well.',
      },
      OpCodeError: {
        id: 2,
        severity: 'warning-low',
        args: { opcode: U32, cmdSeq: U32, status: CmdStatus, reason: string(120) },
        format: 'opcode {opcode}, command {cmdSeq}, failed with {status}: {reason}',
        doc: 'A command ended in an error.',
      },
      MalformedCommand: {
        id: 3,
        severity: 'warning-high',
        args: { uplink: U32, reason: string(120) },
        format: 'uplink packet {uplink} is no command: {reason}',
        doc: 'A packet that came as a command cannot be read as one.',
      },
      InvalidCommand: {
        id: 4,
        severity: 'warning-high',
        args: { opcode: U32, uplink: U32 },
        format: 'opcode {opcode} (uplink packet {uplink}) is unknown',
        doc: 'No component has this opcode.',
      },
      TooManyCommands: {
        id: 5,
        severity: 'warning-high',
        args: { opcode: U32, uplink: U32 },
        format: 'opcode {opcode} (uplink packet {uplink}) refused: too many commands wait for a response',
        doc: 'The tracking table is full.',
      },
      UnexpectedResponse: {
        id: 6,
        severity: 'warning-low',
        args: { opcode: U32, cmdSeq: U32, status: CmdStatus },
        format: 'response {status} of opcode {opcode} to command {cmdSeq}, which is not under way',
        throttle: 20,
        doc: 'A response came for a command that nobody waits for.',
      },
      NoOpReceived: { id: 7, severity: 'activity-high', format: 'no-op', doc: 'CMD_NO_OP arrived.' },
      NoOpStringReceived: {
        id: 8,
        severity: 'activity-high',
        args: { text: string(40) },
        format: 'no-op: {text}',
        doc: 'CMD_NO_OP_STRING arrived.',
      },
      TrackingCleared: {
        id: 9,
        severity: 'activity-high',
        args: { forgotten: U32 },
        format: '{forgotten} commands forgotten',
        doc: 'CMD_CLEAR_TRACKING was done; responses to come will be unexpected.',
      },
    },
    telemetry: {
      CommandsDispatched: {
        id: 0,
        type: U32,
        update: 'on-change',
        doc: 'Commands sent to components since boot.',
      },
      CommandErrors: {
        id: 1,
        type: U32,
        update: 'on-change',
        doc: 'Commands that were refused, malformed, unknown or ended in an error since boot.',
      },
      CommandsUnderWay: {
        id: 2,
        type: U16,
        update: 'on-change',
        doc: 'Commands that wait for their response.',
      },
    },
    config: {
      tracking: { type: U16, default: 64, min: 1, doc: 'Most commands that may wait for their response.' },
    },
  }),
  {
    state: () => ({
      /** Opcode by sequence id of each command under way. */
      underWay: new Map<number, number>(),
      dispatched: 0,
      errors: 0,
    }),
    ports: (self) => {
      const { state, out, event, tlm, config } = self;
      const registry = registries.get(self) ?? { routes: new Map(), lastSeq: 0 };
      registries.set(self, registry);
      const countError = () => tlm.CommandErrors(++state.errors);
      const refuse = (opcode: number, status: CmdStatus, reason: string) => {
        countError();
        out.statusOut({ opcode, cmdSeq: 0, status, reason });
      };
      return {
        register({ opcode }, index) {
          registry.routes.set(opcode, index);
        },
        commandIn({ data, context: uplink }) {
          const packet = readCommandPacket(data);
          if (!packet.ok) {
            event.MalformedCommand({ uplink, reason: packet.error.text });
            countError();
            return;
          }
          const { opcode, args } = packet.value;
          const route = registry.routes.get(opcode);
          if (route === undefined) {
            event.InvalidCommand({ opcode, uplink });
            refuse(opcode, 'INVALID_OPCODE', 'no component has this opcode');
            return;
          }
          if (state.underWay.size >= config.tracking) {
            event.TooManyCommands({ opcode, uplink });
            refuse(opcode, 'BUSY', 'the tracking table is full');
            return;
          }
          registry.lastSeq = (registry.lastSeq % 0xffffffff) + 1;
          const cmdSeq = registry.lastSeq;
          state.underWay.set(cmdSeq, opcode);
          event.OpCodeDispatched({ opcode, cmdSeq, uplink });
          tlm.CommandsDispatched(++state.dispatched);
          tlm.CommandsUnderWay(state.underWay.size);
          out.send[route]({ opcode, cmdSeq, args });
        },
        respond(response) {
          const { opcode, cmdSeq, status, reason } = response;
          if (state.underWay.get(cmdSeq) !== opcode) {
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
          out.statusOut(response);
        },
      };
    },
    commands: ({ state, event, tlm, clearThrottle }) => ({
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
        const forgotten = state.underWay.size - Number(own !== undefined);
        state.underWay.clear();
        // This command itself still waits for its own response.
        if (own !== undefined) state.underWay.set(cmdSeq, own);
        tlm.CommandsUnderWay(state.underWay.size);
        clearThrottle('UnexpectedResponse');
        event.TrackingCleared({ forgotten });
        return ok;
      },
    }),
  },
);
