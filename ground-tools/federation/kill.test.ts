import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Fetch } from './fleet';
import type { Gateway } from './gateway';
import type { SatelliteLink } from './satelliteLink';
import { TestFederation, writeQuickly } from './testFederation';
import { orderOf, removeTestFolders, testArrays } from './testSatellites';

afterAll(removeTestFolders);

class Killed extends Error {}

/** Counts all that a gateway does outside of itself; at act `at` it dies, before or after it is done, and does nothing more. */
class Reaper {
  acts: string[] = [];
  #dead = false;

  constructor(
    readonly at: number,
    readonly when: 'before' | 'after',
  ) {}

  begin(name: string): void {
    if (this.#dead) throw new Killed();
    this.acts.push(name);
    if (this.acts.length === this.at && this.when === 'before') this.#die();
  }

  end(): void {
    if (this.#dead) throw new Killed();
    if (this.acts.length === this.at && this.when === 'after') this.#die();
  }

  #die(): never {
    this.#dead = true;
    throw new Killed();
  }
}

function mortal(federation: TestFederation, reaper: Reaper): Gateway {
  const act = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    reaper.begin(name);
    const done = await work();
    reaper.end();
    return done;
  };
  const { link, superlink } = federation;
  const fetch: Fetch = (url, init) => act(url, () => superlink.fetch(url, init));
  const mortalLink: SatelliteLink = {
    deliver: (...args) => act('deliver', () => link.deliver(...args)),
    updates: (...args) => act('updates', () => link.updates(...args)),
    settle: (...args) => act('settle', () => link.settle(...args)),
  };
  const write = (file: string, bytes: Uint8Array | string) => {
    reaper.begin(`write ${file.split('.').at(-1)}`);
    writeQuickly(file, bytes);
    reaper.end();
  };
  federation.gateway.close();
  return federation.open({ fetch, link: mortalLink, write });
}

/** A round with a kill in it; then another process, to the end. */
async function round(at: number, when: 'before' | 'after') {
  const federation = new TestFederation();
  await federation.steps(1);
  const message = federation.ask('sat-1', orderOf(testArrays, 1));
  const reaper = new Reaper(at, when);
  mortal(federation, reaper);
  await federation.steps(4).catch((error: unknown) => {
    if (!(error instanceof Killed)) throw error;
  });
  const lastAct = reaper.acts.at(-1) ?? '';
  federation.gateway.close();
  federation.open();
  await federation.steps(4);
  return { federation, message, acts: reaper.acts.length, lastAct, died: reaper.acts.length === at };
}

describe('a gateway that is killed', () => {
  it.each(['before', 'after'] as const)(
    'at any act, %s it is done, loses no update and pushes none twice',
    async (when) => {
      let claimed = 0;
      let at = 1;
      for (; ; at++) {
        const { federation, message, died, lastAct } = await round(at, when);
        const { superlink, tasks, link } = federation;
        const entry = federation.gateway.journals.get('sat-1')?.entries.get(message);
        const where = `${when} act ${at}, ${lastAct}`;
        if (entry === undefined) {
          // Flower handed the message out and forgot it: no note could be made in time.
          expect(lastAct, where).toMatch(/pull-messages|write json/);
          claimed++;
        } else {
          expect(superlink.reply(message)?.body.kind, where).toBe('content');
          expect(entry.outcome, where).toBe('pushed');
          expect(tasks.get('sat-1'), where).toHaveLength(1);
          expect(link.waiting('sat-1'), where).toBe(0);
        }
        if (!died) break;
      }
      expect(at).toBeGreaterThan(25);
      // Between Flower's handing out and the note of it there is one instant, and no other.
      expect(claimed).toBeLessThanOrEqual(1);
    },
    30_000,
  );

  it('at any act of its first step, is the same one node at the SuperLink, half a minute later', async () => {
    for (const when of ['before', 'after'] as const)
      for (let at = 1; ; at++) {
        const federation = new TestFederation();
        const reaper = new Reaper(at, when);
        const killed = (error: unknown) => {
          if (!(error instanceof Killed)) throw error;
        };
        try {
          mortal(federation, reaper);
          await federation.steps(1).catch(killed);
        } catch (error) {
          killed(error);
        }
        federation.superlink.nowMs += 30_000;
        rmSync(join(federation.state, 'lock'), { force: true });
        federation.open();
        await federation.steps(1);
        const message = federation.ask();
        await federation.steps(4);
        const where = `${when} act ${at}, ${reaper.acts.at(-1)}`;
        expect(federation.superlink.nodes.size, where).toBe(1);
        expect(federation.superlink.reply(message)?.body.kind, where).toBe('content');
        if (reaper.acts.length < at) break;
      }
  }, 30_000);

  it('between the last object and the note of it, and Flower has taken the reply: says that it does not know', async () => {
    const federation = new TestFederation();
    await federation.steps(1);
    const message = federation.ask();
    const honest = federation.superlink.fetch;
    let sent = 0;
    federation.gateway.close();
    federation.open({
      fetch: async (url, init) => {
        const answer = await honest(url, init);
        const objects = federation.superlink.orders.get(message);
        if (!url.endsWith('push-object') || ++sent < 8 || objects?.replyId === undefined) return answer;
        // Flower takes the reply and drops it from its store; the answer to the last call never comes.
        if (federation.superlink.reply(message) === undefined) return answer;
        for (const id of [...federation.superlink.objects.keys()]) federation.superlink.objects.delete(id);
        federation.superlink.orders.delete(message);
        throw new TypeError('fetch failed');
      },
    });
    await federation.steps(6);
    expect(federation.told('uncertain')).toHaveLength(1);
    expect(federation.gateway.counts.pushed).toBeUndefined();
  });
});
