/** Training graphs out of inference graphs, plans for tuning a model, and tuning under way. */
export { type Adapter, type AdapterOptions, adapted, mergeAdapter } from './adapters';
export { batchAt, checkExamples, type Example, oneClass } from './examples';
export { PARAMETERS, type Parameter } from './forward';
export { differentiable } from './gradients/differentiate';
export { readGraph, writeGraph } from './graph/codec';
export type { Graph, GraphNode, GraphValue, Initializer } from './graph/graph';
export {
  checkLabelsFor,
  LABEL_FILE_EXTENSION,
  type Label,
  type LabelFile,
  type Labels,
  type LabelUse,
  labelUses,
  MAX_CLASSES,
  MAX_LABEL_FILE_BYTES,
  MAX_LABELS,
  readLabels,
  targetOf,
  writeLabels,
} from './labels';
export { LAND_COVER_CLASSES } from './landCover';
export { adamw, HYPER, momentsOf, type Optimizer } from './optimizer';
export {
  type Score,
  type StepReport,
  TuningSession,
  type TuningSettings,
  type TuningState,
} from './session';
export { specimensOf, type TilesSeen } from './specimens';
export {
  classesTagOf,
  NO_PLACE,
  type SeenTile,
  TileRecord,
  tagOf,
  tileRecord,
} from './tileRecord';
export type { Loaded, Tensor, TrainingEngine } from './trainingEngine';
export { STEP, type TrainingGraphs, type TrainingOptions, trainingGraphs } from './trainingGraph';
export { type PlanData, planTuning, type TunedModel, type TuningChoice, type TuningPlan } from './tuning';
