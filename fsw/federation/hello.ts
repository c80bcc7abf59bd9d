/** What a node says to a neighbour that comes into view: what it has, what it knows, and when it sees the ground. */
import type { KeyObject } from 'node:crypto';
import type { Result } from '../errors';
import type { TrustedKeys } from '../models';
import { list, Malformed, member, optional, text } from '../models/fields';
import { unixMs } from './fields';
import { type Opened, open, seal } from './sealed';

/** Ids here are the first 16 hex digits of content addresses. */
export interface Hello {
  readonly node: string;
  /** Unix milliseconds: said again, a greeting is another message. */
  readonly saidMs: number;
  /** When the ground is seen next, by the node or by way of others in its view, Unix milliseconds; absent where nobody will. */
  readonly nextPassMs?: number;
  /** Updates on board. */
  readonly updates: readonly string[];
  /** Updates that the ground has, or does not want: nobody need carry them. */
  readonly done: readonly string[];
  /** Tasks that have come to whom they are for, as far as we know: our own, and those that need be carried no more. */
  readonly tasks: readonly string[];
  /** Tasks for others. */
  readonly carried: readonly string[];
}

export const HELLO_IDS = 256;

export function sealHello(hello: Hello, key: KeyObject): Uint8Array {
  return seal('PGEFHELO', hello, key);
}

/** Errors: FED_FORMAT, FED_KEY, FED_SIGNATURE. */
export function openHello(bytes: Uint8Array, keys: TrustedKeys): Result<Opened<Hello>> {
  return open('PGEFHELO', bytes, keys, helloOf);
}

function helloOf(value: unknown): Hello {
  const at = 'hello';
  return {
    node: text(member(value, 'node', at), 'node', 40),
    saidMs: unixMs(value, 'saidMs', at),
    ...(optional(value, 'nextPassMs') !== undefined && { nextPassMs: unixMs(value, 'nextPassMs', at) }),
    updates: idsOf(value, 'updates'),
    done: idsOf(value, 'done'),
    tasks: idsOf(value, 'tasks'),
    carried: idsOf(value, 'carried'),
  };
}

function idsOf(value: unknown, key: string): string[] {
  return list(member(value, key, 'hello'), key, HELLO_IDS).map((entry) => {
    const id = text(entry, key, 16);
    if (!/^[0-9a-f]{16}$/.test(id)) throw new Malformed(`${key}: ${id} is no id`);
    return id;
  });
}
