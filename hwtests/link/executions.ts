/** What truly happened on board: the link bench with an instrument whose commands are counted as they are done. */
import type { Topology } from '../../fsw/framework/topology';
import { topology } from '../../fsw/missions/link-bench/topology';

export interface Execution {
  /** How often the component began to do it; more than once must never be. */
  times: number;
  /** It was done, and answered OK. */
  done: boolean;
}

/** By what makes each command unlike any other: `SAY hello`, `Gain 0.5`. */
export type Executions = Map<string, Execution>;

export function countedBench(executions: Executions): Topology {
  const count = (key: string, done: boolean) => {
    const { times } = executions.get(key) ?? { times: 0 };
    executions.set(key, { times: times + 1, done });
  };
  const instances = topology.instances.map((one) => {
    if (one.name !== 'instrument') return one;
    const { model, code } = one.component;
    const counted: typeof code = {
      ...code,
      commands: (self) => {
        const { SAY, REFUSE, ...others } = code.commands?.(self) ?? {};
        return {
          ...others,
          SAY(args, meta) {
            count(`SAY ${(args as { text: string }).text}`, true);
            return SAY(args, meta);
          },
          REFUSE(args, meta) {
            count(`REFUSE ${(args as { reason: string }).reason}`, false);
            return REFUSE(args, meta);
          },
        };
      },
      paramChanged(self, name) {
        const { [name]: value } = self.param as Record<string, unknown>;
        count(`${name} ${value}`, true);
        code.paramChanged?.(self, name);
      },
    };
    return { ...one, component: { model, code: counted } };
  });
  return { ...topology, instances };
}
