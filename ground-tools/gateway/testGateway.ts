/** A gateway as a process of its own, for tests that kill it: `testGateway <port of the spacecraft> <folder>`. */
import { Gateway } from './gateway';
import { serveGateway } from './server';
import { testDictionary } from './testSpacecraft';

async function main([port, record]: readonly string[]): Promise<void> {
  const { dictionary, text: dictionaryText } = testDictionary();
  const link = { kind: 'tcp-client', host: '127.0.0.1', port: Number(port) } as const;
  const gateway = await Gateway.open({ link, dictionary, dictionaryText, record, segmentBytes: 1 << 20 });
  if (!gateway.ok) throw new Error(gateway.error.text);
  const server = await serveGateway(gateway.value, 0);
  if (!server.ok) throw new Error(server.error.text);
  console.log(server.value.port);
}

void main(process.argv.slice(2));
