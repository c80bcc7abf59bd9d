/** Hands on what a TC frame carries, by kind. */

import { type Fault, fail } from '../../../fsw/errors';
import {
  ByteStream,
  CmdPacket,
  ComIn,
  component,
  defineComponent,
  input,
  isConnected,
  output,
  string,
  U8,
  U16,
  U32,
} from '../../../fsw/framework';
import {
  Apid,
  IDENTIFIED_COMMAND,
  readU16,
  type SpacePacket,
  splitSpacePackets,
} from '../../../fsw/protocols';
import { CFDP_APID } from '../pduPort';

const DESCRIPTOR_LENGTH = 2;

export const commandRouter = component(
  defineComponent({
    kind: 'passive',
    doc: 'Splits the space packets out of each TC frame and routes them by their F´ descriptor, CFDP PDUs by their APID.',
    ports: {
      frameIn: input.sync(ByteStream),
      commandOut: output(CmdPacket),
      fileOut: output(ComIn, { optional: true }),
      cfdpOut: output(ComIn, { optional: true }),
    },
    events: {
      UnroutablePacket: {
        id: 0,
        severity: 'warning-low',
        args: { descriptor: U16, sequence: U16 },
        format: 'no route for descriptor {descriptor} (packet {sequence})',
        throttle: 10,
        doc: 'A packet of a kind that this spacecraft does not take; sent again once one could be routed.',
      },
      MalformedPacket: {
        id: 1,
        severity: 'warning-low',
        args: { code: string(24), text: string(120) },
        format: '{code}: {text}',
        throttle: 10,
        doc: 'A packet that could not be delimited or read; what follows it in its frame is lost with it.',
      },
    },
    telemetry: {
      CommandsRouted: { id: 0, type: U32, update: 'on-change', doc: 'Packets handed to the dispatcher.' },
      FilePacketsRouted: { id: 1, type: U32, update: 'on-change', doc: 'Packets handed to the file uplink.' },
      Unroutable: { id: 2, type: U32, update: 'on-change', doc: 'Packets of other kinds.' },
      Malformed: { id: 3, type: U32, update: 'on-change', doc: 'Packets that could not be read.' },
      CfdpRouted: { id: 4, type: U32, update: 'on-change', doc: 'PDUs handed to CFDP.' },
    },
    config: {
      source: {
        type: U8,
        default: 0,
        doc: 'Which source of the link these packets come from; the dispatcher gives each its authority.',
      },
    },
  }),
  {
    state: () => ({ commands: 0, files: 0, pdus: 0, unroutable: 0, malformed: 0 }),
    ports({ state, out, event, tlm, config, clearThrottle }) {
      const refuse = (fault: Fault) => {
        event.MalformedPacket(fault);
        tlm.Malformed(++state.malformed);
      };
      const route = ({ apid, data, sequence }: SpacePacket) => {
        // A PDU has no descriptor: its APID alone tells.
        if (apid === CFDP_APID && isConnected(out.cfdpOut)) {
          tlm.CfdpRouted(++state.pdus);
          out.cfdpOut({ data: data.slice(), context: sequence });
          return;
        }
        if (data.length < DESCRIPTOR_LENGTH) {
          const { length } = data;
          refuse(fail('FPRIME_TRUNCATED', { what: 'packet', length, needed: DESCRIPTOR_LENGTH }).error);
          return;
        }
        const descriptor = readU16(data, 0);
        const packet = { data: data.slice(), context: sequence };
        switch (descriptor) {
          case Apid.COMMAND:
          case IDENTIFIED_COMMAND:
            tlm.CommandsRouted(++state.commands);
            out.commandOut({ ...packet, source: config.source });
            break;
          case Apid.FILE:
            tlm.FilePacketsRouted(++state.files);
            out.fileOut(packet);
            break;
          default:
            tlm.Unroutable(++state.unroutable);
            event.UnroutablePacket({ descriptor, sequence });
            return;
        }
        clearThrottle('UnroutablePacket');
        clearThrottle('MalformedPacket');
      };
      return {
        frameIn({ data }) {
          const split = splitSpacePackets(data, route);
          if (!split.ok) refuse(split.error);
        },
      };
    },
  },
);
