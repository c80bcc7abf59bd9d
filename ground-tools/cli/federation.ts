/** `perigee federation`: satellites learn together. */
import { type Command, InvalidArgumentError } from 'commander';
import { type GatewayRunOptions, runGateway } from '../federation/command';
import { campaign } from './campaign';
import type { Context } from './context';

export function federationCommand(program: Command, context: Context, ended: (code: number) => void): void {
  const federation = program
    .command('federation')
    .description('satellites learn together, with Flower: an experiment, whose options --help lists')
    .argument('[options...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (options: string[]) => ended(await campaign(context, 'federation', options)));

  federation
    .command('gateway')
    .description('answer a Flower SuperLink for satellites that are hardly ever in view')
    .requiredOption('--superlink <url>', 'the SuperLink, as http://127.0.0.1:8000')
    .requiredOption('--fleet <file>', 'JSON: [{"name", "gateway": "host:port", "publicKey": hex}, …]')
    .requiredOption('--key <file>', 'private Ed25519 key that signs tasks (perigee model keygen)')
    .option('--state <dir>', 'what must survive a restart', 'out/federation')
    .option('--every <seconds>', 'from one look at both sides to the next', positive, 3)
    .option('--norm <n>', 'largest L2 norm of an update', positive)
    .option('--json', 'one JSON object a line')
    .action(async (options: GatewayRunOptions) => ended(await runGateway(context, options)));
}

function positive(value: string): number {
  if (Number(value) > 0 && Number.isFinite(Number(value))) return Number(value);
  throw new InvalidArgumentError('It must be a number above 0.');
}
