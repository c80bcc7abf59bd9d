/**
 * The bus: what every Perigee mission flies around its payload. Time, commands, events, telemetry,
 * parameters and health; the secured link up and down; files and sequences. A mission adds its payload,
 * connects it, and has a spacecraft.
 */
import { cfdp } from '../../components/comms/cfdp/cfdp';
import { commandRouter } from '../../components/comms/commandRouter/commandRouter';
import { comQueue } from '../../components/comms/comQueue/comQueue';
import { contactManager } from '../../components/comms/contactManager/contactManager';
import { fileDownlink } from '../../components/comms/fileDownlink/fileDownlink';
import { fileUplink } from '../../components/comms/fileUplink/fileUplink';
import { linkSecurity } from '../../components/comms/linkSecurity/linkSecurity';
import { spacePacketizer } from '../../components/comms/spacePacketizer/spacePacketizer';
import { tcDeframer } from '../../components/comms/tcDeframer/tcDeframer';
import { tmFramer } from '../../components/comms/tmFramer/tmFramer';
import { cmdSequencer } from '../../components/core/cmdSequencer/cmdSequencer';
import { commandDispatcher } from '../../components/core/commandDispatcher/commandDispatcher';
import { dpCatalog } from '../../components/core/dpCatalog/dpCatalog';
import { dpWriter } from '../../components/core/dpWriter/dpWriter';
import { eventManager } from '../../components/core/eventManager/eventManager';
import { fatalHandler } from '../../components/core/fatalHandler/fatalHandler';
import { fileManager } from '../../components/core/fileManager/fileManager';
import { health } from '../../components/core/health/health';
import { parameterStore } from '../../components/core/parameterStore/parameterStore';
import { rateGroup } from '../../components/core/rateGroup/rateGroup';
import { rateGroupDriver } from '../../components/core/rateGroupDriver/rateGroupDriver';
import { systemResources } from '../../components/core/systemResources/systemResources';
import { telemetryPacketizer } from '../../components/core/telemetryPacketizer/telemetryPacketizer';
import { telemetryStore } from '../../components/core/telemetryStore/telemetryStore';
import { version } from '../../components/core/version/version';
import { radioAdapter } from '../../components/platform/radioAdapter/radioAdapter';
import { connect, defineTopology, instance, type Topology } from '../framework';

export interface BusOptions {
  readonly version: string;
  /** Period of the fast rate group; the slow one runs at a tenth of its rate. */
  readonly periodUs: number;
  /** SECURED unless the mission is made for a ground system that can't: it then says so at boot. */
  readonly security?: 'SECURED' | 'CLEAR';
  readonly downlinkBps?: number;
  /** Slow ticks from telemetry packet to telemetry packet. */
  readonly telemetryTicks?: number;
  /** CFDP entities that may send to us and be sent to, comma separated. */
  readonly cfdpPeers?: string;
}

export function bus(options: BusOptions) {
  const { periodUs, security = 'SECURED' } = options;
  const ticks = (seconds: number) => Math.max(1, Math.round((seconds * 1e6) / periodUs));

  // Core
  const driver = instance('rateGroupDriver', rateGroupDriver, {
    baseId: 0x100,
    config: { periodUs, divisors: [1, 10] },
  });
  const fast = instance('rateGroupFast', rateGroup, { baseId: 0x200, priority: 50 });
  const slow = instance('rateGroupSlow', rateGroup, { baseId: 0x300, priority: 49 });
  const dispatcher = instance('commandDispatcher', commandDispatcher, { baseId: 0x400, priority: 40 });
  // Routine telemetry and events fill what products leave of the link; warnings keep their worth.
  const events = instance('eventManager', eventManager, {
    baseId: 0x500,
    priority: 39,
    config: { values: { command: 0.02, 'activity-high': 0.02, 'activity-low': 0.01, diagnostic: 0.01 } },
  });
  const tlmStore = instance('telemetryStore', telemetryStore, { baseId: 0x600, config: { value: 0.02 } });
  const packetizer = instance('telemetryPacketizer', telemetryPacketizer, {
    baseId: 0x700,
    priority: 20,
    config: { value: 0.02 },
    params: { PeriodTicks: options.telemetryTicks ?? 10 },
  });
  const params = instance('parameterStore', parameterStore, { baseId: 0x800 });
  const fatals = instance('fatalHandler', fatalHandler, { baseId: 0xa00 });
  const resources = instance('systemResources', systemResources, { baseId: 0xb00 });
  const identity = instance('version', version, { baseId: 0xc00, config: { version: options.version } });
  const sequencer = instance('cmdSequencer', cmdSequencer, { baseId: 0xd00, priority: 25 });
  const files = instance('fileManager', fileManager, { baseId: 0xe00, priority: 9 });
  const productWriter = instance('dpWriter', dpWriter, { baseId: 0xf00, priority: 8 });

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
    params: options.downlinkBps === undefined ? {} : { DownlinkBps: options.downlinkBps },
  });
  const filesUp = instance('fileUplink', fileUplink, { baseId: 0x1700, priority: 12, queueDepth: 256 });
  const filesDown = instance('fileDownlink', fileDownlink, { baseId: 0x1800, priority: 11 });
  const filesBoth = instance('cfdp', cfdp, {
    queueDepth: 256,
    baseId: 0x1900,
    priority: 13,
    config: { peers: options.cfdpPeers ?? '11' },
  });
  const guard = instance('linkSecurity', linkSecurity, { baseId: 0x1a00, config: { mode: security } });
  const catalog = instance('dpCatalog', dpCatalog, { baseId: 0x1b00, priority: 7 });

  const members = [
    driver,
    fast,
    slow,
    dispatcher,
    events,
    tlmStore,
    packetizer,
    params,
    fatals,
    resources,
    sequencer,
    files,
    productWriter,
    guard,
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
    catalog,
  ];

  /** Watches every active component, by the order in which the health pattern finds them. */
  const watcher = (watched: Topology['instances']) =>
    instance('health', health, {
      baseId: 0x900,
      config: {
        names: watched.filter(({ component }) => component.model.kind === 'active').map(({ name }) => name),
      },
      params: { PingTicks: ticks(5), LateTicks: ticks(10), FailTicks: ticks(30) },
    });

  /** Completes the bus with a payload: its instances, what connects them, and what the mission's packets hold. */
  const complete = (
    mission: Pick<Topology, 'name' | 'packets' | 'connections'> & { payload: Topology['instances'] },
  ) => {
    const watched = [...members, ...mission.payload] as Topology['instances'];
    const pinger = watcher(watched);
    return defineTopology({
      name: mission.name,
      // Who says that we are there comes last: then all the others are.
      instances: [...watched, pinger, identity],
      connections: [
        connect(driver.out.cycleOut[0], fast.in.cycleIn),
        connect(driver.out.cycleOut[1], slow.in.cycleIn),
        connect(fast.out.member[0], contacts.in.schedIn),
        connect(fast.out.member[1], uplink.in.schedIn),
        connect(fast.out.member[2], filesDown.in.schedIn),
        connect(fast.out.member[3], filesBoth.in.schedIn),
        connect(fast.out.member[4], queue.in.schedIn),
        connect(fast.out.member[5], pinger.in.schedIn),
        connect(slow.out.member[0], resources.in.schedIn),
        connect(slow.out.member[1], tlmStore.in.schedIn),
        connect(slow.out.member[2], packetizer.in.schedIn),
        connect(slow.out.member[3], filesUp.in.schedIn),
        connect(slow.out.member[4], catalog.in.schedIn),
        connect(slow.out.member[5], params.in.schedIn),

        // Down: what is worth most per byte goes first; file packets keep their order.
        connect(events.out.comOut, queue.in.comIn[0]),
        connect(tlmStore.out.comOut, queue.in.comIn[1]),
        connect(packetizer.out.comOut, queue.in.comIn[1]),
        connect(filesDown.out.comOut, queue.in.comIn[3]),
        connect(filesDown.out.backlog, queue.in.backlog),
        connect(filesBoth.out.pduOut, packets.in.pduIn),
        connect(filesBoth.out.flush, frames.in.flush),
        connect(packetizer.out.get, tlmStore.in.get),
        connect(contacts.out.grant, queue.in.grant),
        connect(contacts.out.linkState, frames.in.linkState),
        connect(queue.out.packetOut, packets.in.packetIn),
        connect(queue.out.flush, frames.in.flush),
        connect(packets.out.out, frames.in.packetIn),
        connect(frames.out.room, guard.in.room),
        connect(frames.out.seal, guard.in.seal),
        connect(frames.out.frameOut, radio.in.frameIn),

        // Up: bytes, frames, opened frames, packets, commands and files.
        connect(radio.out.received, uplink.in.streamIn),
        connect(uplink.out.open, guard.in.open),
        connect(uplink.out.frameOut, router.in.frameIn),
        connect(router.out.commandOut, dispatcher.in.commandIn),
        connect(router.out.fileOut, filesUp.in.fileIn),
        connect(router.out.cfdpOut, filesBoth.in.pduIn),

        // Commands from sequences; products into the catalogue and down as files.
        connect(sequencer.out.commandOut, dispatcher.in.sourceIn[0]),
        connect(dispatcher.out.sourceOut[0], sequencer.in.statusIn),
        connect(sequencer.out.tlmGet, tlmStore.in.get),
        connect(productWriter.out.productWritten, catalog.in.addToCat),
        connect(catalog.out.fileOut, filesDown.in.fileSend[0]),
        connect(filesDown.out.fileDone[0], catalog.in.fileDone),

        connect(events.out.fatalAnnounce, fatals.in.fatalIn),
        ...mission.connections,
      ],
      patterns: {
        commands: {
          register: dispatcher.in.register,
          send: dispatcher.out.send,
          respond: dispatcher.in.respond,
        },
        events: events.in.log,
        telemetry: tlmStore.in.tlm,
        params: { get: params.in.get, set: params.in.set },
        health: { ping: pinger.out.ping, pong: pinger.in.pong, restart: pinger.out.restart },
      },
      packets: mission.packets,
    });
  };

  return {
    complete,
    /** Where a payload is connected: its ticks (free from the named member on), its packets, its mode. */
    fast: fast.out.member.slice(6),
    slow: slow.out.member.slice(6),
    products: queue.in.comIn[2],
    timedProducts: queue.in.timedIn,
    productFiles: productWriter.in.productIn,
    /** Files down for one payload component, and how each ended. */
    fileSend: filesDown.in.fileSend[1],
    fileDone: filesDown.out.fileDone[1],
    modes: fatals.out.mode,
  };
}

/** Profiles of a mission: config that the launcher lays over it. `flight` is flown unless another is asked for. */
export const profiles = {
  flight: {},
  /** For the stock F´ GDS, which has no link security. */
  gds: { linkSecurity: { mode: 'CLEAR' } },
  /** For Yamcs: it reads one channel of a channel packet, and can check whole frame headers; CFDP entity 1 is its own. */
  yamcs: {
    telemetryStore: { packetBytes: 1, packetsPerTick: 50 },
    linkSecurity: { headerMask: 'WHOLE' },
    cfdp: { peers: '1,11' },
  },
} as const;
