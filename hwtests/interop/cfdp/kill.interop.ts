/** Two of ours in processes of their own; one or the other is killed at 20 random instants of one transfer. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Indication } from '../../../fsw/cfdp';
import { randomBytes, seeded } from '../../../fsw/cfdp/testRig';

const KILLS = 20;
const FILE_BYTES = 6_000_000;
const program = join(__dirname, '../../cfdp/node.ts');

interface Side {
  readonly args: readonly string[];
  child: ChildProcess | undefined;
}

describe('two of ours, killed', () => {
  it(`${KILLS} kills of either side at random instants: the file arrives, byte-identical, once`, async () => {
    const home = mkdtempSync(join(tmpdir(), 'perigee-cfdp-'));
    const random = seeded(2026);
    const finished: Indication[] = [];
    const [from, to] = ['from', 'to'].map((name) => join(home, name));
    mkdirSync(from);
    mkdirSync(to);
    const file = randomBytes(FILE_BYTES, 9);
    writeFileSync(join(from, 'model.bin'), file);
    const a: Side = { args: ['1', '2', from, 'model.bin'], child: undefined };
    const b: Side = { args: ['2', '1', to], child: undefined };
    let relayed = 0;

    const start = (side: Side, other: Side) => {
      const child = fork(program, side.args, {
        execArgv: ['-r', 'ts-node/register/transpile-only'],
        serialization: 'advanced',
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      });
      child.on('error', () => undefined);
      child.on('message', ({ pdu, indication }: { pdu?: Uint8Array; indication?: Indication }) => {
        if (indication?.kind === 'finished') finished.push(indication);
        if (pdu === undefined) return;
        relayed++;
        if (other.child?.connected) other.child.send({ pdu }, () => undefined);
      });
      side.child = child;
    };
    const stop = async (side: Side) => {
      const { child } = side;
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    };
    const until = async (done: () => boolean, timeoutMs: number) => {
      for (const end = Date.now() + timeoutMs; Date.now() < end && !done(); )
        await new Promise((resolve) => setTimeout(resolve, 1));
      return done();
    };
    const roles = () => new Set(finished.flatMap((one) => (one.kind === 'finished' ? [one.role] : [])));
    const journals = () =>
      [from, to].flatMap((folder) =>
        readdirSync(join(folder, '.cfdp')).filter((name) => name.startsWith('t-')),
      );

    try {
      start(a, b);
      start(b, a);
      let killed = 0;
      for (; killed < KILLS; killed++) {
        const at = relayed + 1 + Math.floor(random() * 300);
        expect(await until(() => relayed >= at || roles().size === 2, 30_000)).toBe(true);
        if (roles().size === 2) break;
        const [side, other] = random() < 0.5 ? [a, b] : [b, a];
        await stop(side);
        start(side, other);
      }
      expect(killed).toBe(KILLS);
      expect(await until(() => roles().size === 2 && journals().length === 0, 90_000)).toBe(true);
      expect(readFileSync(join(to, 'model.bin')).equals(file)).toBe(true);
      expect(finished.every((one) => one.kind === 'finished' && one.outcome.condition === 0)).toBe(true);
      console.log(`${KILLS} kills, ${relayed} PDUs, ${Math.ceil(FILE_BYTES / 980)} without`);
    } finally {
      await stop(a);
      await stop(b);
      rmSync(home, { recursive: true, force: true });
    }
  });
});
