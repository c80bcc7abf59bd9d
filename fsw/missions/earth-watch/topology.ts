/**
 * Earth watch: a wide-field imager looks straight down; clouded frames are discarded on board, the rest is
 * classified by a small vision transformer, and what the watch list asks for goes down in records of a few
 * bytes while a ground station is in view.
 */
import { join } from 'node:path';
import { bandAligner } from '../../../components/imaging/bandAligner/bandAligner';
import { capturePlanner } from '../../../components/imaging/capturePlanner/capturePlanner';
import { cloudMasker } from '../../../components/imaging/cloudMasker/cloudMasker';
import { highResCamera } from '../../../components/imaging/highResCamera/highResCamera';
import { landCover } from '../../../components/imaging/landCover/landCover';
import { sceneProducts } from '../../../components/imaging/sceneProducts/sceneProducts';
import { vesselDetector } from '../../../components/imaging/vesselDetector/vesselDetector';
import { federationNode } from '../../../components/learning/federationNode/federationNode';
import { fineTuner } from '../../../components/learning/fineTuner/fineTuner';
import { referenceSet } from '../../../components/learning/referenceSet/referenceSet';
import { tileArchive } from '../../../components/learning/tileArchive/tileArchive';
import { camera } from '../../../components/payload/camera/camera';
import { cloudScreener } from '../../../components/payload/cloudScreener/cloudScreener';
import { inference } from '../../../components/payload/inference/inference';
import { modelStore } from '../../../components/payload/modelStore/modelStore';
import { productPacker } from '../../../components/payload/productPacker/productPacker';
import { scrubber } from '../../../components/payload/scrubber/scrubber';
import { surfaceClassifier } from '../../../components/payload/surfaceClassifier/surfaceClassifier';
import { tiler } from '../../../components/payload/tiler/tiler';
import { connect, instance } from '../../framework';
import { projectRoot } from '../../root';
import { bus } from '../bus';

export { profiles } from '../bus';

/** `name lat lon radius-km priority`: the coast of Virginia at Wallops, and the mouth of the Perdido in the Gulf. */
const TARGETS = 'wallops 37.68 -75.62 12 5; perdido 30.72 -87.40 10 3';

const spacecraft = bus({ version: '0.1.0', periodUs: 1_000_000 });

const models = instance('modelStore', modelStore, {
  baseId: 0x2500,
  config: { folder: join(projectRoot, 'fsw/missions/earth-watch/models') },
});
const scrub = instance('scrubber', scrubber, {
  baseId: 0x2800,
  priority: 6,
  config: { stripeKiB: 512 },
  // Memory and golden copies, about once a minute.
  params: { RateMiBps: 0.1 },
});
const runtime = instance('inference', inference, {
  baseId: 0x2400,
  priority: 12,
  config: { models: 'cloud-screener,surface-vit,cloud-mask,land-cover,vessel-detector', redos: 3 },
  params: { Guard: 'TWIN', CanaryPeriodS: 600 },
});
const eye = instance('camera', camera, {
  baseId: 0x2000,
  priority: 15,
  config: { imager: 'wideField' },
  params: { PeriodS: 95, MaxLatitudeDeg: 62 },
});
const cutter = instance('tiler', tiler, { baseId: 0x2100 });
const screener = instance('cloudScreener', cloudScreener, { baseId: 0x2200, priority: 14 });
const classifier = instance('surfaceClassifier', surfaceClassifier, { baseId: 0x2300, priority: 13 });
const packer = instance('productPacker', productPacker, {
  baseId: 0x2600,
  priority: 11,
  params: { SummaryBatch: 8 },
});

// High resolution: where to look, the strips, and what is in them.
const planner = instance('capturePlanner', capturePlanner, {
  baseId: 0x2900,
  priority: 16,
  config: { targets: TARGETS },
});
const telescope = instance('highResCamera', highResCamera, {
  baseId: 0x2a00,
  priority: 5,
  config: { imager: 'highRes' },
});
const aligner = instance('bandAligner', bandAligner, { baseId: 0x2b00 });
const masker = instance('cloudMasker', cloudMasker, { baseId: 0x2c00, priority: 10 });
const cover = instance('landCover', landCover, { baseId: 0x2d00, priority: 9 });
const vessels = instance('vesselDetector', vesselDetector, {
  baseId: 0x2e00,
  priority: 8,
  // The decision of its model card: one false alarm on 100 km² of the sea that it was tried on.
  params: { ScoreThreshold: 0.68 },
});
const scenes = instance('sceneProducts', sceneProducts, { baseId: 0x2f00, priority: 7 });

// What the telescope saw is kept to learn from: the ground asks for records, sends labels, orders training.
const archive = instance('tileArchive', tileArchive, {
  baseId: 0x3000,
  priority: 4,
  params: { AutoRecords: false },
});
const tuner = instance('fineTuner', fineTuner, { baseId: 0x3100, priority: 3, queueDepth: 32 });
const reference = instance('referenceSet', referenceSet, { baseId: 0x3300 });
const federation = instance('federationNode', federationNode, {
  baseId: 0x3200,
  priority: 2,
  queueDepth: 32,
  config: { node: 'earth-watch' },
});

export const topology = spacecraft.complete({
  name: 'EarthWatch',
  payload: [
    models,
    scrub,
    runtime,
    eye,
    cutter,
    screener,
    classifier,
    packer,
    planner,
    telescope,
    aligner,
    masker,
    cover,
    vessels,
    scenes,
    archive,
    tuner,
    reference,
    federation,
  ],
  connections: [
    connect(spacecraft.fast[0], eye.in.schedIn),
    connect(spacecraft.slow[0], packer.in.schedIn),
    connect(spacecraft.fast[1], planner.in.schedIn),
    connect(spacecraft.fast[2], telescope.in.schedIn),
    connect(spacecraft.fast[3], tuner.in.schedIn),
    connect(spacecraft.modes[0], eye.in.modeIn),
    connect(spacecraft.modes[1], planner.in.modeIn),
    connect(spacecraft.modes[2], telescope.in.modeIn),

    // Frame, tiles, verdict, findings, product.
    connect(eye.out.frameOut, cutter.in.frameIn),
    connect(cutter.out.tilesOut, screener.in.tilesIn),
    connect(screener.out.screenedOut, classifier.in.screenedIn),
    connect(classifier.out.classifiedOut, packer.in.classified),
    connect(packer.out.comOut, spacecraft.products),

    // Tip and cue: what the wide field saw decides where the telescope looks.
    connect(classifier.out.tipOut, planner.in.classifiedIn),
    connect(screener.out.verdictOut, planner.in.screenedIn),
    connect(planner.out.orderOut, telescope.in.orderIn),
    connect(telescope.out.doneOut, planner.in.doneIn),

    // Strips: registered, masked, mapped, searched, packed; the end of a capture goes the same way.
    connect(telescope.out.stripOut, aligner.in.stripIn),
    connect(aligner.out.stripOut, masker.in.stripIn),
    connect(masker.out.screenedOut, cover.in.screenedIn),
    connect(cover.out.mappedOut, vessels.in.mappedIn),
    connect(vessels.out.analysedOut, scenes.in.analysedIn),
    connect(scenes.out.productOut, spacecraft.timedProducts),
    connect(telescope.out.captureEndOut, aligner.in.captureEndIn),
    connect(aligner.out.captureEndOut, masker.in.captureEndIn),
    connect(masker.out.captureEndOut, cover.in.captureEndIn),
    connect(cover.out.captureEndOut, vessels.in.captureEndIn),
    connect(vessels.out.captureEndOut, scenes.in.captureEndIn),

    // Learning: tiles that were mapped, labels of some, the model that flies; what was learned goes to the store.
    connect(cover.out.specimensOut, archive.in.specimensIn),
    connect(cover.out.versionOf, runtime.in.versionOf),
    connect(archive.out.productOut, spacecraft.timedProducts),
    connect(tuner.out.tile, archive.in.tileFetch),
    connect(tuner.out.fetch, models.in.fetch),
    connect(tuner.out.served, models.in.served),
    connect(tuner.out.install, models.in.install),
    connect(models.out.installed, tuner.in.installed),
    connect(reference.out.tile, archive.in.tileFetch),
    connect(reference.out.served, models.in.served),
    connect(runtime.out.reference, reference.in.reference),
    connect(federation.out.trainOrder, tuner.in.orderIn),
    connect(tuner.out.doneOut, federation.in.trainDone),
    connect(federation.out.served, models.in.served),
    connect(federation.out.fileSend, spacecraft.fileSend),
    connect(spacecraft.fileDone, federation.in.fileDone),
    connect(spacecraft.slow[3], federation.in.schedIn),

    // All networks run in one runtime, as twins, from one verified store.
    connect(screener.out.infer, runtime.in.request[0]),
    connect(runtime.out.result[0], screener.in.inferred),
    connect(classifier.out.infer, runtime.in.request[1]),
    connect(runtime.out.result[1], classifier.in.inferred),
    connect(masker.out.infer, runtime.in.request[2]),
    connect(runtime.out.result[2], masker.in.inferred),
    connect(cover.out.infer, runtime.in.request[3]),
    connect(runtime.out.result[3], cover.in.inferred),
    connect(vessels.out.infer, runtime.in.request[4]),
    connect(runtime.out.result[4], vessels.in.inferred),
    connect(runtime.out.fetch, models.in.fetch),
    connect(models.out.offer, runtime.in.offered),
    connect(models.out.shadow, runtime.in.shadow),
    connect(runtime.out.verdict, models.in.verdict),
    connect(runtime.out.trouble, models.in.trouble),
    connect(scrub.out.regions, models.in.regions),
    connect(spacecraft.slow[1], runtime.in.schedIn),
    connect(spacecraft.slow[2], scrub.in.schedIn),
  ],
  packets: [
    {
      name: 'Payload',
      id: 1,
      channels: [
        'camera.FramesCaptured',
        'camera.CaptureErrors',
        'cloudScreener.FramesKept',
        'cloudScreener.FramesClouded',
        'cloudScreener.FramesDark',
        'inference.Runs',
        'inference.DeadlinesMissed',
        'productPacker.Detections',
      ],
    },
    {
      name: 'Link',
      id: 2,
      channels: [
        'comQueue.Depth',
        'comQueue.Dropped',
        'tmFramer.FramesSent',
        'tcDeframer.FramesAccepted',
        'tcDeframer.CrcErrors',
        'commandDispatcher.CommandsDispatched',
        'contactManager.PassesSeen',
      ],
    },
    {
      name: 'Platform',
      id: 3,
      channels: [
        'systemResources.CpuPercent',
        'systemResources.MemoryMiB',
        'systemResources.StorageFreeMiB',
        'rateGroupFast.CycleSlips',
        'health.PingsLate',
        'fatalHandler.Mode',
      ],
    },
    {
      name: 'Integrity',
      id: 4,
      channels: [
        'modelStore.ModelsGood',
        'modelStore.GoldenGood',
        'scrubber.BitsCorrected',
        'scrubber.PagesRebuilt',
        'scrubber.PagesRestored',
        'scrubber.PagesLost',
        'inference.CanaryRuns',
        'inference.CanaryMismatches',
        'inference.ResultsSuspect',
        'inference.ResultsRedone',
        'inference.Reloads',
        'systemResources.CorrectedMemoryErrors',
        'systemResources.UncorrectedMemoryErrors',
      ],
    },
    {
      name: 'Learning',
      id: 5,
      channels: [
        'tileArchive.Kept',
        'fineTuner.Stage',
        'fineTuner.Step',
        'fineTuner.Loss',
        'fineTuner.AccuracyBefore',
        'fineTuner.AccuracyAfter',
        'fineTuner.EnergyJ',
        'fineTuner.Rollbacks',
        'federationNode.TasksWaiting',
        'federationNode.UpdatesWaiting',
      ],
    },
  ],
});
