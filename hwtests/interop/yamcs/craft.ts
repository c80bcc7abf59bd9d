/**
 * The link bench as a process of its own, for a room: `craft <options as JSON>`. Its folder keeps what it saves,
 * so that the next one boots from it.
 */
import type { ConfigOverrides } from '../../../fsw/framework/deployment';
import { topology } from '../../../fsw/missions/link-bench/topology';
import { flySpacecraft } from '../spacecraft';

export interface CraftOptions {
  readonly link: string;
  readonly folder: string;
  readonly config: ConfigOverrides;
}

async function main(options: CraftOptions): Promise<void> {
  const craft = await flySpacecraft(topology, options);
  process.on('SIGTERM', () => void craft.stop());
}

if (require.main === module) void main(JSON.parse(process.argv[2]) as CraftOptions);
