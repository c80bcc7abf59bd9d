/** Ten clients of a gateway in a process of their own: `linkClients <address> <json|packets> <clients> <packets>`. */
import { WebSocket } from 'ws';
import { ENTRY_HEAD_LENGTH } from '../../ground-tools/gateway/messages';

/** What one client saw: packets, whether each number came after the one before, and what it was told to have missed. */
export interface Seen {
  packets: number;
  outOfOrder: number;
  lost: number;
  bytes: number;
}

const [address, format, clients, total] = process.argv.slice(2);

function client(): Promise<Seen> {
  const seen: Seen = { packets: 0, outOfOrder: 0, lost: 0, bytes: 0 };
  let next: number | undefined;
  const expect = (n: number) => {
    if (next !== undefined && n !== next) seen.outOfOrder++;
  };
  const socket = new WebSocket(`ws://${address}`, { perMessageDeflate: false, skipUTF8Validation: true });
  return new Promise((resolve) => {
    socket.on('open', () => socket.send(JSON.stringify({ type: 'subscribe', ref: 1, format })));
    socket.on('message', (data: Buffer, isBinary) => {
      seen.bytes += data.length;
      if (isBinary)
        for (let at = 0; at < data.length; ) {
          const n = data.readUInt32BE(at);
          expect(n);
          next = n + 1;
          seen.packets++;
          at += ENTRY_HEAD_LENGTH + data.readUInt32BE(at + 4);
        }
      else if (data.includes('"type":"gap"'))
        seen.lost += (JSON.parse(data.toString()) as { lost: number }).lost;
      else if (data.includes('"type":"subscribed"')) process.send?.('subscribed');
      else if (data.includes('"type":"event"')) lines(data);
      if (seen.packets + seen.lost >= Number(total)) {
        socket.terminate();
        resolve(seen);
      }
    });
    socket.on('close', () => resolve(seen));
  });

  /** Counts a batch's lines, and reads the first and the last: between them none is missing if the count fits. */
  function lines(data: Buffer): void {
    let count = 0;
    let last = 0;
    for (let at = 0; at < data.length; count++) {
      last = at;
      at = data.indexOf(10, at) + 1;
    }
    const first = numberOf(data.subarray(0, data.indexOf(10)));
    expect(first);
    next = numberOf(data.subarray(last)) + 1;
    if (next - first !== count) seen.outOfOrder++;
    seen.packets += count;
  }
}

function numberOf(line: Buffer): number {
  return (JSON.parse(line.toString()) as { n: number }).n;
}

void Promise.all(Array.from({ length: Number(clients) }, client)).then((all) => {
  process.send?.(all, () => process.exit(0));
});
