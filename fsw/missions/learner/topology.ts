/**
 * Learner: a camera sees tiles of ten metres, the land-cover network says what they show, the board keeps those that are worth
 * learning from. Records of 40 bytes go down, labels come up, the network is tuned on board, step by step, and what was learned
 * flies when it has proven itself.
 */
import { join } from 'node:path';
import { federationNode } from '../../../components/learning/federationNode/federationNode';
import { fineTuner } from '../../../components/learning/fineTuner/fineTuner';
import { referenceSet } from '../../../components/learning/referenceSet/referenceSet';
import { tileArchive } from '../../../components/learning/tileArchive/tileArchive';
import { tileClassifier } from '../../../components/learning/tileClassifier/tileClassifier';
import { camera } from '../../../components/payload/camera/camera';
import { inference } from '../../../components/payload/inference/inference';
import { modelStore } from '../../../components/payload/modelStore/modelStore';
import { scrubber } from '../../../components/payload/scrubber/scrubber';
import { tiler } from '../../../components/payload/tiler/tiler';
import { connect, instance } from '../../framework';
import { projectRoot } from '../../root';
import { bus } from '../bus';

export { profiles } from '../bus';

/** A frame of the camera is so many tiles of 64 pixels. */
const TILES = 16;

const spacecraft = bus({ version: '0.1.0', periodUs: 1_000_000 });

const eye = instance('camera', camera, {
  baseId: 0x2000,
  priority: 15,
  config: { imager: 'tiles' },
  params: { PeriodS: 60 },
});
const cutter = instance('tiler', tiler, { baseId: 0x2100, config: { tilePx: 64, maxTiles: TILES } });
const classifier = instance('tileClassifier', tileClassifier, { baseId: 0x2200, priority: 13 });
const archive = instance('tileArchive', tileArchive, { baseId: 0x2300, priority: 9 });
const runtime = instance('inference', inference, {
  baseId: 0x2400,
  priority: 12,
  config: { models: 'land-cover', costUsPerItem: 15_000, redos: 3 },
  params: { Guard: 'TWIN', CanaryPeriodS: 600, ReferencePeriodS: 3600 },
});
const models = instance('modelStore', modelStore, {
  baseId: 0x2500,
  config: { folder: join(projectRoot, 'fsw/missions/earth-watch/models') },
});
const tuner = instance('fineTuner', fineTuner, { baseId: 0x2600, priority: 5, queueDepth: 32 });
const federation = instance('federationNode', federationNode, {
  baseId: 0x2700,
  priority: 4,
  queueDepth: 32,
  config: { node: 'learner' },
});
const measure = instance('referenceSet', referenceSet, { baseId: 0x2900 });
const scrub = instance('scrubber', scrubber, {
  baseId: 0x2800,
  priority: 6,
  config: { stripeKiB: 512 },
  params: { RateMiBps: 0.1 },
});

export const topology = spacecraft.complete({
  name: 'Learner',
  payload: [eye, cutter, classifier, archive, runtime, models, tuner, federation, measure, scrub],
  connections: [
    connect(spacecraft.fast[0], eye.in.schedIn),
    connect(spacecraft.fast[1], tuner.in.schedIn),
    connect(spacecraft.slow[0], runtime.in.schedIn),
    connect(spacecraft.slow[1], scrub.in.schedIn),
    connect(spacecraft.slow[2], federation.in.schedIn),
    connect(spacecraft.modes[0], eye.in.modeIn),

    // Frame, tiles, answers, what is kept; records and pictures go down by what they are worth.
    connect(eye.out.frameOut, cutter.in.frameIn),
    connect(cutter.out.tilesOut, classifier.in.tilesIn),
    connect(classifier.out.infer, runtime.in.request[0]),
    connect(runtime.out.result[0], classifier.in.inferred),
    connect(classifier.out.versionOf, runtime.in.versionOf),
    connect(classifier.out.specimensOut, archive.in.specimensIn),
    connect(archive.out.productOut, spacecraft.timedProducts),

    // Labelled tiles, the model that flies; what was learned goes to the store, which lets the runtime try it.
    connect(tuner.out.tile, archive.in.tileFetch),
    connect(tuner.out.fetch, models.in.fetch),
    connect(tuner.out.served, models.in.served),
    connect(tuner.out.install, models.in.install),
    connect(models.out.installed, tuner.in.installed),
    connect(runtime.out.fetch, models.in.fetch),
    connect(models.out.offer, runtime.in.offered),
    connect(models.out.shadow, runtime.in.shadow),
    connect(runtime.out.verdict, models.in.verdict),
    connect(runtime.out.trouble, models.in.trouble),
    connect(scrub.out.regions, models.in.regions),

    // A version is measured on tiles that nothing is trained on, before it takes over and while it flies.
    connect(runtime.out.reference, measure.in.reference),
    connect(measure.out.tile, archive.in.tileFetch),
    connect(measure.out.served, models.in.served),

    // A federation's tasks are trained for as any other; updates go down as files.
    connect(federation.out.trainOrder, tuner.in.orderIn),
    connect(tuner.out.doneOut, federation.in.trainDone),
    connect(federation.out.served, models.in.served),
    connect(federation.out.fileSend, spacecraft.fileSend),
    connect(spacecraft.fileDone, federation.in.fileDone),
  ],
  packets: [
    {
      name: 'Learning',
      id: 1,
      channels: [
        'camera.FramesCaptured',
        'tileClassifier.TilesClassified',
        'tileArchive.Kept',
        'tileArchive.Records',
        'fineTuner.Stage',
        'fineTuner.Step',
        'fineTuner.Loss',
        'fineTuner.BatchAccuracy',
        'fineTuner.AccuracyBefore',
        'fineTuner.AccuracyAfter',
        'fineTuner.EnergyJ',
        'fineTuner.LabelsHeld',
        'federationNode.TasksWaiting',
        'federationNode.TasksDone',
        'federationNode.UpdatesWaiting',
        'federationNode.OwedNorm',
      ],
    },
    {
      name: 'Integrity',
      id: 2,
      channels: [
        'modelStore.ModelsGood',
        'modelStore.GoldenGood',
        'scrubber.BitsCorrected',
        'scrubber.PagesLost',
        'inference.Runs',
        'inference.CanaryMismatches',
        'inference.ResultsRedone',
        'fineTuner.Rollbacks',
        'fineTuner.Checkpoints',
      ],
    },
    {
      name: 'Link',
      id: 3,
      channels: [
        'comQueue.Depth',
        'comQueue.Dropped',
        'tmFramer.FramesSent',
        'tcDeframer.FramesAccepted',
        'commandDispatcher.CommandsDispatched',
        'contactManager.PassesSeen',
        'rateGroupFast.CycleSlips',
        'health.PingsLate',
        'fatalHandler.Mode',
      ],
    },
  ],
});
