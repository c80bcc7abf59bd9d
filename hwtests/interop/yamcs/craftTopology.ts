/** The link bench with link security between its framers and the radio. */
import { linkSecurity } from '../../../components/comms/linkSecurity/linkSecurity';
import { type Connection, type EndRef, instance } from '../../../fsw/framework/topology';
import { topology as bench } from '../../../fsw/missions/link-bench/topology';

const security = instance('linkSecurity', linkSecurity, { baseId: 0x1a00 });

function to(name: string, end: string, ref: EndRef<'in'>): Connection {
  return { from: { direction: 'out', instance: name, end, index: 0, type: ref.type }, to: ref };
}

export const topology = {
  ...bench,
  instances: [...bench.instances, security],
  connections: [
    ...bench.connections,
    to('tcDeframer', 'open', security.in.open),
    to('tmFramer', 'room', security.in.room),
    to('tmFramer', 'seal', security.in.seal),
  ],
};
