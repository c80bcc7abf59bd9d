import { type Fault, fail } from '../../../fsw/errors';
import { component, ok, refused, type SelfOf, type Timer } from '../../../fsw/framework';
import { type Condition, holds, type OnFail, type Step } from '../../../fsw/sequences';
import { type Loaded, loadSequence } from './load';
import { model } from './model';

/** A sequence under way. */
interface Run extends Loaded {
  /** Index of the next step, or of the one that waits. */
  at: number;
  /** Steps done. */
  done: number;
  /** Steps that may be done before it pauses: one in MANUAL mode. */
  credit: number;
  /** How often the body of the loop at this index has run. */
  readonly rounds: Map<number, number>;
  /** What it waits for; a command by its number. */
  waiting: { readonly context?: number; readonly timer: Timer } | undefined;
}

interface State {
  run: Run | undefined;
  manual: boolean;
  completed: number;
  executed: number;
  errors: number;
  canceled: number;
}
type Self = SelfOf<typeof model, State>;

/** The number of the last command sent: outlives a restart, so that a late response is known as one. */
const lastContexts = new WeakMap<object, number>();
/** Steps done in one go before others get their turn. */
const STEPS_PER_TURN = 256;
const TURN_US = 1000;
/** Long waits are looked at again this often. */
const LONGEST_SLEEP_US = 3600e6;

export const cmdSequencer = component(model, {
  state: (): State => ({ run: undefined, manual: false, completed: 0, executed: 0, errors: 0, canceled: 0 }),
  start: (self) => show(self),
  ports: (self) => ({
    statusIn({ opcode, context, status, reason }) {
      const { state, event, tlm } = self;
      const { run } = state;
      if (run?.waiting?.context !== context) {
        event.CS_UnexpectedCompletion({ opcode, context, status });
        return;
      }
      const [{ fileName }, step] = [run, run.at + 1];
      if (status === 'OK') {
        tlm.CS_CommandsExecuted(++state.executed);
        event.CS_CommandComplete({ fileName, step, opcode });
        goOn(self, run);
        return;
      }
      tlm.CS_Errors(++state.errors);
      event.CS_CommandError({ fileName, step, opcode, status, reason });
      const { onFail } = run.sequence.steps[run.at] as Step & { op: 'command' };
      if (onFail === 'continue') goOn(self, run);
      else
        abort(
          self,
          run,
          fail('SEQ_COMMAND', { step, command: `0x${opcode.toString(16)}`, status, reason }).error,
        );
    },
  }),
  commands: (self) => {
    const { state, event, tlm, board, dictionary } = self;
    const load = (fileName: string) => {
      const loaded = loadSequence(board.files, dictionary, fileName);
      if (loaded.ok) return loaded;
      tlm.CS_Errors(++state.errors);
      event.CS_FileInvalid({ fileName, ...loaded.error });
      return loaded;
    };
    const stepByHand = () => {
      const { run } = state;
      if (!state.manual) return refused('the mode is AUTO');
      if (run === undefined) return refused('no sequence is loaded');
      if (run.waiting) return refused(`step ${run.at + 1} is still under way`);
      event.CS_CmdStepped({ fileName: run.fileName, step: run.at + 1 });
      run.credit = 1;
      proceed(self, run);
      return ok;
    };
    const switchMode = (manual: boolean) => {
      if (state.run) return refused('a sequence is loaded or runs');
      state.manual = manual;
      event.CS_ModeSwitched({ mode: manual ? 'MANUAL' : 'AUTO' });
      return ok;
    };
    return {
      CS_RUN({ fileName }) {
        if (state.run) return refused(`${state.run.fileName} is loaded or runs`, 'BUSY');
        const loaded = load(fileName);
        if (!loaded.ok) return refused(loaded.error.text, 'VALIDATION_ERROR');
        begin(self, loaded.value);
        return ok;
      },
      CS_VALIDATE({ fileName }) {
        const loaded = load(fileName);
        if (!loaded.ok) return refused(loaded.error.text, 'VALIDATION_ERROR');
        event.CS_SequenceValid({ fileName });
        return ok;
      },
      CS_CANCEL() {
        const { run } = state;
        if (run === undefined) return refused('no sequence is loaded');
        tlm.CS_CancelCommands(++state.canceled);
        event.CS_SequenceCanceled({ fileName: run.fileName, step: run.at + 1 });
        leave(self, run);
        return ok;
      },
      CS_START: () => (state.run && state.run.done > 0 ? refused('it is started') : stepByHand()),
      CS_STEP: () => (state.run?.done === 0 ? refused('CS_START comes first') : stepByHand()),
      CS_AUTO: () => switchMode(false),
      CS_MANUAL: () => switchMode(true),
    };
  },
});

function begin(self: Self, loaded: Loaded): void {
  const { state, event } = self;
  const credit = state.manual ? 0 : Number.POSITIVE_INFINITY;
  const run: Run = { ...loaded, at: 0, done: 0, credit, rounds: new Map(), waiting: undefined };
  state.run = run;
  event.CS_SequenceLoaded({ fileName: loaded.fileName, steps: loaded.sequence.steps.length });
  // An empty sequence, or its first step, may be done at once: the response of CS_RUN goes first.
  if (state.manual) show(self);
  else sleep(self, run, 0, () => resume(self, run));
}

/** Does steps until one waits, the sequence ends, or its credit is used up. */
function proceed(self: Self, run: Run): void {
  const { steps, maxSteps } = run.sequence;
  for (let turn = 0; self.state.run === run && !run.waiting; turn++) {
    if (run.at === steps.length) {
      complete(self, run);
      return;
    }
    if (run.credit === 0) break;
    if (run.done >= maxSteps) {
      abort(self, run, fail('SEQ_LIMIT', { max: maxSteps }).error);
      return;
    }
    if (turn === STEPS_PER_TURN) {
      sleep(self, run, TURN_US, () => resume(self, run));
      return;
    }
    run.done++;
    run.credit--;
    begun(self, run, steps[run.at]);
  }
  show(self);
}

/** Does one step, or begins to wait for it; moves `at` when it is done. */
function begun(self: Self, run: Run, step: Step): void {
  const { clock, param, state, out } = self;
  switch (step.op) {
    case 'command': {
      const context = ((lastContexts.get(self) ?? 0) % 0xffffffff) + 1;
      lastContexts.set(self, context);
      const timeoutS = param.CommandTimeoutS;
      sleep(
        self,
        run,
        timeoutS * 1e6,
        () => timedOut(self, run, 'the response', timeoutS, step.onFail),
        context,
      );
      out.commandOut({ opcode: step.opcode, context, args: step.args });
      return;
    }
    case 'at': {
      const dueUs = step.seconds * 1e6 + step.useconds - clock.epochUs;
      const seconds = Math.floor((clock.nowUs() - dueUs) / 1e6);
      if (!state.manual && seconds > param.MaxLateS) {
        const late = fail('SEQ_LATE', { step: run.at + 1, seconds, max: param.MaxLateS });
        abort(self, run, late.error);
        return;
      }
      waitUntil(self, run, dueUs);
      return;
    }
    case 'wait':
      waitUntil(self, run, clock.nowUs() + step.ms * 1000);
      return;
    case 'await':
      look(self, run, step, clock.nowUs() + step.timeoutMs * 1000);
      return;
    case 'branch': {
      const yes = read(self, step.condition);
      if (yes === undefined) {
        const { channel } = step.condition;
        abort(self, run, fail('SEQ_NO_VALUE', { step: run.at + 1, channel }).error);
        return;
      }
      jump(run, yes ? run.at + 1 : step.otherwise);
      return;
    }
    case 'jump':
      jump(run, step.to);
      return;
    case 'loop': {
      const round = (run.rounds.get(run.at) ?? 0) + 1;
      run.rounds.set(run.at, round);
      jump(run, round < step.times ? step.to : run.at + 1);
      return;
    }
    case 'abort':
      abort(self, run, fail('SEQ_ABORTED', { step: run.at + 1, reason: step.reason }).error);
      return;
  }
}

/** Goes to a step; loops that it leaves begin anew when they are met again. */
function jump(run: Run, to: number): void {
  run.at = to;
  for (const loop of run.rounds.keys()) {
    const step = run.sequence.steps[loop];
    if (step.op === 'loop' && (to < step.to || to > loop)) run.rounds.delete(loop);
  }
}

/** What was waited for is there. */
function goOn(self: Self, run: Run): void {
  run.waiting?.timer.cancel();
  run.waiting = undefined;
  jump(run, run.at + 1);
  proceed(self, run);
}

/** The step is done, at once or after a wait. */
function arrived(self: Self, run: Run): void {
  if (run.waiting) goOn(self, run);
  else jump(run, run.at + 1);
}

/** The turn of this sequence has come again. */
function resume(self: Self, run: Run): void {
  run.waiting = undefined;
  proceed(self, run);
}

function sleep(self: Self, run: Run, us: number, wake: () => void, context?: number): void {
  const timer = self.clock.after(us, () => {
    if (self.state.run === run) wake();
  });
  run.waiting = { timer, context };
  show(self);
}

/** By hand, nothing waits for a time: the operator is the clock. */
function waitUntil(self: Self, run: Run, dueUs: number): void {
  const leftUs = dueUs - self.clock.nowUs();
  if (leftUs <= 0 || self.state.manual) arrived(self, run);
  else sleep(self, run, Math.min(leftUs, LONGEST_SLEEP_US), () => waitUntil(self, run, dueUs));
}

function look(self: Self, run: Run, step: Step & { op: 'await' }, deadlineUs: number): void {
  if (read(self, step.condition)) {
    arrived(self, run);
    return;
  }
  const leftUs = deadlineUs - self.clock.nowUs();
  if (leftUs <= 0) {
    timedOut(self, run, `channel ${step.condition.channel}`, step.timeoutMs / 1000, step.onTimeout);
    return;
  }
  sleep(self, run, Math.min(leftUs, self.config.pollMs * 1000), () => look(self, run, step, deadlineUs));
}

function timedOut(self: Self, run: Run, what: string, seconds: number, then: OnFail): void {
  const { fileName, at } = run;
  const { error } = fail('SEQ_TIMEOUT', { step: at + 1, what, seconds });
  if (then === 'abort') {
    abort(self, run, error);
    return;
  }
  self.event.CS_SequenceTimeout({ fileName, step: at + 1, text: error.text });
  arrived(self, run);
}

/** Whether the condition holds now; undefined when its channel has no value yet. */
function read({ out, dictionary }: Self, condition: Condition): boolean | undefined {
  const latest = out.tlmGet({ id: condition.channel });
  return latest && holds(condition, dictionary, latest.value);
}

function complete(self: Self, run: Run): void {
  const { state, event, tlm } = self;
  tlm.CS_SequencesCompleted(++state.completed);
  event.CS_SequenceComplete({ fileName: run.fileName });
  leave(self, run);
}

function abort(self: Self, run: Run, { code, text }: Fault): void {
  const { state, event, tlm } = self;
  tlm.CS_Errors(++state.errors);
  event.CS_SequenceAborted({ fileName: run.fileName, step: run.at + 1, code, text });
  leave(self, run);
  if (run.onAbort) begin(self, run.onAbort);
}

function leave(self: Self, run: Run): void {
  run.waiting?.timer.cancel();
  run.waiting = undefined;
  self.state.run = undefined;
  show(self);
}

function show({ state, tlm }: Self): void {
  const { run } = state;
  const running = run && (run.waiting || run.credit > 0);
  tlm.CS_State(running ? 'RUNNING' : run ? 'LOADED' : 'IDLE');
  tlm.CS_Step(run ? run.at + 1 : 0);
}
