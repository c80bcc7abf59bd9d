/** Whether the mission lets a step be taken now. */
import type { FineTuner } from './state';

/** `wait`: later. `over`: not in this job any more. */
export type Allowance = { readonly kind: 'go' } | { readonly kind: 'wait' | 'over'; readonly reason: string };

/** After a limit of temperature was met, training goes on when it is so many degrees cooler. */
const HYSTERESIS_K = 3;

export function allowance({ board, clock, param, state, tlm }: FineTuner, energyJ: number): Allowance {
  const unixS = (clock.epochUs + clock.nowUs()) / 1e6;
  if (energyJ >= param.MaxEnergyJ) return { kind: 'over', reason: `${Math.round(energyJ)} J are used` };
  if (param.NotAfterS > 0 && unixS >= param.NotAfterS) return { kind: 'over', reason: 'its time is over' };
  if (unixS < param.NotBeforeS) return { kind: 'wait', reason: 'its time has not come' };
  const temperatureC = board.host?.temperatureC?.();
  if (temperatureC !== undefined) {
    tlm.TemperatureC(temperatureC);
    const most = param.MaxTemperatureC - (state.hot ? HYSTERESIS_K : 0);
    state.hot = temperatureC > most;
    if (state.hot) return { kind: 'wait', reason: `${temperatureC.toFixed(1)} C, ${most} C the most` };
  }
  if (param.MinSunDeg > -90) {
    const { sunElevationDeg } = board.ephemeris.groundPoint(clock.nowUs());
    if (sunElevationDeg < param.MinSunDeg)
      return { kind: 'wait', reason: `the Sun stands at ${sunElevationDeg.toFixed(1)} deg` };
  }
  return { kind: 'go' };
}
