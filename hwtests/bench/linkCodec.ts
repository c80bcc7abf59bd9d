/** Our codecs of the link beside PyPI `spacepackets` and `fprime-gds`, on the same bytes in the same run. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { struct, timeOf, U32 } from '../../fsw/framework';
import { dictionaryJson, dictionaryOf } from '../../fsw/framework/dictionary';
import { Cursor } from '../../fsw/framework/types';
import { topology } from '../../fsw/missions/link-bench/topology';
import {
  Apid,
  SequenceCounters,
  SPACE_PACKET_HEADER_LENGTH,
  TC_OVERHEAD,
  TmDeframer,
  TmFramer,
  writeCommandPacket,
  writeEventPacket,
  writeSpacePacketHeader,
  writeTcFrame,
} from '../../fsw/protocols';
import { projectRoot } from '../../fsw/root';
import { convertDictionary } from '../../ground-tools/dictionary/formats';
import { readDownlink } from '../../ground-tools/link/downlink';
import { CommandUplink } from '../../ground-tools/link/uplink';
import { type Venv, venv } from '../interop/venv';
import { nsPerOperation, perSecond, type Row } from './measure';

const dictionary = dictionaryOf(topology);
/** Three U32: opcode, cmdSeq, uplink. */
const event = dictionary.events.find(({ local }) => local === 'OpCodeDispatched');
const args = struct('Args', { opcode: U32, cmdSeq: U32, uplink: U32 });
const DATA_LENGTH = 17 + args.maxSize;
const PACKETS = 100_000;
/** The peers get fewer: they take seconds for them. */
const PEER_PACKETS = 20_000;

/** Encodes events into packets into frames: the stream of `count` events whose first argument counts them. */
export function eventEncoder(onFrame: (frame: Uint8Array) => void) {
  if (event === undefined) throw new Error('the dictionary has no OpCodeDispatched');
  const { id } = event;
  const framer = new TmFramer({ onFrame });
  const counters = new SequenceCounters();
  const packet = new Uint8Array(SPACE_PACKET_HEADER_LENGTH + DATA_LENGTH);
  const cursor = new Cursor(packet);
  const time = timeOf(1.7e15);
  return {
    framer,
    add(i: number) {
      const at = writeSpacePacketHeader(packet, 0, {
        type: 'telemetry',
        apid: Apid.LOG,
        sequence: counters.next(Apid.LOG),
        dataLength: DATA_LENGTH,
      });
      cursor.at = writeEventPacket(packet, at, id, time);
      args.write(cursor, { opcode: i, cmdSeq: i, uplink: i });
      framer.add(packet);
    },
  };
}

export function streamOf(count: number): Buffer {
  const frames: Buffer[] = [];
  const { framer, add } = eventEncoder((frame) => void frames.push(Buffer.from(frame)));
  for (let i = 0; i < count; i++) add(i);
  framer.flush();
  return Buffer.concat(frames);
}

interface Peer {
  readonly packets: number;
  readonly total: number;
  readonly seconds: number;
}

function runPeer({ python }: Venv, ...words: string[]): Peer {
  const script = join(projectRoot, 'hwtests/bench/linkPeer.py');
  const { status, stdout, stderr } = spawnSync(python, [script, ...words], {
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (status !== 0) throw new Error(`linkPeer ${words[0]}: ${stderr.trim().split('\n').at(-1)}`);
  return JSON.parse(stdout) as Peer;
}

/** Deframes and decodes by the dictionary, as the gateway does; checks that all came. */
function decodeAll(stream: Buffer, count: number): void {
  let packets = 0;
  let total = 0;
  const deframer = new TmDeframer({
    onPacket: (packet) => {
      const read = readDownlink(dictionary, packet);
      if (!read.ok || read.value.kind !== 'event') throw new Error('a packet was not read');
      packets++;
      total += Number(read.value.args.opcode);
    },
  });
  deframer.push(stream);
  if (packets !== count || total !== sumTo(count))
    throw new Error(`${packets} of ${count} packets were read`);
}

const sumTo = (count: number) => (count * (count - 1)) / 2;

export function linkCodec(): Row[] {
  const folder = mkdtempSync(join(tmpdir(), 'perigee-bench-'));
  try {
    const environment = venv('gds', ['fprime-gds==4.4.1']);
    const stream = streamOf(PACKETS);
    const decodeNs = nsPerOperation(PACKETS, () => decodeAll(stream, PACKETS), 5);
    const encodeNs = nsPerOperation(PACKETS, (n) => void streamOf(n), 5);
    const commandNs = commandRate();
    const ours = `deframe + decode by dictionary, ${DATA_LENGTH + SPACE_PACKET_HEADER_LENGTH} B events in TM frames`;
    if ('absent' in environment) {
      const absent = `NOT MEASURED: ${environment.absent}`;
      return [
        row(ours, decodeNs, 'PyPI spacepackets and fprime-gds', absent),
        row('encode + frame', encodeNs, 'PyPI spacepackets', absent),
        row('command encode + frame', commandNs, 'PyPI fprime-gds', absent),
      ];
    }
    const file = join(folder, 'frames.bin');
    const dictionaryFile = join(folder, 'dictionary.json');
    writeFileSync(file, streamOf(PEER_PACKETS));
    const fprime = convertDictionary(JSON.stringify(dictionaryJson(dictionary)), 'fprime', '0.1.0');
    if (!fprime.ok) throw new Error(fprime.error.text);
    writeFileSync(dictionaryFile, fprime.value);
    const decoded = (peer: Peer) => {
      if (peer.packets !== PEER_PACKETS || peer.total !== sumTo(PEER_PACKETS))
        throw new Error(`a peer read ${peer.packets} of ${PEER_PACKETS} packets`);
      return peer;
    };
    const count = String(PEER_PACKETS);
    const gds = runPeer(environment, 'encode-gds', count, dictionaryFile);
    return [
      row(
        ours,
        decodeNs,
        'PyPI spacepackets 0.32: headers only, in frames cut by struct and checked by crcmod',
        decoded(runPeer(environment, 'decode-spacepackets', file)),
      ),
      row(
        ours,
        decodeNs,
        'PyPI fprime-gds 4.4.1: its deframers and event decoder',
        decoded(runPeer(environment, 'decode-gds', file, dictionaryFile)),
      ),
      row(
        'event encode + packet + TM frame',
        encodeNs,
        'PyPI spacepackets 0.32: header and data, frames by struct and crcmod',
        runPeer(environment, 'encode-spacepackets', count),
      ),
      row(
        'command packet + space packet + TC frame',
        framingRate(),
        'PyPI fprime-gds 4.4.1: its framers',
        gds,
      ),
      {
        // More work than the peer's: the name is looked up and the arguments are checked.
        ...row('command by name, arguments checked, encoded, in a TC frame', commandNs, 'the same', gds),
        promise: '',
        kept: undefined,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A command of three U32 arguments, as the peer packs it. */
function framingRate(): number {
  const counters = new SequenceCounters();
  const packet = new Uint8Array(SPACE_PACKET_HEADER_LENGTH + 6 + args.maxSize);
  const cursor = new Cursor(packet);
  const frame = new Uint8Array(packet.length + TC_OVERHEAD);
  return nsPerOperation(PACKETS, (n) => {
    for (let i = 0; i < n; i++) {
      const at = writeSpacePacketHeader(packet, 0, {
        type: 'telecommand',
        apid: Apid.COMMAND,
        sequence: counters.next(Apid.COMMAND),
        dataLength: packet.length - SPACE_PACKET_HEADER_LENGTH,
      });
      cursor.at = writeCommandPacket(packet, at, 0x1001);
      args.write(cursor, { opcode: i, cmdSeq: i, uplink: i });
      if (!writeTcFrame(frame, 0, packet).ok) throw new Error('no frame');
    }
  });
}

function commandRate(): number {
  const uplink = new CommandUplink(dictionary);
  const words = { arg1: 'twelve bytes' };
  return nsPerOperation(
    20_000,
    (n) => {
      for (let i = 0; i < n; i++)
        if (!uplink.command('commandDispatcher.CMD_NO_OP_STRING', words).ok) throw new Error('no command');
    },
    5,
  );
}

function row(what: string, ns: number, yardstick: string, peer: Peer | string): Row {
  const base = { what, value: perSecond(ns), yardstick };
  if (typeof peer === 'string')
    return { ...base, yardstickValue: peer, ratio: '', promise: '≥ 10 ×', kept: undefined };
  const peerNs = (peer.seconds * 1e9) / peer.packets;
  const ratio = peerNs / ns;
  return {
    ...base,
    yardstickValue: perSecond(peerNs),
    ratio: `${ratio.toFixed(0)} × its rate`,
    promise: '≥ 10 ×',
    kept: ratio >= 10,
  };
}
