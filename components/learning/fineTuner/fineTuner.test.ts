import { describe, expect, it } from 'vitest';
import { memoryFiles } from '../../../fsw/framework/memoryFiles';
import { adamw } from '../../../fsw/learning';
import { ownProcessEngine } from '../../../fsw/learning/engines/ownProcess';
import { sameProcessEngine } from '../../../fsw/learning/engines/sameProcess';
import type { FlightEngine } from '../../../fsw/learning/engines/workshop';
import { openDelta, publicHex, publicKeyOf, readOwnKey } from '../../../fsw/models';
import type { TrainTask } from '../ports';
import { CLASSES, labelFile, labels, smallModel, TRAIN, tunerBench, worth } from './testTuner';

const order = (change: Partial<TrainTask> = {}): TrainTask => ({
  model: 'colours',
  base: smallModel().manifest.weights.sha256,
  choice: { what: 'head', batch: 8, optimizer: adamw },
  steps: 5,
  rate: 0.05,
  seed: 1,
  ...change,
});

describe('the fine-tuner', () => {
  it('PGE-FTN-001: learns from labels that came up, in a process of its own, and says before and after', async () => {
    const b = await tunerBench({ engine: () => ownProcessEngine() });
    expect(await b.takeLabels()).toBe('OK');
    expect(b.named('LabelsTaken')).toEqual([
      { path: 'up.labels', name: 'ground-1', train: 30, reference: 10, held: 40 },
    ]);
    expect(await b.obey('TRAIN', TRAIN)).toBe('OK');
    await b.tick(40);
    const [started] = b.named('JobStarted');
    expect(started).toMatchObject({ what: 'LORA', examples: 30, reference: 10, steps: 30 });
    const [before, after] = b.named('Measured');
    expect(after.accuracy).toBeGreaterThan(Number(before.accuracy));
    expect(after.loss).toBeLessThan(Number(before.loss) / 2);
    expect(b.telemetry).toMatchObject({ Stage: 'IDLE', Step: 30, Rollbacks: 0 });
    expect(b.telemetry.Loss).toBeGreaterThan(0);
    expect(b.named('JobDone')).toHaveLength(1);
    await b.stop();
  });

  it('PGE-FTN-002: takes the same steps for the same labels and seed, whatever the host does meanwhile', async () => {
    const flights = [];
    for (const slow of [0, 3]) {
      const inner = sameProcessEngine();
      const engine: FlightEngine = {
        ...inner,
        alive: true,
        async run(name, inputs) {
          for (let i = 0; i < slow; i++) await new Promise((resolve) => setImmediate(resolve));
          return inner.run(name, inputs);
        },
      };
      const b = await tunerBench({ engine: () => engine });
      await b.takeLabels();
      await b.obey('TRAIN', { ...TRAIN, steps: 12 });
      await b.tick(20);
      flights.push({ events: b.events, files: b.files.contents() });
      await b.stop();
    }
    expect(flights[0].events).toEqual(flights[1].events);
    expect(flights[0].files).toEqual(flights[1].files);
  });

  it.each([
    ['a tile that the board does not keep', labelFile(labels(40)), 'LABELS_TILE'],
    ['a label file cut short', labelFile(labels(30)).subarray(0, 90), 'LABELS'],
    ['a label file of another shape', new Uint8Array(300).fill(65), 'LABELS'],
    ['labels of other classes', labelFile(labels(30), ['Red', 'Green', 'Violet']), 'LABELS_MODEL'],
    ['labels for another model', labelFile(labels(30), CLASSES, 'other'), 'LABELS_MODEL'],
  ])('PGE-FTN-003: refuses %s, and nothing changes', async (_, file, code) => {
    const b = await tunerBench({ tiles: () => 35 });
    expect(await b.takeLabels(labels(20))).toBe('OK');
    const before = b.files.contents();
    b.files.write('bad.labels', 0, file);
    expect(await b.obey('TAKE_LABELS', { path: 'bad.labels' })).toContain(code);
    expect(b.named('LabelsRefused')).toMatchObject([{ path: 'bad.labels', code }]);
    expect(b.telemetry).toMatchObject({ LabelsHeld: 20, LabelsRefused: 1 });
    expect({ ...b.files.contents(), 'bad.labels': undefined }).toEqual({
      ...before,
      'bad.labels': undefined,
    });
    await b.stop();
  });

  it('PGE-FTN-003: a class out of range does not get into a label file, and one written by hand is refused', async () => {
    expect(() => labelFile(labels(3, (label) => ({ ...label, says: 7 })))).toThrow('class');
    const b = await tunerBench();
    const good = labelFile(labels(6));
    for (const at of [9, 20, 60, good.length - 2]) {
      b.files.write(`${at}.labels`, 0, good.with(at, good[at] ^ 0xff));
      expect(await b.obey('TAKE_LABELS', { path: `${at}.labels` })).toContain('LABELS');
    }
    expect(await b.obey('TAKE_LABELS', { path: 'nothing.labels' })).toContain('FILE_MISSING');
    expect(await b.obey('TRAIN', TRAIN)).toContain('TRAINING_NOTHING');
    await b.stop();
  });

  it('PGE-FTN-004: keeps labels over boots, the later word on a tile counts, and forgets them on command', async () => {
    const files = memoryFiles();
    const first = await tunerBench({ files });
    await first.takeLabels(labels(12));
    await first.takeLabels(labels(6, (label) => ({ ...label, use: 'reference' })));
    await first.stop();
    const second = await tunerBench({ files });
    expect(second.telemetry.LabelsHeld).toBe(12);
    await second.obey('TRAIN', { ...TRAIN, steps: 1 });
    expect(second.named('JobStarted')).toMatchObject([{ examples: 4, reference: 8 }]);
    await second.tick(3);
    expect(await second.obey('FORGET_LABELS')).toBe('OK');
    await second.stop();
    const third = await tunerBench({ files });
    expect(third.telemetry.LabelsHeld).toBe(0);
    await third.stop();
  });

  it('PGE-FTN-005: leaves out labelled tiles that the archive has let go, and says how many', async () => {
    let kept = 40;
    const b = await tunerBench({ tiles: () => kept });
    await b.takeLabels();
    kept = 30;
    await b.obey('TRAIN', { ...TRAIN, steps: 1 });
    expect(b.named('TilesMissing')).toEqual([{ tiles: 10 }]);
    expect(b.named('JobStarted')).toMatchObject([{ examples: 23, reference: 7 }]);
    await b.stop();
  });

  it('PGE-FTN-006: pauses after the step under way, resumes, aborts; a command is served between two steps', async () => {
    const b = await tunerBench({ config: { trainUsPerTile: 100_000 } });
    await b.takeLabels();
    await b.obey('TRAIN', TRAIN);
    await b.advance(3e6);
    const at = Number(b.telemetry.Step);
    expect(await b.obey('PAUSE')).toBe('OK');
    const paused = Number(b.telemetry.Step);
    expect(paused - at).toBeLessThanOrEqual(1);
    await b.tick(10);
    expect(b.telemetry).toMatchObject({ Step: paused, Stage: 'PAUSED' });
    expect(await b.obey('RESUME')).toBe('OK');
    await b.advance(2e6);
    expect(b.telemetry.Step).toBeGreaterThan(paused);
    b.ping(9);
    await b.advance(1e6);
    expect(b.pongs).toEqual([9]);
    expect(await b.obey('TRAIN', TRAIN)).toContain('MODEL_BUSY');
    expect(await b.obey('ABORT')).toBe('OK');
    const ended = b.telemetry.Step;
    await b.tick(5);
    expect(b.telemetry).toMatchObject({ Step: ended, Stage: 'IDLE' });
    for (const command of ['PAUSE', 'RESUME', 'ABORT'])
      expect(await b.obey(command)).toContain('no training');
    expect(await b.obey('ADOPT', { version: '1.1', force: true })).toContain('TRAINING_NOTHING');
    await b.stop();
  });

  it('PGE-FTN-007: stays within energy, temperature, sunlight and the time window', async () => {
    let [temperature, sun] = [20, 30];
    const b = await tunerBench({
      board: {
        host: {
          sample: () => ({ cpuPercent: 0, memoryMiB: 0, storageFreeMiB: 0 }),
          temperatureC: () => temperature,
        },
        ephemeris: {
          groundPoint: () => ({ latDeg: 0, lonDeg: 0, sunElevationDeg: sun }),
          contactAt: () => undefined,
        },
      },
      config: { trainUsPerTile: 50_000 },
    });
    b.command('MinSunDeg_PRM_SET', { val: 0 });
    b.command('MaxEnergyJ_PRM_SET', { val: 60 });
    await b.takeLabels();
    await b.obey('TRAIN', { ...TRAIN, steps: 1000 });
    await b.tick(3);
    temperature = 80;
    await b.tick(2);
    const hot = b.telemetry.Step;
    temperature = 74;
    await b.tick(3);
    expect(b.telemetry).toMatchObject({ Step: hot, Stage: 'WAITING', TemperatureC: 74 });
    temperature = 71;
    await b.tick(2);
    expect(b.telemetry.Step).toBeGreaterThan(Number(hot));
    sun = -5;
    await b.tick(2);
    const dark = b.telemetry.Step;
    await b.tick(5);
    expect(b.telemetry.Step).toBe(dark);
    sun = 5;
    await b.tick(30);
    expect(b.named('JobWaits').map(({ reason }) => reason)).toEqual([
      '80.0 C, 75 C the most',
      'the Sun stands at -5.0 deg',
    ]);
    expect(b.named('JobFailed')).toMatchObject([{ code: 'TRAINING_BUDGET' }]);
    // 8 W: the last piece of work may go beyond by what it takes.
    expect(b.telemetry.EnergyJ).toBeGreaterThanOrEqual(60);
    expect(b.telemetry.EnergyJ).toBeLessThan(66);
    b.command('MaxEnergyJ_PRM_SET', { val: 120 });
    b.command('NotAfterS_PRM_SET', { val: Math.ceil(b.clock.nowUs() / 1e6) + 5 });
    await b.obey('TRAIN', { ...TRAIN, steps: 1000 });
    await b.tick(10);
    expect(b.named('JobResumed')).toHaveLength(1);
    expect(b.named('JobFailed').at(-1)).toMatchObject({ reason: 'budget: its time is over' });
    await b.stop();
  });

  it('PGE-FTN-021: adds a batch that is larger than a micro-batch up in parts, to the same steps', async () => {
    const runs: Record<string, string[]> = {};
    const measured = [];
    for (const MicroBatch of [3, 8]) {
      const inner = sameProcessEngine();
      const asked: string[] = [];
      const engine: FlightEngine = {
        ...inner,
        alive: true,
        run(name, inputs) {
          asked.push(name);
          return inner.run(name, inputs);
        },
      };
      const b = await tunerBench({ engine: () => engine, params: { MicroBatch } });
      await b.takeLabels();
      await b.obey('TRAIN', { ...TRAIN, steps: 4 });
      await b.tick(8);
      measured.push(b.named('Measured').at(-1));
      runs[MicroBatch] = [...new Set(asked)].sort();
      await b.stop();
    }
    expect(runs[3]).toEqual(['tuning.answer', 'tuning.gradient', 'tuning.update']);
    expect(runs[8]).toEqual(['tuning.answer', 'tuning.step']);
    expect(measured[0]?.loss).toBeCloseTo(Number(measured[1]?.loss), 3);
  });

  it('PGE-FTN-008: goes on after a boot as if nothing had been between', async () => {
    const [whole, cut] = [memoryFiles(), memoryFiles()];
    const through = await tunerBench({ files: whole });
    await through.takeLabels();
    await through.obey('TRAIN', TRAIN);
    await through.tick(40);
    await through.stop();
    const first = await tunerBench({ files: cut, params: { CheckpointSteps: 7 } });
    await first.takeLabels();
    await first.obey('TRAIN', TRAIN);
    while (Number(first.telemetry.Step) < 17) await first.advance(1e5);
    await first.stop();
    const second = await tunerBench({ files: cut });
    await second.tick(40);
    expect(second.named('JobResumed')).toMatchObject([{ step: 14, steps: 30 }]);
    const measured = (b: typeof through) => b.named('Measured').at(-1);
    expect(measured(second)).toEqual(measured(through));
    await second.stop();
  });

  it('PGE-FTN-009: a power cut at any writing leaves one checkpoint whole', async () => {
    for (let at = 3; at < 24; at += 2) {
      const files = memoryFiles();
      const first = await tunerBench({ files, params: { CheckpointSteps: 2 } });
      await first.takeLabels();
      files.cutAt(at);
      await first.obey('TRAIN', { ...TRAIN, steps: 8 });
      await first.tick(10);
      await first.stop();
      files.reboot();
      const second = await tunerBench({ files });
      if (second.named('JobResumed').length === 0) await second.obey('TRAIN', { ...TRAIN, steps: 8 });
      await second.tick(10);
      expect(second.named('CheckpointFault')).toEqual([]);
      expect(second.telemetry).toMatchObject({ Step: 8, Stage: 'IDLE' });
      await second.stop();
    }
  });

  it('PGE-FTN-010: a damaged checkpoint is named, and the one before counts', async () => {
    const files = memoryFiles();
    const first = await tunerBench({ files, params: { CheckpointSteps: 2 } });
    await first.takeLabels();
    await first.obey('TRAIN', TRAIN);
    while (Number(first.telemetry.Step) < 9) await first.advance(1e5);
    await first.stop();
    const newest = ['a', 'b']
      .map((side) => `fine-tuner/checkpoint-${side}`)
      .sort((one, other) => sequenceOf(files.contents()[other]) - sequenceOf(files.contents()[one]))[0];
    const bytes = files.contents()[newest];
    files.write(newest, 0, bytes.with(bytes.length >> 1, bytes[bytes.length >> 1] ^ 1));
    const second = await tunerBench({ files });
    await second.tick(1);
    expect(second.named('CheckpointFault')).toMatchObject([{ code: 'TRAINING_STATE' }]);
    expect(second.named('JobResumed')).toMatchObject([{ step: 6 }]);
    await second.stop();
  });

  it('PGE-FTN-016: does what it is ordered and answers with what was learned; refuses what it can’t do', async () => {
    const b = await tunerBench();
    await b.takeLabels();
    const ask = async (ticket: number, change: Partial<TrainTask>) => {
      b.in.orderIn({ ticket, order: order(change) });
      await b.tick(8);
      return b.calls('doneOut').find((call) => call.ticket === ticket);
    };
    const initial = new Float32Array(51).fill(0.01);
    const done = await ask(1, { initial, only: [0, 1, 2, 4, 5, 6] });
    expect(done).toMatchObject({ status: 'DONE', result: { examples: 6, initial } });
    expect(b.named('JobStarted')[0]).toMatchObject({ what: 'HEAD', examples: 6, parameters: 51 });
    const refused: [Partial<TrainTask>, string][] = [
      [{ base: '00'.repeat(32) }, 'TRAINING_BASE'],
      [{ model: 'other' }, 'MODEL_UNKNOWN'],
      [{ initial: initial.with(3, Number.NaN) }, 'TRAINING_VECTOR'],
      [{ initial: initial.subarray(1) }, 'TRAINING_VECTOR'],
      [{ only: [999] }, 'TRAINING_NOTHING'],
      [{ steps: 0 }, 'TRAINING_CHOICE'],
      [{ rate: Number.NaN }, 'TRAINING_CHOICE'],
      [{ choice: { what: 'lora', rank: 0, batch: 8, optimizer: adamw } }, 'TRAINING_CHOICE'],
    ];
    for (const [i, [change, code]] of refused.entries()) {
      const answer = await ask(10 + i, change);
      expect(answer).toMatchObject({ status: 'REFUSED', result: undefined });
      expect(answer?.reason).toContain(code);
    }
    b.in.orderIn({ ticket: 50, order: order({ steps: 500 }) });
    b.in.orderIn({ ticket: 51, order: order() });
    await b.tick(1);
    expect(b.calls('doneOut').at(-1)).toMatchObject({ ticket: 51, status: 'BUSY' });
    await b.obey('ABORT');
    expect(b.calls('doneOut').at(-1)).toMatchObject({ ticket: 50, status: 'FAILED', reason: 'aborted' });
    await b.stop();
  });

  it('PGE-FTN-017: an order that a boot has cut goes on from its checkpoint when it is given again', async () => {
    const files = memoryFiles();
    const first = await tunerBench({ files, params: { CheckpointSteps: 5 } });
    await first.takeLabels();
    first.in.orderIn({ ticket: 1, order: order({ steps: 40 }) });
    while (Number(first.telemetry.Step ?? 0) < 12) await first.advance(1e5);
    await first.stop();
    const second = await tunerBench({ files });
    await second.tick(3);
    expect(second.named('JobResumed')).toEqual([]);
    second.in.orderIn({ ticket: 7, order: order({ steps: 40 }) });
    await second.tick(20);
    expect(second.named('JobResumed')).toMatchObject([{ step: 10 }]);
    expect(second.calls('doneOut')).toMatchObject([{ ticket: 7, status: 'DONE' }]);
    await second.stop();
  });

  it('PGE-FTN-018: adopts what was learned as a delta signed with the own key, and hands it to the store', async () => {
    const b = await tunerBench();
    await b.takeLabels();
    await b.obey('TRAIN', TRAIN);
    await b.tick(40);
    expect(await b.obey('ADOPT', { version: '1.1.0', force: false })).toBe('OK');
    const [adopted] = b.named('Adopted');
    expect(adopted).toMatchObject({ model: 'colours', serial: 2, path: 'fine-tuner/colours-2.delta' });
    expect(b.calls('install')).toEqual([{ path: 'fine-tuner/colours-2.delta' }]);
    const bytes = b.files.contents()[String(adopted.path)];
    const own = worth(readOwnKey(b.storage));
    const delta = worth(
      openDelta(bytes, bytes.length, new Map([[delta8(bytes), worth(publicKeyOf(publicHex(own)))]]), 'delta'),
    );
    expect(delta.base).toMatchObject({ model: 'colours', serial: 1 });
    expect(delta.changes.map(({ kind }) => kind)).toContain('lora');
    b.in.installed({ path: String(adopted.path), installed: true, reason: '' });
    await b.settle();
    expect(b.named('InstallEnded')).toHaveLength(1);
    await b.stop();
  });

  it('PGE-FTN-019: adopts nothing that is worse, or for weights that are flown no more', async () => {
    let model = smallModel();
    const b = await tunerBench({ model: () => model });
    await b.takeLabels();
    await b.obey('TRAIN', { ...TRAIN, steps: 1, rate: 1e-6 });
    await b.tick(5);
    b.command('MinGain_PRM_SET', { val: 0.5 });
    const before = b.files.contents();
    expect(await b.obey('ADOPT', { version: '1.1.0', force: false })).toContain('TRAINING_WORSE');
    model = smallModel(5);
    expect(await b.obey('ADOPT', { version: '1.1.0', force: true })).toContain('TRAINING_BASE');
    expect(b.named('AdoptRefused').map(({ code }) => code)).toEqual(['TRAINING_WORSE', 'TRAINING_BASE']);
    expect(b.files.contents()).toEqual(before);
    expect(b.calls('install')).toEqual([]);
    await b.stop();
  });
});

function sequenceOf(file: Uint8Array): number {
  return new DataView(file.buffer, file.byteOffset).getUint32(8);
}

/** The key id of a delta, as trusted keys are found by. */
function delta8(file: Uint8Array): string {
  return Buffer.from(file.subarray(16, 24)).toString('hex');
}
