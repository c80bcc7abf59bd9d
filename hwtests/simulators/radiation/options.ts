/** What an operator says of radiation: `x10000`, and what it may hit. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import { type TargetKind, targetKinds } from './targets';

export interface RadiationOptions {
  readonly factor: number;
  readonly targets: readonly TargetKind[];
}

/** What the mission heals without a trace in its products. */
const DEFAULT_TARGETS = 'store,golden,parameters';
/** Beyond, there are more hits than cells in an orbit. */
const MOST = 1e6;

/**
 * `factor` is times the published rate, as `x10000`; `targets` comma separated. Undefined without a factor.
 * Errors: RADIATION_FACTOR, RADIATION_TARGETS.
 */
export function parseRadiation(
  factor: string | undefined,
  targets: string | undefined,
): Result<RadiationOptions | undefined> {
  if (factor === undefined)
    return targets === undefined
      ? succeed(undefined)
      : fail('RADIATION_TARGETS', { text: targets, why: 'there is no radiation without --radiation xN' });
  const times = /^x(\d+(\.\d+)?)$/.exec(factor)?.[1];
  if (times === undefined || Number(times) > MOST)
    return fail('RADIATION_FACTOR', { text: factor, max: MOST });
  const wanted = (targets ?? DEFAULT_TARGETS).split(',');
  const stranger = wanted.find((name) => !isTarget(name));
  if (stranger !== undefined)
    return fail('RADIATION_TARGETS', {
      text: targets,
      why: `there is no target ${stranger || '""'}; known: ${targetKinds.join(', ')}`,
    });
  return succeed({ factor: Number(times), targets: wanted.filter(isTarget) });
}

function isTarget(name: string): name is TargetKind {
  return (targetKinds as readonly string[]).includes(name);
}
