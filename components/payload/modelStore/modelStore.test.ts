import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MemoryFiles, memoryFiles } from '../../../fsw/framework/memoryFiles';
import { testModel } from '../../../fsw/models/testModel';
import { bootStore, missionFolder, openMemory } from './testStore';

const first = testModel(1);
let mission: ReturnType<typeof missionFolder>;
let files: MemoryFiles;
beforeEach(() => {
  mission = missionFolder(first, testModel(1, { name: 'sharp' }));
  files = memoryFiles();
});
afterEach(() => mission.remove());

describe('the model store', () => {
  it('PGE-MST-001: hands a verified model out of shared memory', async () => {
    const b = await bootStore(mission.folder, files);
    console.log(b.events, b.telemetry);
    const model = b.fetch();
    expect(model).toMatchObject({
      name: 'mean',
      version: '1.0.0',
      weightsName: 'mean.safetensors',
      input: first.manifest.input,
      outputs: first.manifest.outputs,
      classes: ['bright'],
      canary: first.manifest.canary,
    });
    expect(model?.weights.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(Buffer.from(model?.weights ?? [])).toEqual(Buffer.from(first.weights));
    expect(Buffer.from(model?.graph ?? [])).toEqual(Buffer.from(first.graph));
    expect(b.telemetry).toMatchObject({ ModelsGood: 2, ModelsRejected: 0 });
    console.log(
      Object.entries(files.contents()).map(([n, c]) => [n, c.length]),
      b.regions(),
    );
  });
});
