/**
 * Link bench: the core and the link of a spacecraft around an instrument that says everything back, for trials
 * with ground systems. `perigee fly link-bench --board flight --link tcp-server:127.0.0.1:50000`
 */
import { cfdp } from '../../../components/comms/cfdp/cfdp';
import { commandRouter } from '../../../components/comms/commandRouter/commandRouter';
import { comQueue } from '../../../components/comms/comQueue/comQueue';
import { contactManager } from '../../../components/comms/contactManager/contactManager';
import { fileDownlink } from '../../../components/comms/fileDownlink/fileDownlink';
import { fileUplink } from '../../../components/comms/fileUplink/fileUplink';
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
import { radioAdapter } from '../../../components/platform/radioAdapter/radioAdapter';
import { connect, defineTopology, instance } from '../../framework';
import { instrument } from './instrument';

// Core
const driver = instance('rateGroupDriver', rateGroupDriver, {
  baseId: 0x100,
  config: { periodUs: 100_000, divisors: [1, 10] },
});
const tenHz = instance('rateGroup10Hz', rateGroup, { baseId: 0x200, priority: 50 });
const oneHz = instance('rateGroup1Hz', rateGroup, { baseId: 0x300, priority: 49 });
const dispatcher = instance('commandDispatcher', commandDispatcher, { baseId: 0x400, priority: 40 });
const events = instance('eventManager', eventManager, { baseId: 0x500, priority: 39 });
const tlmStore = instance('telemetryStore', telemetryStore, { baseId: 0x600 });
const packetizer = instance('telemetryPacketizer', telemetryPacketizer, {
  baseId: 0x700,
  priority: 20,
  params: { PeriodTicks: 1 },
});
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
const contacts = instance('contactManager', contactManager, {
  baseId: 0x1600,
  priority: 31,
  params: { DownlinkBps: 20_000_000 },
});
const filesUp = instance('fileUplink', fileUplink, { baseId: 0x1700, priority: 12, queueDepth: 256 });
const filesDown = instance('fileDownlink', fileDownlink, { baseId: 0x1800, priority: 11 });
const filesBoth = instance('cfdp', cfdp, { baseId: 0x1900, priority: 13, config: { peers: '1,11' } });

// Payload
const bench = instance('instrument', instrument, { baseId: 0x2000, priority: 10 });

const watched = [
  driver,
  tenHz,
  oneHz,
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
  filesUp,
  filesDown,
  filesBoth,
  bench,
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
  name: 'LinkBench',
  instances: [...watched, pinger],
  connections: [
    // Time: ten times a second what an operator waits for, once a second the rest.
    connect(driver.out.cycleOut[0], tenHz.in.cycleIn),
    connect(driver.out.cycleOut[1], oneHz.in.cycleIn),
    connect(tenHz.out.member[0], contacts.in.schedIn),
    connect(tenHz.out.member[1], tlmStore.in.schedIn),
    connect(tenHz.out.member[2], uplink.in.schedIn),
    connect(tenHz.out.member[3], filesDown.in.schedIn),
    connect(tenHz.out.member[4], filesBoth.in.schedIn),
    connect(oneHz.out.member[0], bench.in.schedIn),
    connect(oneHz.out.member[1], packetizer.in.schedIn),
    connect(oneHz.out.member[2], pinger.in.schedIn),
    connect(oneHz.out.member[3], queue.in.schedIn),
    connect(oneHz.out.member[4], resources.in.schedIn),
    connect(oneHz.out.member[5], filesUp.in.schedIn),

    // Down.
    connect(events.out.comOut, queue.in.comIn[0]),
    connect(tlmStore.out.comOut, queue.in.comIn[1]),
    connect(packetizer.out.comOut, queue.in.comIn[1]),
    connect(filesDown.out.comOut, queue.in.comIn[3]),
    connect(filesDown.out.backlog, queue.in.backlog),
    connect(filesBoth.out.pduOut, packets.in.pduIn),
    connect(filesBoth.out.flush, frames.in.flush),
    connect(packetizer.out.get, tlmStore.in.get),
    connect(contacts.out.grant, queue.in.grant),
    connect(queue.out.packetOut, packets.in.packetIn),
    connect(queue.out.flush, frames.in.flush),
    connect(packets.out.out, frames.in.packetIn),
    connect(frames.out.frameOut, radio.in.frameIn),

    // Up.
    connect(radio.out.received, uplink.in.streamIn),
    connect(uplink.out.frameOut, router.in.frameIn),
    connect(router.out.commandOut, dispatcher.in.commandIn),
    connect(router.out.fileOut, filesUp.in.fileIn),
    connect(router.out.cfdpOut, filesBoth.in.pduIn),

    // Safe mode.
    connect(events.out.fatalAnnounce, fatals.in.fatalIn),
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
      name: 'Bench',
      id: 1,
      // A text in the middle: in a packet it is padded, and what follows stands at its fixed place.
      channels: ['instrument.Counter', 'instrument.LastText', 'instrument.CurrentMode', 'instrument.Signal'],
    },
    {
      name: 'Link',
      id: 2,
      channels: [
        'comQueue.Sent',
        'tmFramer.FramesSent',
        'tcDeframer.FramesAccepted',
        'tcDeframer.CrcErrors',
        'commandDispatcher.CommandsDispatched',
      ],
    },
  ],
});
