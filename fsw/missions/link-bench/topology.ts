/**
 * Link bench: the bus of a spacecraft around an instrument that says everything back, for trials with ground
 * systems that have no link security. `perigee fly link-bench --board flight --link tcp-server:127.0.0.1:50000`
 */

import { connect, instance } from '../../framework';
import { bus } from '../bus';
import { instrument } from './instrument';

const spacecraft = bus({
  version: '0.1.0',
  periodUs: 100_000,
  security: 'CLEAR',
  downlinkBps: 20_000_000,
  telemetryTicks: 1,
  cfdpPeers: '1,11',
});

const bench = instance('instrument', instrument, { baseId: 0x2000, priority: 10 });

export const topology = spacecraft.complete({
  name: 'LinkBench',
  payload: [bench],
  connections: [connect(spacecraft.slow[0], bench.in.schedIn)],
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
