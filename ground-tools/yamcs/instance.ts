/** The configuration of a Yamcs 5.12 instance that speaks with one mission, as plain data. */
import { SPACECRAFT_ID, TM_FRAME_LENGTH, VIRTUAL_CHANNEL_ID } from '../../fsw/protocols';
import { authMaskHex, type Direction, type HeaderMask } from '../../fsw/protocols/sdls';
import type { LinkKey } from './keys';

/** Link security (SDLS) with the key files of the mission's slots; see `readLinkKeys`. */
export interface YamcsSecurity {
  /** Absolute; never empty. The first of each direction is the active slot. */
  readonly tc: readonly LinkKey[];
  readonly tm: readonly LinkKey[];
  readonly mask: HeaderMask;
}

export interface YamcsOptions {
  /** Name of the instance. */
  readonly instance: string;
  /** The folder that everything lives in, absolute. */
  readonly dir: string;
  /** Web interface and API, on 127.0.0.1. */
  readonly httpPort: number;
  /** Where Yamcs hears TM frames. The link has no setting for an address: it listens on every interface. */
  readonly tmPort: number;
  /** Where Yamcs sends TC frames. */
  readonly tcHost: string;
  readonly tcPort: number;
  readonly spacecraftId: number;
  /** Bytes of a TM frame. */
  readonly frameLength: number;
  /** Virtual channel of both directions. */
  readonly channelId: number;
  /** CFDP entities. */
  readonly groundEntity: number;
  readonly spacecraftEntity: number;
  /** Time of a packet: `reception`, or the spacecraft's own time tag, for which Yamcs needs the fprime-yamcs plugin. */
  readonly time: 'reception' | 'onboard';
  readonly security?: YamcsSecurity;
}

export const yamcsDefaults = {
  httpPort: 8090,
  tmPort: 50_000,
  tcHost: '127.0.0.1',
  tcPort: 50_001,
  spacecraftId: SPACECRAFT_ID,
  frameLength: TM_FRAME_LENGTH,
  channelId: VIRTUAL_CHANNEL_ID,
  groundEntity: 1,
  spacecraftEntity: 2,
  time: 'reception',
} as const;

const CFDP_APID = 10;
/** Header of a telecommand space packet with the CFDP APID; Yamcs fills in the count and the length. */
const CFDP_TC_HEADER = '100AC0000000';
const MAX_PACKET_LENGTH = 65_542;
/** TC primary header, security header and trailer, FECF; then the space packet's header. */
const TC_OVERHEAD = 5 + 30 + 2 + 6;
/**
 * Frames that may be lost in a row before Yamcs would refuse all that follow. It admits frames ahead of the
 * last one only, so a wide window readmits nothing that it has taken.
 */
const TM_IV_WINDOW = 1_000_000;
const SA_CLASS = 'org.yamcs.security.sdls.SecurityAssociationAes256Gcm128Factory';

/** `etc/yamcs.yaml`. `secretKey` signs the server's tokens. */
export function serverConfig({ httpPort, dir, instance }: YamcsOptions, secretKey: string): object {
  return {
    services: [{ class: 'org.yamcs.http.HttpServer', args: { port: httpPort, address: '127.0.0.1' } }],
    dataDir: `${dir}/data`,
    instances: [instance],
    buckets: [{ name: 'cfdpUp' }, { name: 'cfdpDown' }],
    secretKey,
  };
}

/** `etc/yamcs.<instance>.yaml`. */
export function instanceConfig(options: YamcsOptions): object {
  return {
    services: [
      ...['XtceTmRecorder', 'ParameterRecorder', 'AlarmRecorder', 'EventRecorder', 'ReplayServer'].map(
        (name) => ({
          class: `org.yamcs.archive.${name}`,
        }),
      ),
      { class: 'org.yamcs.archive.CommandHistoryRecorder' },
      { class: 'org.yamcs.parameterarchive.ParameterArchive', args: { realtimeFiller: { enabled: true } } },
      { class: 'org.yamcs.ProcessorCreatorService', args: { name: 'realtime', type: 'realtime' } },
      cfdpService(options),
    ],
    dataLinks: [telemetryLink(options), commandLink(options)],
    mdb: ['mission', 'events'].map((file) => ({
      type: 'xtce',
      args: { file: `${options.dir}/mdb/${file}.xml` },
    })),
    streamConfig: {
      tm: [{ name: 'tm_realtime', processor: 'realtime' }, { name: 'tm_dump' }],
      cmdHist: ['cmdhist_realtime', 'cmdhist_dump'],
      event: ['events_realtime', 'events_dump'],
      param: ['pp_realtime', 'pp_dump', 'sys_param', 'proc_param'],
      parameterAlarm: ['alarms_realtime'],
      tc: [{ name: 'tc_realtime', processor: 'realtime' }],
      // Yamcs makes the streams in the order of this file: the SQL comes last, as it names those above.
      sqlFile: `${options.dir}/etc/cfdp.sql`,
    },
  };
}

/** `etc/processor.yaml`. */
export const processorConfig = {
  realtime: {
    services: [
      { class: 'org.yamcs.StreamTmPacketProvider' },
      { class: 'org.yamcs.StreamTcCommandReleaser' },
      {
        class: 'org.yamcs.tctm.StreamParameterProvider',
        args: { streams: ['pp_realtime', 'sys_param'] },
      },
      { class: 'org.yamcs.algorithms.AlgorithmManager' },
      { class: 'org.yamcs.parameter.LocalParameterManager' },
    ],
    config: {
      subscribeAll: true,
      alarm: { parameterCheck: true, parameterServer: 'enabled' },
    },
  },
  ...Object.fromEntries(
    ['Archive', 'ParameterArchive', 'ArchiveRetrieval'].map((name) => [
      name,
      {
        services: [
          { class: 'org.yamcs.tctm.ReplayService' },
          { class: 'org.yamcs.algorithms.AlgorithmManager' },
        ],
      },
    ]),
  ),
};

/** `etc/cfdp.sql`: a PDU is the data field of a space packet of its own. */
export const cfdpSql = `create stream cfdp_in as select substring(packet, 6) as pdu from tm_realtime where extract_short(packet, 0) = ${CFDP_APID}
create stream cfdp_out (gentime TIMESTAMP, entityId long, seqNum int, pdu binary)
insert into tc_realtime select gentime, 'cfdp-service' as origin, seqNum, '/yamcs/cfdp/upload' as cmdName, unhex('${CFDP_TC_HEADER}') + pdu as binary from cfdp_out
`;

function cfdpService({ groundEntity, spacecraftEntity }: YamcsOptions): object {
  return {
    class: 'org.yamcs.cfdp.CfdpService',
    name: 'cfdp',
    args: {
      inStream: 'cfdp_in',
      outStream: 'cfdp_out',
      incomingBucket: 'cfdpDown',
      sequenceNrLength: 4,
      entityIdLength: 2,
      // The same with and without security, so that a bench and a flight behave alike.
      maxPduSize: 1024 - TC_OVERHEAD,
      sleepBetweenPdus: 5,
      localEntities: [{ name: 'ground', id: groundEntity }],
      remoteEntities: [{ name: 'spacecraft', id: spacecraftEntity }],
    },
  };
}

function telemetryLink(options: YamcsOptions): object {
  const { tmPort, spacecraftId, frameLength, channelId, security } = options;
  return {
    name: 'TM',
    class: 'org.yamcs.tctm.ccsds.UdpTmFrameLink',
    port: tmPort,
    frameType: 'TM',
    spacecraftId,
    frameLength,
    errorDetection: 'CRC16',
    ...(security && {
      encryption: associations('tm', security, { verifySeqNum: true, seqNumWindow: TM_IV_WINDOW }),
    }),
    virtualChannels: [
      {
        vcId: channelId,
        ...(security && { encryptionSpis: security.tm.map(({ spi }) => spi) }),
        ocfPresent: false,
        service: 'PACKET',
        maxPacketLength: MAX_PACKET_LENGTH,
        ...preprocessor(options),
        stream: 'tm_realtime',
      },
    ],
  };
}

function preprocessor({ time }: YamcsOptions): object {
  if (time === 'onboard')
    return { packetPreprocessorClassName: 'com.example.myproject.FprimePacketPreprocessor' };
  return {
    packetPreprocessorClassName: 'org.yamcs.tctm.GenericPacketPreprocessor',
    // No one offset fits all packets, so there is no time to read; APID and count together tell packets apart.
    packetPreprocessorArgs: { timestampOffset: -1, seqCountOffset: 0, errorDetection: { type: 'NONE' } },
  };
}

function commandLink({ tcHost, tcPort, spacecraftId, channelId, security }: YamcsOptions): object {
  return {
    name: 'TC',
    class: 'org.yamcs.tctm.ccsds.UdpTcFrameLink',
    host: tcHost,
    port: tcPort,
    spacecraftId,
    maxFrameLength: 1024,
    errorDetection: 'CRC16',
    ...(security && { encryption: associations('tc', security, {}) }),
    virtualChannels: [
      {
        vcId: channelId,
        ...(security && { encryptionSpi: security.tc[0].spi }),
        service: 'PACKET',
        // For packets without a secondary header it fills in length and count, which is all that ours need.
        commandPostprocessorClassName: 'org.yamcs.tctm.IssCommandPostprocessor',
        commandPostprocessorArgs: { enforceEvenNumberOfBytes: false, errorDetection: { type: 'NONE' } },
        stream: 'tc_realtime',
        // Yamcs 5.12.8 encrypts a retransmitted frame twice, so COP-1 and security exclude each other.
        useCop1: false,
      },
    ],
  };
}

function associations(direction: Direction, security: YamcsSecurity, args: object): object[] {
  return security[direction].map(({ spi, file }) => ({
    spi,
    class: SA_CLASS,
    // Without it, Yamcs covers the virtual channel only.
    ...(security.mask === 'whole' && { authMask: authMaskHex(direction, 'whole') }),
    args: { keyFile: file, ...args },
  }));
}
