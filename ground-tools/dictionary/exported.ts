/** The dictionary as plain data, as `perigee dictionary` writes it (framework `dictionaryJson`). */
import type { Band, SeverityName } from '../../fsw/framework/model';

export interface ExportedType {
  readonly kind:
    | 'integer'
    | 'float'
    | 'bool'
    | 'enum'
    | 'string'
    | 'bytes'
    | 'array'
    | 'struct'
    | 'reference';
  readonly default: unknown;
  /** Bits of a number, most bytes of a text. */
  readonly size?: number;
  readonly signed?: boolean;
  readonly format?: string;
  /** Enumerations: the wire type's name, and the numbers by name. */
  readonly representation?: string;
  readonly constants?: Readonly<Record<string, number>>;
  /** Arrays: the element type's name. */
  readonly element?: string;
  readonly length?: number;
  /** Structs: the type's name of each member. */
  readonly members?: Readonly<Record<string, string>>;
}

export interface ExportedEntry {
  /** `deployment.instance.NAME`. */
  readonly name: string;
  readonly id: number;
  readonly instance: string;
  readonly local: string;
  readonly doc: string;
}

export interface ExportedArg {
  readonly name: string;
  readonly type: string;
}

export interface ExportedCommand extends ExportedEntry {
  readonly args: readonly ExportedArg[];
}

export interface ExportedEvent extends ExportedCommand {
  readonly severity: SeverityName;
  readonly format: string;
  readonly throttle?: number;
}

export interface ExportedChannel extends ExportedEntry {
  readonly type: string;
  readonly update?: 'always' | 'on-change';
  readonly limits?: { readonly low?: Band; readonly high?: Band };
  readonly unit?: string;
}

export interface ExportedParam extends ExportedEntry {
  readonly type: string;
  readonly default?: unknown;
  readonly unit?: string;
}

export interface ExportedDictionary {
  readonly deployment: string;
  readonly hash: string;
  readonly types: Readonly<Record<string, ExportedType>>;
  readonly commands: readonly ExportedCommand[];
  readonly events: readonly ExportedEvent[];
  readonly channels: readonly ExportedChannel[];
  readonly params: readonly ExportedParam[];
  readonly records: readonly (ExportedEntry & { readonly type: string })[];
  readonly packets: readonly {
    readonly name: string;
    readonly id: number;
    readonly channels: readonly string[];
  }[];
}
