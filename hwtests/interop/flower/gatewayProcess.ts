/** The gateway as a process of its own, so that a suite can kill it; its link to the satellites are messages to the parent. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { Failed, Result } from '../../../fsw/errors';
import { Gateway } from '../../../ground-tools/federation/gateway';
import type { SatelliteLink } from '../../../ground-tools/federation/satelliteLink';
import type { GatewayEvent } from '../../../ground-tools/federation/virtualSatellite';

/** What it is started with, as JSON. */
export interface Settings {
  readonly superlink: string;
  readonly state: string;
  /** PEM, by name. */
  readonly satellites: Readonly<Record<string, string>>;
  readonly taskKey: string;
}

export type LinkCall = 'deliver' | 'updates' | 'settle';
export type FromGateway =
  | { readonly ask: number; readonly call: LinkCall; readonly args: readonly unknown[] }
  | { readonly event: GatewayEvent };

export interface ToGateway {
  readonly ask: number;
  readonly answer: unknown;
}

const STEP_EVERY_MS = 20;

function parentLink(): SatelliteLink {
  const waiting = new Map<number, (answer: unknown) => void>();
  let count = 0;
  process.on('message', ({ ask, answer }: ToGateway) => {
    waiting.get(ask)?.(answer);
    waiting.delete(ask);
  });
  const asked = <T>(call: LinkCall, args: readonly unknown[]) =>
    new Promise<Result<T>>((resolve) => {
      waiting.set(++count, (answer) => resolve(answer as Result<T>));
      process.send?.({ ask: count, call, args } satisfies FromGateway);
    });
  return {
    deliver: (...args) => asked('deliver', args),
    updates: (...args) => asked('updates', args),
    settle: (...args) => asked('settle', args),
  };
}

function open({ superlink, state, satellites, taskKey }: Settings): Gateway {
  const key = createPrivateKey(taskKey);
  const gateway: Result<Gateway> = Gateway.open({
    superlink,
    state,
    satellites: new Map(Object.entries(satellites).map(([name, pem]) => [name, createPublicKey(pem)])),
    link: parentLink(),
    taskKey: key,
    taskPublicKey: createPublicKey(key),
    report: (event) => process.send?.({ event } satisfies FromGateway),
  });
  return gateway.ok ? gateway.value : failed(gateway);
}

function failed({ error }: Failed): never {
  throw new Error(error.text);
}

async function main(settings: Settings): Promise<void> {
  const gateway = open(settings);
  process.on('disconnect', () => process.exit());
  for (;;) {
    await gateway.step();
    await new Promise((resolve) => setTimeout(resolve, STEP_EVERY_MS));
  }
}

void main(JSON.parse(process.argv[2]) as Settings);
