/** The runtimes of a mission as targets: each engine that a component makes lies open from then on. */
import type { Engine } from '../../../components/payload/inference/engine';
import type { Topology } from '../../../fsw/framework/topology';
import { type IrradiatedEngine, irradiatedEngine } from './irradiatedEngine';
import type { Target } from './targets';

export interface IrradiatedRuntimes {
  /** The mission with its engines wrapped. */
  fit(topology: Topology): Topology;
  /** Every live copy of weights. */
  targets(): Target[];
}

export function irradiatedRuntimes(): IrradiatedRuntimes {
  const engines: IrradiatedEngine[] = [];
  return {
    fit: (topology) => ({
      ...topology,
      instances: topology.instances.map((instance) => {
        const setting = instance.component.model.config.engine;
        if (setting?.type.name !== 'Engine') return instance;
        const make = (instance.config.engine ?? setting.default) as () => Engine;
        const engine = () => {
          const made = irradiatedEngine(make());
          engines.push(made);
          return made;
        };
        return { ...instance, config: { ...instance.config, engine } };
      }),
    }),
    targets: () =>
      engines.flatMap((engine) =>
        engine.copies().map(({ name, bits, flip }) => ({ kind: 'runtime' as const, name, bits, flip })),
      ),
  };
}
