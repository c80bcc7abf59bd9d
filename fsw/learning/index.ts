/** Training graphs out of inference graphs. */
export { type Adapter, type AdapterOptions, adapted, mergeAdapter } from './adapters';
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
  MAX_CLASSES,
  MAX_LABEL_FILE_BYTES,
  MAX_LABELS,
  readLabels,
  targetOf,
  writeLabels,
} from './labels';
export { adamw, HYPER, momentsOf, type Optimizer } from './optimizer';
export {
  classesTagOf,
  NO_PLACE,
  type SeenTile,
  TileRecord,
  tagOf,
  tileRecord,
} from './tileRecord';
export { STEP, type TrainingGraphs, type TrainingOptions, trainingGraphs } from './trainingGraph';
