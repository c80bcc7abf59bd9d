/** What is compared: what goes into the downlink store, and what it sends first. */

import { comQueue } from '../../../components/comms/comQueue/comQueue';
import { sceneProducts } from '../../../components/imaging/sceneProducts/sceneProducts';
import { camera } from '../../../components/payload/camera/camera';
import { productPacker } from '../../../components/payload/productPacker/productPacker';
import { surfaceClassifier } from '../../../components/payload/surfaceClassifier/surfaceClassifier';
import { tiler } from '../../../components/payload/tiler/tiler';
import { connect, defineTopology, instance, type Topology } from '../../../fsw/framework';
import type { ConfigOverrides } from '../../../fsw/framework/deployment';
import { topology as earthWatch } from '../../../fsw/missions/earth-watch/topology';
import { frameScenes } from './frameScenes';

export const policies = {
  density: { title: 'value density', order: 'DENSITY', everything: false },
  fifo: { title: 'first in, first out', order: 'FIFO', everything: false },
  everything: { title: 'send everything', order: 'FIFO', everything: true },
} as const;
export type PolicyName = keyof typeof policies;

/** JPEG of a thumbnail; of a frame that is sent whole, where it can't be told from the frame by eye. */
const QUALITY = { selected: 60, everything: 90 } as const;
/** A cloud map of a frame of 640 km by 640 km is worth one half. */
const CLOUD_VALUE = 0.5 / ((640 * 640) / 100);
/** More than a flight fills: what is compared is the order, not the size of the store. */
const STORE = { maxPackets: 100_000, maxBytes: 64 << 20 };

/** The reference mission with its frames as captures. */
export function topologyOf(name: PolicyName): Topology {
  const { everything } = policies[name];
  // References by the names that the mission gave; a misspelt one fails the check at boot.
  const eye = instance('camera', camera, { baseId: 0, config: { imager: 'wideField' } });
  const cutter = instance('tiler', tiler, { baseId: 0 });
  const classifier = instance('surfaceClassifier', surfaceClassifier, { baseId: 0 });
  const packer = instance('productPacker', productPacker, { baseId: 0 });
  const queue = instance('comQueue', comQueue, { baseId: 0 });
  const scenes = instance('frameScenes', frameScenes, {
    baseId: 0x7000,
    priority: 10,
    config: { everything },
  });
  const products = instance('frameProducts', sceneProducts, {
    baseId: 0x7100,
    priority: 10,
    queueDepth: 128,
    config: { folder: 'frames' },
    params: {
      AutoLayers: 3,
      ThumbnailPx: 128,
      ThumbnailQuality: everything ? QUALITY.everything : QUALITY.selected,
      MinClearShare: 0,
      WhiteReflectance: 1,
      KeepTiles: false,
      CloudValue: CLOUD_VALUE,
      NoteValue: 0.01,
      MapLifeS: 0,
      PictureLifeS: 0,
    },
  });
  const replaced = [eye.out.frameOut, classifier.out.classifiedOut].map(
    ({ instance: of, end }) => `${of}.${end}`,
  );
  return defineTopology({
    ...earthWatch,
    instances: [...earthWatch.instances, scenes, products] as Topology['instances'],
    connections: [
      ...earthWatch.connections.filter(({ from }) => !replaced.includes(`${from.instance}.${from.end}`)),
      connect(eye.out.frameOut, scenes.in.frameIn),
      connect(scenes.out.frameOut, cutter.in.frameIn),
      connect(classifier.out.classifiedOut, scenes.in.classifiedIn),
      connect(scenes.out.classifiedOut, packer.in.classified),
      connect(scenes.out.analysedOut, products.in.analysedIn),
      connect(scenes.out.captureEndOut, products.in.captureEndIn),
      connect(products.out.productOut, queue.in.timedIn),
    ],
  });
}

export function configOf(name: PolicyName, downlinkBps: number): ConfigOverrides {
  const { everything, order } = policies[name];
  return {
    contactManager: { DownlinkBps: downlinkBps },
    comQueue: { ...STORE, Order: order },
    // Who sends everything selects nothing on board: no class is watched, and one summary stands for many.
    ...(everything && { productPacker: { WatchMask: 0, SummaryBatch: 60 } }),
  };
}
