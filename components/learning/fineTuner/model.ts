import {
  bool,
  defineComponent,
  enumeration,
  F32,
  F64,
  input,
  output,
  port,
  reference,
  Sched,
  string,
  U8,
  U16,
  U32,
} from '../../../fsw/framework';
import { ownProcessEngine } from '../../../fsw/learning/engines/ownProcess';
import type { FlightEngine } from '../../../fsw/learning/engines/workshop';
import { ModelFetch, ModelInstall, ModelInstalled, ModelServed } from '../../payload/ports';
import { TileFetch, TrainDone, TrainOrder } from '../ports';
import { tunerParams } from './settings';

const Model = string(40);
const Path = string(200);
const Code = string(40);
const Reason = string(160);

/** What learns: the head over cached features; adapters in every block and the head; every weight; the first layer and the head. */
export const Tuned = enumeration('Learning.Tuned', { HEAD: 0, LORA: 1, ALL: 2, ENDS: 3, FIRST: 4 });
export const Stage = enumeration('Learning.Stage', {
  IDLE: 0,
  MEASURING: 1,
  TRAINING: 2,
  WAITING: 3,
  PAUSED: 4,
});
/** The next piece of work of a job; a call for a job that is over does nothing. */
export const Advance = port('Advance', { job: U32 });

export const fineTunerModel = defineComponent({
  kind: 'active',
  doc: 'Trains a model on labelled tiles, step by step, within a budget of energy, time and temperature, from guarded state.',
  ports: {
    schedIn: input.async(Sched),
    advance: input.async(Advance),
    orderIn: input.async(TrainOrder),
    doneOut: output(TrainDone, { optional: true }),
    tile: output(TileFetch),
    fetch: output(ModelFetch),
    served: output(ModelServed),
    install: output(ModelInstall, { optional: true }),
    installed: input.async(ModelInstalled),
  },
  commands: {
    TAKE_LABELS: {
      id: 0,
      args: { path: Path },
      doc: 'Take the labels of a file in the file store; a file with any fault changes nothing.',
    },
    FORGET_LABELS: { id: 1, doc: 'Forget all labels.' },
    TRAIN: {
      id: 2,
      args: { what: Tuned, rank: U8, batch: U16, steps: U32, rate: F32, seed: U32 },
      doc: 'Train the model of the labels. The same arguments go on from the last checkpoint of a job that was stopped.',
    },
    PAUSE: { id: 3, doc: 'Stop after the step under way, with a checkpoint.' },
    RESUME: { id: 4, doc: 'Go on after PAUSE.' },
    ABORT: { id: 5, doc: 'End the job; what it learned is forgotten.' },
    ADOPT: {
      id: 6,
      args: { version: string(20), force: bool },
      doc: 'Merge what was learned, sign it as a delta with the spacecraft’s own key and have it installed; `force`: even if it is worse.',
    },
    CALIBRATE: {
      id: 8,
      args: { colours: string(240), version: string(20), force: bool },
      doc: 'Bring the colours of labelled tiles to these means of the classes (red green blue; …, - for none), and adopt the network that sees so.',
    },
    SELF_LABEL: {
      id: 7,
      args: { from: U32, count: U16, weight: F32 },
      doc: 'Label kept tiles from this id on, 64 at most, whose turned and mirrored views the model answers alike; 0 < weight ≤ 1.',
    },
  },
  events: {
    SelfLabelled: {
      id: 16,
      severity: 'activity-high',
      args: { tiles: U16, asked: U16, held: U16 },
      format: '{tiles} of {asked} tiles labelled by the agreement of their views; {held} labels are held',
      doc: 'Answer to SELF_LABEL.',
    },
    LabelsTaken: {
      id: 0,
      severity: 'activity-high',
      args: { path: Path, name: Model, train: U16, reference: U16, held: U16 },
      format: '{path}: labels {name} taken: {train} to train on, {reference} for reference; {held} are held',
      doc: 'A label file was whole, for this model, and of tiles that the board keeps.',
    },
    LabelsRefused: {
      id: 1,
      severity: 'warning-high',
      args: { path: Path, code: Code, reason: Reason },
      format: '{path}: labels refused: {code}: {reason}',
      throttle: 20,
      doc: 'A label file has a fault; the labels that are held are as before.',
    },
    JobStarted: {
      id: 2,
      severity: 'activity-high',
      args: { model: Model, what: Tuned, parameters: U32, examples: U16, reference: U16, steps: U32 },
      format:
        '{model}: training {what}, {parameters} parameters, on {examples} tiles ({reference} for reference), {steps} steps',
      doc: 'A job begins.',
    },
    JobResumed: {
      id: 3,
      severity: 'activity-high',
      args: { model: Model, step: U32, steps: U32 },
      format: '{model}: training goes on from the checkpoint of step {step} of {steps}',
      doc: 'After a boot, or when a stopped job was given again.',
    },
    JobWaits: {
      id: 4,
      severity: 'activity-low',
      args: { step: U32, reason: Reason },
      format: 'training waits before step {step}: {reason}',
      throttle: 50,
      doc: 'The budget does not allow a step now.',
    },
    Measured: {
      id: 5,
      severity: 'activity-high',
      args: { step: U32, accuracy: F32, loss: F32, tiles: U16 },
      format: 'step {step}: accuracy {accuracy} and loss {loss} on {tiles} reference tiles',
      doc: 'Before the first step and after the last.',
    },
    TilesMissing: {
      id: 6,
      severity: 'warning-low',
      args: { tiles: U16 },
      format: '{tiles} labelled tiles are kept no longer and are left out',
      doc: 'The archive has let tiles go that had labels.',
    },
    RolledBack: {
      id: 7,
      severity: 'warning-high',
      args: { step: U32, to: U32, code: Code, reason: Reason },
      format: 'training rolled back from step {step} to {to}: {code}: {reason}',
      throttle: 50,
      doc: 'State or engine is not beyond doubt; training goes on from the last checkpoint, with an engine that is loaded anew.',
    },
    CheckpointFault: {
      id: 8,
      severity: 'warning-high',
      args: { code: Code, reason: Reason },
      format: 'checkpoint: {code}: {reason}',
      throttle: 20,
      doc: 'A checkpoint could not be written, or one that was found is damaged; the one before counts.',
    },
    JobDone: {
      id: 9,
      severity: 'activity-high',
      args: { model: Model, steps: U32, loss: F32, energyJ: F32, rollbacks: U16 },
      format: '{model}: {steps} steps done, loss {loss}, {energyJ} J, {rollbacks} rollbacks',
      doc: 'What was learned waits for ADOPT, or went to who ordered it.',
    },
    JobFailed: {
      id: 10,
      severity: 'warning-high',
      args: { step: U32, code: Code, reason: Reason },
      format: 'training ended at step {step}: {code}: {reason}',
      doc: 'The job is over; its last checkpoint is kept.',
    },
    JobAborted: {
      id: 11,
      severity: 'activity-high',
      args: { step: U32 },
      format: 'training aborted at step {step}',
      doc: 'By ABORT.',
    },
    Adopted: {
      id: 12,
      severity: 'activity-high',
      args: { model: Model, serial: U32, path: Path, bytes: U32 },
      format: '{model}: what was learned is serial {serial}, {bytes} bytes in {path}',
      doc: 'A signed delta lies in the file store.',
    },
    AdoptRefused: {
      id: 13,
      severity: 'warning-high',
      args: { code: Code, reason: Reason },
      format: 'not adopted: {code}: {reason}',
      throttle: 20,
      doc: 'Nothing was signed; what flies is as before.',
    },
    InstallEnded: {
      id: 14,
      severity: 'activity-high',
      args: { path: Path, installed: bool, reason: Reason },
      format: '{path}: installed {installed} {reason}',
      doc: 'What the model store says of the delta.',
    },
    OrderRefused: {
      id: 15,
      severity: 'warning-low',
      args: { ticket: U32, code: Code, reason: Reason },
      format: 'order {ticket} refused: {code}: {reason}',
      throttle: 20,
      doc: 'An order to train can’t be done now, or as it is.',
    },
  },
  telemetry: {
    Stage: { id: 0, type: Stage, update: 'on-change', doc: 'What the job under way does.' },
    Step: { id: 1, type: U32, update: 'on-change', doc: 'Steps taken by the job.' },
    Loss: { id: 2, type: F32, doc: 'Of the last step’s batch.' },
    BatchAccuracy: {
      id: 3,
      type: F32,
      doc: 'Share of the last batch that was answered right before the step.',
    },
    GradientNorm: { id: 4, type: F32, doc: 'Length of the last step’s gradient.' },
    AccuracyBefore: {
      id: 5,
      type: F32,
      update: 'on-change',
      doc: 'On the reference tiles, before the first step.',
    },
    AccuracyAfter: {
      id: 6,
      type: F32,
      update: 'on-change',
      doc: 'On the reference tiles, after the last step.',
    },
    EnergyJ: { id: 7, type: F64, unit: 'J', update: 'on-change', doc: 'Declared energy of the job.' },
    Rollbacks: {
      id: 8,
      type: U32,
      update: 'on-change',
      limits: { high: { yellow: 0 } },
      doc: 'Returns to a checkpoint since boot.',
    },
    Checkpoints: { id: 9, type: U32, update: 'on-change', doc: 'Checkpoints written since boot.' },
    LabelsHeld: { id: 10, type: U16, update: 'on-change', doc: 'Labelled tiles.' },
    LabelsRefused: {
      id: 11,
      type: U32,
      update: 'on-change',
      limits: { high: { yellow: 0 } },
      doc: 'Label files refused since boot.',
    },
    StepMs: { id: 12, type: F32, unit: 'ms', doc: 'Flight time of the last step.' },
    TemperatureC: {
      id: 13,
      type: F32,
      unit: 'C',
      update: 'on-change',
      doc: 'Of the computer, as the budget sees it.',
    },
  },
  params: tunerParams,
  config: {
    model: { type: Model, default: 'land-cover', doc: 'The model that is tuned.' },
    output: { type: Model, default: 'probabilities', doc: 'Its output of class probabilities.' },
    folder: {
      type: string(60),
      default: 'fine-tuner',
      doc: 'Of checkpoints, labels and deltas, in the file store.',
    },
    providers: {
      type: string(80),
      default: 'cuda,cpu',
      doc: 'Execution providers to try in turn, comma separated.',
    },
    deadlineUs: {
      type: U32,
      default: 60_000_000,
      min: 1,
      unit: 'us',
      doc: 'The longest that one piece of work may take.',
    },
    loadCostUs: {
      type: U32,
      default: 500_000,
      unit: 'us',
      doc: 'Flight time of beginning a job in simulation.',
    },
    trainUsPerTile: {
      type: U32,
      default: 60_000,
      unit: 'us',
      doc: 'Flight time of a tile’s way forward and back in simulation.',
    },
    answerUsPerTile: {
      type: U32,
      default: 15_000,
      unit: 'us',
      doc: 'Flight time of a tile’s way forward in simulation.',
    },
    headUsPerStep: {
      type: U32,
      default: 1000,
      unit: 'us',
      doc: 'Flight time of a step over cached features in simulation.',
    },
    engine: {
      type: reference<() => FlightEngine>('FlightEngine'),
      default: () => ownProcessEngine(),
      doc: 'Makes the engine that trains.',
    },
  },
});
