import {
  CmdStatus,
  defineComponent,
  enumeration,
  input,
  output,
  SourceCmd,
  SourceStatus,
  string,
  TlmGet,
  U16,
  U32,
} from '../../../fsw/framework';
import { limits } from '../../../fsw/sequences';

const FileName = string(limits.fileNameBytes);
const Code = string(24);
const Reason = string(120);
export const SequencerMode = enumeration('Fw.SequencerMode', { AUTO: 0, MANUAL: 1 });
export const SequencerState = enumeration('Fw.SequencerState', { IDLE: 0, LOADED: 1, RUNNING: 2 });

export const model = defineComponent({
  kind: 'active',
  doc: 'Runs a compiled command sequence: commands one after the other, times, telemetry conditions, branches, loops.',
  ports: {
    commandOut: output(SourceCmd),
    statusIn: input.async(SourceStatus, { priority: 10 }),
    tlmGet: output(TlmGet),
  },
  commands: {
    CS_RUN: {
      id: 0,
      args: { fileName: FileName },
      doc: 'Loads, checks and runs a sequence file; in MANUAL mode it waits for CS_START.',
    },
    CS_VALIDATE: { id: 1, args: { fileName: FileName }, doc: 'Loads and checks a sequence file, no more.' },
    CS_CANCEL: { id: 2, doc: 'Ends the sequence after what it has done so far; onAbort does not run.' },
    CS_START: { id: 3, doc: 'MANUAL: does the first step of the loaded sequence.' },
    CS_STEP: { id: 4, doc: 'MANUAL: does the next step; steps that wait for a time are passed over.' },
    CS_AUTO: { id: 5, doc: 'Sequences run by themselves.' },
    CS_MANUAL: { id: 6, doc: 'Sequences are stepped by command.' },
  },
  events: {
    CS_SequenceLoaded: {
      id: 0,
      severity: 'activity-low',
      args: { fileName: FileName, steps: U16 },
      format: 'sequence {fileName} loaded: {steps} steps',
      doc: 'A sequence has passed all checks.',
    },
    CS_FileInvalid: {
      id: 1,
      severity: 'warning-high',
      args: { fileName: FileName, code: Code, text: Reason },
      format: 'sequence {fileName} refused: {code}: {text}',
      doc: 'A sequence file cannot be read, or does not fit this build; nothing of it was done.',
    },
    CS_SequenceValid: {
      id: 2,
      severity: 'activity-high',
      args: { fileName: FileName },
      format: 'sequence {fileName} is valid',
      doc: 'CS_VALIDATE found nothing wrong.',
    },
    CS_CommandComplete: {
      id: 3,
      severity: 'diagnostic',
      args: { fileName: FileName, step: U16, opcode: U32 },
      format: 'sequence {fileName}, step {step}: opcode {opcode} completed',
      doc: 'A command of the sequence ended well.',
    },
    CS_CommandError: {
      id: 4,
      severity: 'warning-high',
      args: { fileName: FileName, step: U16, opcode: U32, status: CmdStatus, reason: Reason },
      format: 'sequence {fileName}, step {step}: opcode {opcode} ended with {status}: {reason}',
      doc: 'A command of the sequence failed or was refused.',
    },
    CS_SequenceComplete: {
      id: 5,
      severity: 'activity-high',
      args: { fileName: FileName },
      format: 'sequence {fileName} complete',
      doc: 'The last step was done.',
    },
    CS_SequenceAborted: {
      id: 6,
      severity: 'warning-high',
      args: { fileName: FileName, step: U16, code: Code, text: Reason },
      format: 'sequence {fileName} aborted at step {step}: {code}: {text}',
      doc: 'The sequence was given up; its onAbort sequence runs next, if it has one.',
    },
    CS_SequenceCanceled: {
      id: 7,
      severity: 'activity-high',
      args: { fileName: FileName, step: U16 },
      format: 'sequence {fileName} canceled at step {step}',
      doc: 'CS_CANCEL was done.',
    },
    CS_SequenceTimeout: {
      id: 8,
      severity: 'warning-low',
      args: { fileName: FileName, step: U16, text: Reason },
      format: 'sequence {fileName} goes on: {text}',
      doc: 'Something was waited for in vain, and the step says to go on.',
    },
    CS_CmdStepped: {
      id: 9,
      severity: 'activity-low',
      args: { fileName: FileName, step: U16 },
      format: 'sequence {fileName}: step {step} begun by hand',
      doc: 'CS_START or CS_STEP was done.',
    },
    CS_ModeSwitched: {
      id: 10,
      severity: 'activity-high',
      args: { mode: SequencerMode },
      format: 'sequencer mode {mode}',
      doc: 'CS_AUTO or CS_MANUAL was done.',
    },
    CS_UnexpectedCompletion: {
      id: 11,
      severity: 'warning-low',
      args: { opcode: U32, context: U32, status: CmdStatus },
      format: 'response {status} of opcode {opcode} (number {context}) is not waited for',
      throttle: 10,
      doc: 'The response of a command came too late, or after a cancel.',
    },
  },
  telemetry: {
    CS_State: {
      id: 0,
      type: SequencerState,
      update: 'on-change',
      doc: 'Whether a sequence is loaded or runs.',
    },
    CS_Step: { id: 1, type: U16, update: 'on-change', doc: 'The step under way, from 1; 0 when idle.' },
    CS_SequencesCompleted: { id: 2, type: U32, update: 'on-change', doc: 'Sequences done since boot.' },
    CS_CommandsExecuted: {
      id: 3,
      type: U32,
      update: 'on-change',
      doc: 'Commands that ended well since boot.',
    },
    CS_Errors: {
      id: 4,
      type: U32,
      update: 'on-change',
      doc: 'Files refused, commands failed and sequences aborted since boot.',
    },
    CS_CancelCommands: { id: 5, type: U32, update: 'on-change', doc: 'Sequences canceled since boot.' },
  },
  params: {
    CommandTimeoutS: {
      id: 0,
      type: U16,
      default: 60,
      min: 1,
      unit: 's',
      doc: 'How long the response of a command is waited for.',
    },
    MaxLateS: {
      id: 1,
      type: U16,
      default: 60,
      unit: 's',
      doc: 'How much past the time of a step may be; later, the sequence aborts.',
    },
  },
  config: {
    pollMs: {
      type: U16,
      default: 100,
      min: 1,
      unit: 'ms',
      doc: 'How often an awaited condition is looked at.',
    },
  },
});
