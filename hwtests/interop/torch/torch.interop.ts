import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../../fsw/framework/random';
import {
  adamw,
  batchAt,
  type Example,
  type Optimizer,
  oneClass,
  PARAMETERS,
  planTuning,
  STEP,
  type TunedModel,
  type TuningPlan,
  TuningSession,
} from '../../../fsw/learning';
import { sameProcessEngine } from '../../../fsw/learning/engines/sameProcess';
import { packed } from '../../../fsw/learning/examples';
import { shippedModel, unwrap } from '../../../fsw/learning/testModels';
import { VIT_TINY, vitModel } from '../../bench/train/vitTiny';
import { batchFiles, findTorch, type LineProcess, setupTask, type TorchSetup, torchPeer } from './torchPeer';

const [BATCH, BATCHES, STEPS, CLASSES] = [4, 3, 4, 10];
const WITHIN = 1e-4;
const networks: Readonly<
  Record<TorchSetup['network'], { model: () => TunedModel; heads: number; middle: number }>
> = {
  'land-cover': { model: () => shippedModel('land-cover'), heads: 6, middle: 120 },
  'vit-tiny': { model: () => vitModel(VIT_TINY, BATCH, 7), heads: VIT_TINY.heads, middle: 0 },
};
const optimizers: Readonly<Record<string, { optimizer: Optimizer; rate: number }>> = {
  'SGD with momentum': { optimizer: { kind: 'sgd', momentum: 0.9 }, rate: 0.01 },
  AdamW: { optimizer: adamw, rate: 1e-3 },
};
const settings = { decay: 0.02, clip: 0.5, seed: 3 };
const found = findTorch();

/** Tiles of noise about a colour each; `middle` and its third are the mean and the spread. */
function examples(length: number, middle: number): Example[] {
  const random = seededRandom(17);
  return Array.from({ length: BATCH * BATCHES }, (_, i) => {
    const colour = random.normal();
    const spread = middle === 0 ? 1 : middle / 3;
    const input = Float32Array.from(
      { length },
      () => middle + spread * (0.7 * colour + 0.7 * random.normal()),
    );
    return { input, target: oneClass(i % CLASSES, CLASSES), weight: 1 };
  });
}

/** Adapters whose second factor is not zero: else the first would have no gradient. */
function startOf({ parameters, initial }: TuningPlan): Float32Array {
  const start = initial.slice();
  const random = seededRandom(5);
  for (const { name, offset, length } of parameters)
    if (name.endsWith('.lora_b')) for (let i = 0; i < length; i++) start[offset + i] = 0.05 * random.normal();
  return start;
}

/** The bias of the keys shifts all scores of a query alike: its gradient is zero, and what there is of it is rounding. */
const isNothing = (name: string) => name.endsWith('.k.bias');

if ('absent' in found) {
  console.warn(`SKIPPED a training step beside torch: ${found.absent}`);
  describe.skip(`a training step beside torch (skipped: ${found.absent})`, () => it('is the same', () => {}));
} else
  describe.each(Object.keys(networks) as TorchSetup['network'][])(
    'a training step of %s beside torch',
    (network) => {
      const { model: make, heads, middle } = networks[network];
      const model = make();
      const engine = sameProcessEngine();
      const folder = mkdtempSync(join(tmpdir(), 'perigee-torch-'));
      let peer: LineProcess;
      let all: Example[];
      beforeAll(() => {
        peer = torchPeer(found.python);
      });
      afterAll(async () => {
        peer.close();
        await engine.close();
        rmSync(folder, { recursive: true });
      });

      const planOf = (what: 'head' | 'lora' | 'all', optimizer: Optimizer) =>
        unwrap(planTuning(model, { what, rank: 8, batch: BATCH, optimizer }));
      const read = (file: string) => new Float32Array(new Uint8Array(readFileSync(file)).buffer);
      const batchOf = (plan: TuningPlan, step: number) => {
        all ??= examples(
          plan.input.dims.reduce((product, dim) => product * dim, 1),
          middle,
        );
        return batchAt(step, all.length, BATCH, settings.seed).map((index) => all[index]);
      };
      const setUp = (plan: TuningPlan, rate: number, double: boolean) =>
        peer.ask(
          setupTask(model, plan, startOf(plan), folder, {
            network,
            heads,
            optimizer: plan.choice.optimizer,
            rate,
            decay: settings.decay,
            clip: settings.clip,
            double,
          }),
        );

      it.each(['head', 'lora', 'all'] as const)(
        'has the same gradient, tensor by tensor, training %s',
        async (what) => {
          const plan = planOf(what, adamw);
          const start = startOf(plan);
          const batch = batchOf(plan, 0);
          await setUp(plan, 1e-3, true);
          const out = join(folder, 'gradient');
          await peer.ask({ gradient: batchFiles(batch, plan.input.dims, join(folder, 'batch')), out });
          const theirs = read(out);
          unwrap(
            await engine.load('gradient', plan.gradient, { name: model.weightsName, bytes: model.weights }, [
              'cpu',
            ]),
          );
          const flat = (data: Float32Array) => ({ dims: [data.length], data });
          const run = unwrap(
            await engine.run('gradient', {
              [plan.input.name]: packed(
                batch.map(({ input }) => input),
                BATCH,
                plan.input.dims,
              ),
              [STEP.targets]: packed(
                batch.map(({ target }) => target),
                BATCH,
                [CLASSES],
              ),
              [STEP.weights]: packed(
                batch.map(() => Float32Array.of(1 / BATCH)),
                BATCH,
                [1],
              ),
              [PARAMETERS]: flat(start),
              [STEP.gradient]: flat(new Float32Array(start.length)),
            }),
          );
          const ours = run[plan.outputs.gradient[0]];
          for (const { name, offset, length } of plan.parameters) {
            if (isNothing(name)) continue;
            const [a, b] = [ours, theirs].map((vector) => vector.subarray(offset, offset + length));
            expect.soft(largest(a.map((value, i) => value - b[i])) / largest(b), name).toBeLessThan(WITHIN);
          }
        },
      );

      it.each(
        Object.keys(optimizers).flatMap((name) =>
          (['head', 'lora', 'all'] as const).map((what) => [name, what] as const),
        ),
      )('with %s makes the same steps, training %s', async (name, what) => {
        const { optimizer, rate } = optimizers[name];
        const plan = planOf(what, optimizer);
        const start = startOf(plan);
        await setUp(plan, rate, false);
        const session = new TuningSession({
          plan,
          engine,
          weights: { name: model.weightsName, bytes: model.weights },
          providers: ['cpu'],
          settings: { ...settings, rate },
          name: 'beside',
        });
        const steps = Array.from({ length: STEPS }, (_, step) => batchOf(plan, step));
        unwrap(session.restore({ ...session.snapshot(), parameters: start }));
        unwrap(session.learn(all));
        const reports = [];
        for (let step = 0; step < STEPS; step++) reports.push(unwrap(await session.step()));
        const out = join(folder, 'parameters');
        const theirs = (await peer.ask({
          steps: steps.map((batch, i) => batchFiles(batch, plan.input.dims, join(folder, `batch${i}`))),
          out,
        })) as { losses: number[]; norms: number[] };
        for (const [i, { loss, norm }] of reports.entries()) {
          expect(Math.abs(loss / theirs.losses[i] - 1)).toBeLessThan(WITHIN);
          expect(Math.abs(norm / theirs.norms[i] - 1)).toBeLessThan(WITHIN);
        }
        expect(theirs.norms.some((norm) => norm > settings.clip)).toBe(true);
        const [now, then] = [session.snapshot().parameters, read(out)];
        let [apart, moved] = [0, 0];
        for (const { name: tensor, offset, length } of plan.parameters) {
          if (isNothing(tensor)) continue;
          for (let i = offset; i < offset + length; i++) {
            apart += (now[i] - then[i]) ** 2;
            moved += (then[i] - start[i]) ** 2;
          }
        }
        expect(Math.sqrt(apart / moved)).toBeLessThan(WITHIN);
      });
    },
  );

function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
