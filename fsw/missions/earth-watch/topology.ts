/**
 * Earth watch: a wide-field imager looks straight down; clouded frames are discarded on board, the rest is
 * classified by a small vision transformer, and what the watch list asks for goes down in records of a few
 * bytes while a ground station is in view.
 */
import { join } from 'node:path';
import { commandRouter } from '../../../components/comms/commandRouter/commandRouter';
import { comQueue } from '../../../components/comms/comQueue/comQueue';
import { contactManager } from '../../../components/comms/contactManager/contactManager';
import { spacePacketizer } from '../../../components/comms/spacePacketizer/spacePacketizer';
import { tcDeframer } from '../../../components/comms/tcDeframer/tcDeframer';
import { tmFramer } from '../../../components/comms/tmFramer/tmFramer';
import { commandDispatcher } from '../../../components/core/commandDispatcher/commandDispatcher';
import { eventManager } from '../../../components/core/eventManager/eventManager';
import { fatalHandler } from '../../../components/core/fatalHandler/fatalHandler';
import { health } from '../../../components/core/health/health';
import { parameterStore } from '../../../components/core/parameterStore/parameterStore';
import { rateGroup } from '../../../components/core/rateGroup/rateGroup';
import { rateGroupDriver } from '../../../components/core/rateGroupDriver/rateGroupDriver';
import { systemResources } from '../../../components/core/systemResources/systemResources';
import { telemetryPacketizer } from '../../../components/core/telemetryPacketizer/telemetryPacketizer';
import { telemetryStore } from '../../../components/core/telemetryStore/telemetryStore';
import { version } from '../../../components/core/version/version';
import { camera } from '../../../components/payload/camera/camera';
import { cloudScreener } from '../../../components/payload/cloudScreener/cloudScreener';
import { inference } from '../../../components/payload/inference/inference';
import { modelStore } from '../../../components/payload/modelStore/modelStore';
import { productPacker } from '../../../components/payload/productPacker/productPacker';
import { surfaceClassifier } from '../../../components/payload/surfaceClassifier/surfaceClassifier';
import { tiler } from '../../../components/payload/tiler/tiler';
import { radioAdapter } from '../../../components/platform/radioAdapter/radioAdapter';
import { connect, defineTopology, instance } from '../../framework';
import { projectRoot } from '../../root';

// Core
const driver = instance('rateGroupDriver', rateGroupDriver, {
  baseId: 0x100,
  config: { periodUs: 1_000_000, divisors: [1, 10] },
});
const oneHz = instance('rateGroup1Hz', rateGroup, { baseId: 0x200, priority: 50 });
const tenthHz = instance('rateGroup01Hz', rateGroup, { baseId: 0x300, priority: 49 });
const dispatcher = instance('commandDispatcher', commandDispatcher, { baseId: 0x400, priority: 40 });
const events = instance('eventManager', eventManager, { baseId: 0x500, priority: 39 });
const tlmStore = instance('telemetryStore', telemetryStore, { baseId: 0x600 });
const packetizer = instance('telemetryPacketizer', telemetryPacketizer, { baseId: 0x700, priority: 20 });
const params = instance('parameterStore', parameterStore, { baseId: 0x800 });
const fatals = instance('fatalHandler', fatalHandler, { baseId: 0xa00 });
const resources = instance('systemResources', systemResources, { baseId: 0xb00 });
const identity = instance('version', version, { baseId: 0xc00, config: { version: '0.1.0' } });

// Link
const queue = instance('comQueue', comQueue, { baseId: 0x1000, priority: 30, queueDepth: 256 });
const packets = instance('spacePacketizer', spacePacketizer, { baseId: 0x1100 });
const frames = instance('tmFramer', tmFramer, { baseId: 0x1200 });
const radio = instance('radioAdapter', radioAdapter, { baseId: 0x1300 });
const uplink = instance('tcDeframer', tcDeframer, { baseId: 0x1400 });
const router = instance('commandRouter', commandRouter, { baseId: 0x1500 });
const contacts = instance('contactManager', contactManager, { baseId: 0x1600, priority: 31 });

// Payload
const eye = instance('camera', camera, {
  baseId: 0x2000,
  priority: 15,
  config: { imager: 'wideField' },
  params: { PeriodS: 95, MaxLatitudeDeg: 62 },
});
const cutter = instance('tiler', tiler, { baseId: 0x2100 });
const screener = instance('cloudScreener', cloudScreener, { baseId: 0x2200, priority: 14 });
const classifier = instance('surfaceClassifier', surfaceClassifier, { baseId: 0x2300, priority: 13 });
const runtime = instance('inference', inference, {
  baseId: 0x2400,
  priority: 12,
  config: { models: 'cloud-screener,surface-vit' },
});
const models = instance('modelStore', modelStore, {
  baseId: 0x2500,
  config: { folder: join(projectRoot, 'fsw/missions/earth-watch/models') },
});
const packer = instance('productPacker', productPacker, {
  baseId: 0x2600,
  priority: 11,
  params: { SummaryBatch: 8 },
});

const watched = [
  driver,
  oneHz,
  tenthHz,
  dispatcher,
  events,
  tlmStore,
  packetizer,
  params,
  fatals,
  resources,
  queue,
  packets,
  frames,
  radio,
  uplink,
  router,
  contacts,
  models,
  runtime,
  eye,
  cutter,
  screener,
  classifier,
  packer,
  identity,
];

// Who answers pings, by the order in which the health pattern finds them.
const pinger = instance('health', health, {
  baseId: 0x900,
  config: {
    names: watched.filter(({ component }) => component.model.kind === 'active').map(({ name }) => name),
  },
});

export const topology = defineTopology({
  name: 'EarthWatch',
  instances: [...watched, pinger],
  connections: [
    // Time: the clock's tick is divided into rate groups.
    connect(driver.out.cycleOut[0], oneHz.in.cycleIn),
    connect(driver.out.cycleOut[1], tenthHz.in.cycleIn),
    connect(oneHz.out.member[0], eye.in.schedIn),
    connect(oneHz.out.member[1], contacts.in.schedIn),
    connect(oneHz.out.member[2], pinger.in.schedIn),
    connect(oneHz.out.member[3], uplink.in.schedIn),
    connect(oneHz.out.member[4], queue.in.schedIn),
    connect(tenthHz.out.member[0], resources.in.schedIn),
    connect(tenthHz.out.member[1], tlmStore.in.schedIn),
    connect(tenthHz.out.member[2], packetizer.in.schedIn),
    connect(tenthHz.out.member[3], packer.in.schedIn),

    // Payload: frame, tiles, verdict, findings, product.
    connect(eye.out.frameOut, cutter.in.frameIn),
    connect(cutter.out.tilesOut, screener.in.tilesIn),
    connect(screener.out.screenedOut, classifier.in.screenedIn),
    connect(classifier.out.classifiedOut, packer.in.classified),
    connect(screener.out.infer, runtime.in.request[0]),
    connect(runtime.out.result[0], screener.in.inferred),
    connect(classifier.out.infer, runtime.in.request[1]),
    connect(runtime.out.result[1], classifier.in.inferred),
    connect(runtime.out.fetch, models.in.fetch),

    // Down: what is worth most per byte goes first.
    connect(events.out.comOut, queue.in.comIn[0]),
    connect(tlmStore.out.comOut, queue.in.comIn[1]),
    connect(packetizer.out.comOut, queue.in.comIn[1]),
    connect(packer.out.comOut, queue.in.comIn[2]),
    connect(packetizer.out.get, tlmStore.in.get),
    connect(contacts.out.grant, queue.in.grant),
    connect(queue.out.packetOut, packets.in.packetIn),
    connect(queue.out.flush, frames.in.flush),
    connect(packets.out.out, frames.in.packetIn),
    connect(frames.out.frameOut, radio.in.frameIn),

    // Up: bytes, frames, packets, commands.
    connect(radio.out.received, uplink.in.streamIn),
    connect(uplink.out.frameOut, router.in.frameIn),
    connect(router.out.commandOut, dispatcher.in.commandIn),

    // Safe mode.
    connect(events.out.fatalAnnounce, fatals.in.fatalIn),
    connect(fatals.out.mode[0], eye.in.modeIn),
  ],
  patterns: {
    commands: { register: dispatcher.in.register, send: dispatcher.out.send, respond: dispatcher.in.respond },
    events: events.in.log,
    telemetry: tlmStore.in.tlm,
    params: { get: params.in.get, set: params.in.set },
    health: { ping: pinger.out.ping, pong: pinger.in.pong, restart: pinger.out.restart },
  },
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
        'rateGroup1Hz.CycleSlips',
        'health.PingsLate',
        'fatalHandler.Mode',
      ],
    },
  ],
});
