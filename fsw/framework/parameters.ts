import type { Result } from '../errors';
import { fail, succeed } from '../errors';
import type { ParamSpec, Params } from './model';
import type { Home } from './services';
import { checkSetting } from './settings';
import { decode, encode } from './types';

/** The parameters of one instance: current values, and the ways to change and keep them. */
export interface ParameterSet {
  /** Current values by name; the object that handlers see as `param`. */
  readonly values: Record<string, unknown>;
  /** Takes over saved values that are valid; `invalid` hears of the others. */
  load(invalid: (name: string, reason: string) => void): void;
  /** Checks and sets one value. */
  set(name: string, value: unknown): Result<void>;
  /** Hands the current value to the parameter store. */
  save(name: string): Result<void>;
}

export function parameterSet(
  home: Home,
  params: Params,
  initial: Readonly<Record<string, unknown>>,
): ParameterSet {
  const values: Record<string, unknown> = { ...initial };

  const set = (name: string, value: unknown): Result<void> => {
    const checked = checkSetting(params[name], value, `${home.name}.${name}`);
    if (!checked.ok) return checked;
    values[name] = checked.value;
    return succeed(undefined);
  };
  const load = (name: string, spec: ParamSpec): Result<void> => {
    const saved = home.services.prmGet({ id: home.baseId + spec.id });
    if (!saved.valid) return succeed(undefined);
    const decoded = decode(spec.type, saved.value, `${home.name}.${name}`);
    return decoded.ok ? set(name, decoded.value) : decoded;
  };
  return {
    values,
    set,
    load(invalid) {
      for (const [name, spec] of Object.entries(params)) {
        const loaded = load(name, spec);
        if (!loaded.ok) invalid(name, loaded.error.text);
      }
    },
    save(name) {
      const spec = params[name];
      const saved = home.services.prmSet({
        id: home.baseId + spec.id,
        value: encode(spec.type, values[name]),
      });
      return saved ? succeed(undefined) : fail('PARAM_NOT_SAVED', { param: `${home.name}.${name}` });
    },
  };
}
