import { afterAll, describe, expect, it } from 'vitest';
import { fail } from '../../fsw/errors';
import { TestFederation } from './testFederation';
import { learned, orderOf, readTask, removeTestFolders, testArrays, updateOf } from './testSatellites';

afterAll(removeTestFolders);

/** A federation that has joined. */
async function joined(count = 1, options = {}): Promise<TestFederation> {
  const federation = new TestFederation(count, options);
  await federation.steps(1);
  return federation;
}

describe('the gateway', () => {
  it('takes a message to the satellite and the parameters it learned back, in the names and shapes that came', async () => {
    const federation = await joined();
    const message = federation.ask();
    await federation.steps(4);
    const [task] = federation.tasks.get('sat-1') ?? [];
    const { task: content } = readTask(task);
    expect(content).toMatchObject({
      run: '18446744073709551613',
      round: 1,
      node: 'sat-1',
      steps: 20,
      rate: 0.01,
    });
    const reply = federation.superlink.reply(message);
    if (reply?.body.kind !== 'content') throw new Error('there is no reply with content');
    const arrays = reply.body.records.get('arrays');
    const delta = learned(federation.satellites[0], content);
    expect(arrays?.kind === 'arrays' && [...arrays.arrays]).toEqual(
      [...testArrays].map(([name, { dims, data }], n) => [
        name,
        { dims, data: data.map((value, i) => value + delta[(n === 0 ? 0 : 12) + i]) },
      ]),
    );
    expect(reply.body.records.get('metrics')).toMatchObject({
      kind: 'metrics',
      values: new Map<string, unknown>([
        ['num-examples', 40n],
        ['loss', 1],
        ['accuracy-before', Number.NaN],
        ['accuracy-after', Number.NaN],
      ]),
    });
    expect(federation.gateway.counts).toEqual({ joined: 1, task: 1, delivered: 1, update: 1, pushed: 1 });
    expect(federation.link.waiting('sat-1')).toBe(0);
  });

  it('waits for a satellite that is out of view for days, and for its answer', async () => {
    const federation = await joined();
    federation.inView.clear();
    const message = federation.ask('sat-1', orderOf(testArrays, 1), { ttl: 3 * 86_400 });
    await federation.steps(48, 3_600_000);
    expect(federation.tasks.size).toBe(0);
    federation.inView.add('sat-1');
    await federation.steps(3);
    expect(federation.superlink.reply(message)?.body.kind).toBe('content');
  });

  it('answers what satellites do not do with an error that names it', async () => {
    const federation = await joined();
    const evaluate = federation.ask('sat-1', orderOf(testArrays, 1), { type: 'evaluate' });
    const noBase = federation.ask('sat-1', orderOf(testArrays, 1, { base: 'none' }));
    await federation.steps(4);
    for (const [message, why] of [
      [evaluate, "they don't evaluate"],
      [noBase, 'no SHA-256'],
    ]) {
      const body = federation.superlink.reply(message)?.body;
      expect(body?.kind === 'error' && body.error.reason).toContain('FLOWER_ORDER');
      expect(body?.kind === 'error' && body.error.reason).toContain(why);
    }
    expect(federation.tasks.size).toBe(0);
  });

  it('refuses a poisoned update, and tells Flower its code', async () => {
    const federation = await joined();
    const bad = {
      FED_NORM: { delta: new Float32Array(16).fill(1e3) },
      FED_BASE: { change: { base: 'cd'.repeat(32) } },
      FED_PACKED: { change: { delta: new Uint8Array([9, 9]) } },
    };
    for (const [code, { change, delta }] of Object.entries<{ change?: object; delta?: Float32Array }>(bad)) {
      federation.answer = (satellite, task) =>
        updateOf(satellite, task, federation.superlink.nowMs, change, delta);
      const message = federation.ask();
      await federation.steps(4);
      const body = federation.superlink.reply(message)?.body;
      expect(body?.kind === 'error' && body.error.reason).toContain(code);
    }
    expect(federation.gateway.counts.refused).toBe(3);
  });

  it('refuses one whose norm is far from those of the others', async () => {
    const federation = await joined(4);
    const [, , , last] = federation.satellites;
    federation.answer = (satellite, task) =>
      updateOf(
        satellite,
        task,
        0,
        { madeMs: federation.superlink.nowMs },
        new Float32Array(16).fill(satellite === last ? 5 : 0.1),
      );
    const messages = federation.satellites.slice(0, 3).map(({ name }) => federation.ask(name));
    await federation.steps(4);
    const outlier = federation.ask(last.name);
    await federation.steps(4);
    for (const message of messages) expect(federation.superlink.reply(message)?.body.kind).toBe('content');
    const body = federation.superlink.reply(outlier)?.body;
    expect(body?.kind === 'error' && body.error.reason).toContain('FED_NORM');
  });

  it('asks a reference set, where there is one', async () => {
    const federation = await joined(1, {
      canary: async () => ({ ok: false, error: { code: 'FED_CANARY', text: 'accuracy 0.2 after 0.9' } }),
    });
    const message = federation.ask();
    await federation.steps(4);
    const body = federation.superlink.reply(message)?.body;
    expect(body?.kind === 'error' && body.error.reason).toContain('FED_CANARY');
  });

  it('has a damaged update sent again, and answers with the error when it stays so', async () => {
    const federation = await joined();
    const damaged = (task: Uint8Array) => {
      const bytes = updateOf(federation.satellites[0], task, federation.superlink.nowMs);
      bytes[bytes.length - 1] ^= 1;
      return bytes;
    };
    federation.answer = (_, task) => damaged(task);
    const message = federation.ask();
    await federation.steps(3);
    const [task] = federation.tasks.get('sat-1') ?? [];
    expect(federation.told('damaged')).toEqual([expect.stringContaining('FED_SIGNATURE')]);
    expect(federation.superlink.reply(message)).toBeUndefined();
    federation.link.finish('sat-1', updateOf(federation.satellites[0], task, federation.superlink.nowMs));
    await federation.steps(2);
    expect(federation.superlink.reply(message)?.body.kind).toBe('content');

    const second = federation.ask('sat-1', orderOf(testArrays, 2));
    await federation.steps(2);
    for (let i = 0; i < 2; i++) {
      federation.link.finish('sat-1', damaged(task));
      await federation.steps(2);
    }
    const body = federation.superlink.reply(second)?.body;
    expect(body?.kind === 'error' && body.error.reason).toContain('FED_SIGNATURE');
  });

  it('counts an update once, however often it comes', async () => {
    const federation = await joined();
    const message = federation.ask();
    await federation.steps(4);
    const pushes = federation.superlink.calls.filter((call) => call === 'push-messages').length;
    const [task] = federation.tasks.get('sat-1') ?? [];
    federation.link.finish('sat-1', updateOf(federation.satellites[0], task, federation.superlink.nowMs));
    await federation.steps(3);
    expect(federation.gateway.counts).toMatchObject({ duplicate: 1, pushed: 1 });
    expect(federation.superlink.calls.filter((call) => call === 'push-messages')).toHaveLength(pushes);
    expect(federation.superlink.reply(message)?.body.kind).toBe('content');
  });

  it('keeps an update that came after Flower gave the task up, and says so', async () => {
    const federation = await joined();
    federation.answer = () => undefined;
    const message = federation.ask();
    await federation.steps(2);
    await federation.steps(14, 3_600_000);
    expect(federation.told('expired')).toHaveLength(1);
    const [task] = federation.tasks.get('sat-1') ?? [];
    federation.link.finish('sat-1', updateOf(federation.satellites[0], task, federation.superlink.nowMs));
    await federation.steps(2);
    expect(federation.told('late')).toHaveLength(1);
    expect(federation.gateway.journals.get('sat-1')?.late).toHaveLength(1);
    expect(federation.superlink.reply(message)).toBeUndefined();
    expect(federation.link.returned).toHaveLength(1);
  });

  it('takes an update that another satellite brought, once', async () => {
    const federation = await joined(2);
    federation.answer = () => undefined;
    const message = federation.ask();
    await federation.steps(3);
    const [task] = federation.tasks.get('sat-1') ?? [];
    const update = updateOf(federation.satellites[0], task, federation.superlink.nowMs);
    federation.inView.delete('sat-1');
    federation.link.finish('sat-1', update);
    federation.link.finish('sat-2', update);
    await federation.steps(3);
    federation.inView.add('sat-1');
    await federation.steps(2);
    expect(federation.superlink.reply(message)?.body.kind).toBe('content');
    expect(federation.gateway.counts).toMatchObject({ update: 1, pushed: 1 });
    expect(federation.link.waiting('sat-1') + federation.link.waiting('sat-2')).toBe(0);
  });

  it('tells Flower when a satellite refuses a task', async () => {
    const federation = await joined();
    federation.gateway.close();
    const { link } = federation;
    federation.open({
      link: {
        deliver: async () => fail('FED_BASE', { what: 'task', model: 'm', found: 'ab', expected: 'cd' }),
        updates: (name) => link.updates(name),
        settle: (...args) => link.settle(...args),
      },
    });
    const message = federation.ask();
    await federation.steps(4);
    const body = federation.superlink.reply(message)?.body;
    expect(body?.kind === 'error' && body.error.reason).toContain('FED_BASE');
  });

  it('tells Flower when a satellite gives a task up that it has', async () => {
    const federation = await joined();
    federation.answer = () => undefined;
    const fault = fail('FED_TASK_REFUSED', { why: 'no labelled tile' }).error;
    const { link } = federation;
    const given: { task: string; fault: typeof fault }[] = [];
    federation.gateway.close();
    federation.open({
      link: {
        deliver: (...args) => link.deliver(...args),
        updates: (name) => link.updates(name),
        settle: (...args) => link.settle(...args),
        givenUp: () => given.splice(0),
      },
    });
    const message = federation.ask();
    await federation.steps(3);
    const [task] = federation.tasks.get('sat-1') ?? [];
    given.push({ task: readTask(task).id.slice(0, 16), fault });
    await federation.steps(2);
    const body = federation.superlink.reply(message)?.body;
    expect(body?.kind === 'error' && body.error.reason).toContain('no labelled tile');
  });

  it('keeps an update of a run that was stopped, and one that nobody asked for', async () => {
    const federation = await joined();
    federation.answer = () => undefined;
    federation.ask();
    await federation.steps(3);
    const [task] = federation.tasks.get('sat-1') ?? [];
    federation.superlink.running = false;
    federation.link.finish('sat-1', updateOf(federation.satellites[0], task, federation.superlink.nowMs));
    federation.link.finish('sat-1', updateOf(federation.satellites[0], task, 0, { task: 'cd'.repeat(32) }));
    await federation.steps(2);
    expect(federation.gateway.counts).toMatchObject({ late: 1, stray: 1 });
    expect(federation.gateway.journals.get('sat-1')?.late).toHaveLength(2);
  });

  it('pushes again, whole, when the session ran out in the middle', async () => {
    const federation = await joined();
    const message = federation.ask();
    const honest = federation.superlink.fetch;
    let objects = 0;
    federation.gateway.close();
    federation.open({
      fetch: async (url, init) => {
        // Ten minutes without a link after two objects.
        if (url.endsWith('push-object') && ++objects === 3) federation.superlink.nowMs += 600_000;
        return honest(url, init);
      },
    });
    await federation.steps(6);
    expect(federation.superlink.reply(message)?.body.kind).toBe('content');
    expect(federation.gateway.counts.pushed).toBe(1);
  });

  it('keeps the update, and says that it is late, when Flower gave the message up meanwhile', async () => {
    const federation = await joined();
    const message = federation.ask();
    const honest = federation.superlink.fetch;
    let objects = 0;
    federation.gateway.close();
    federation.open({
      fetch: async (url, init) => {
        if (url.endsWith('push-object') && ++objects === 3) {
          federation.superlink.nowMs += 600_000;
          const order = federation.superlink.orders.get(message);
          if (order) order.givenUp = true;
        }
        return honest(url, init);
      },
    });
    await federation.steps(6);
    expect(federation.told('late')).toHaveLength(1);
    expect(federation.gateway.journals.get('sat-1')?.late).toHaveLength(1);
    expect(federation.gateway.counts.pushed).toBeUndefined();
  });

  it('goes on when the SuperLink is down and back, and tells it once', async () => {
    const federation = await joined();
    federation.answer = () => undefined;
    const message = federation.ask();
    await federation.steps(3);
    federation.superlink.up = false;
    const [task] = federation.tasks.get('sat-1') ?? [];
    federation.link.finish('sat-1', updateOf(federation.satellites[0], task, federation.superlink.nowMs));
    await federation.steps(5, 60_000);
    expect(federation.told('fault')).toEqual([expect.stringContaining('FLOWER_UNREACHABLE')]);
    expect(federation.link.waiting('sat-1')).toBe(0);
    federation.superlink.up = true;
    await federation.steps(2);
    expect(federation.superlink.reply(message)?.body.kind).toBe('content');
  });

  it('joins anew a SuperLink that lost its memory', async () => {
    const federation = await joined();
    const before = federation.gateway.journals.get('sat-1')?.nodeId;
    federation.superlink.nodes.clear();
    await federation.steps(3, 61_000);
    const after = federation.gateway.journals.get('sat-1')?.nodeId;
    expect(after).not.toBe(before);
    expect(federation.superlink.nodes.has(after ?? '')).toBe(true);
  });

  it.each([
    [400, 'behind'],
    [-10, 'ahead of'],
  ])(
    'sends nothing while its clock is %i s behind, says so, and goes on when it is right',
    async (seconds, way) => {
      const federation = new TestFederation();
      federation.gateway.close();
      let offMs = seconds * 1000;
      federation.open({ now: () => federation.superlink.nowMs - offMs });
      await federation.steps(3);
      expect(federation.superlink.calls.filter((call) => call !== '/')).toEqual([]);
      expect(federation.told('fault')).toEqual([
        expect.stringMatching(`FLOWER_CLOCK: our clock is [0-9]+ s ${way}`),
      ]);
      offMs = 0;
      await federation.steps(1);
      expect(federation.told('joined')).toHaveLength(1);
    },
  );

  it('names the clock when the SuperLink refuses a signature for it', async () => {
    const federation = new TestFederation();
    federation.gateway.close();
    let offMs = 0;
    federation.open({ now: () => federation.superlink.nowMs - offMs });
    await federation.steps(1);
    offMs = 400_000;
    await federation.steps(1);
    expect(federation.told('fault')).toEqual([expect.stringContaining('FLOWER_CLOCK')]);
  });

  it('says that a SuperLink of another release does not speak as ours', async () => {
    const federation = new TestFederation();
    federation.superlink.isOurs = false;
    await federation.steps(2);
    expect(federation.told('fault')).toEqual([expect.stringContaining('FLOWER_VERSION')]);
  });

  it('says which key to register where the operator does so, and joins then', async () => {
    const federation = new TestFederation();
    federation.superlink.isOpen = false;
    await federation.steps(2);
    expect(federation.told('fault')).toEqual([expect.stringContaining('FLOWER_UNREGISTERED')]);
    const identity = federation.gateway.journals.get('sat-1')?.identity();
    if (!identity?.ok) throw new Error('no identity');
    federation.superlink.nodes.set('77', { key: identity.value.publicKey, onlineUntilMs: 0 });
    await federation.steps(1);
    expect(federation.told('joined')).toEqual(['as node 77']);
  });

  it('lets one process use its state, and goes on with the same nodes after it', async () => {
    const federation = await joined(2);
    const ids = [...federation.superlink.nodes.keys()];
    federation.gateway.close();
    federation.open();
    await federation.steps(2);
    expect([...federation.superlink.nodes.keys()]).toEqual(ids);
    expect(federation.superlink.calls).not.toContain('deactivate-node');
  });
});
