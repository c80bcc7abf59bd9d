import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { native } from '../addon';
import { emulatedDriver } from '../cuda/emulation/build';
import { openTensorRt, tensorRtVersion } from '../tensorrt';
import { doubleShim } from './emulation/build';

/** The loader against a double of the shim's C interface; TensorRT itself was compiled against, not run. */
const folder = mkdtempSync(join(tmpdir(), 'perigee-trt-'));
const fatbin = join(folder, 'test.fatbin');
writeFileSync(fatbin, Buffer.from([0x50, 0xed, 0x55, 0xba, 0, 0, 0, 0]));
const onnx = join(folder, 'model.onnx');
writeFileSync(onnx, 'a graph');

const driver = native.addon ? emulatedDriver() : { reason: 'no addon' };
const shim = native.addon ? doubleShim() : { reason: 'no addon' };
const missing = driver.reason || shim.reason;
const places = { fatbin, library: driver.file, shim: shim.file };
const textOf = (result: { ok: boolean; error?: { text: string } }) => result.error?.text ?? 'opened';

describe('TensorRT', () => {
  it('is a coded absence where the shim is not built or is no shim', () => {
    const absent = openTensorRt({ shim: '/nowhere/libperigee-tensorrt.so' });
    expect(absent.ok ? '' : absent.error.code).toBe('TENSORRT_ABSENT');
    expect(textOf(openTensorRt({ shim: onnx }))).toContain('TensorRT: ');
  });
});

const title = `the TensorRT shim's loader${missing === '' ? '' : ` (skipped: ${missing})`}`;
describe.skipIf(missing !== '')(title, () => {
  const opened = () => {
    const tensorRt = openTensorRt(places);
    if (!tensorRt.ok) throw new Error(tensorRt.error.text);
    return tensorRt.value;
  };

  it('refuses a TensorRT of another major than the headers, and a shim of another interface', () => {
    const other = doubleShim({ version: 110100 });
    expect(textOf(openTensorRt({ ...places, shim: other.file }))).toContain('another major');
    const old = doubleShim({ abi: 99 });
    expect(textOf(openTensorRt({ ...places, shim: old.file }))).toContain('built for ABI 99');
    expect(textOf(openTensorRt({ ...places, shim: driver.file }))).toContain(
      'the shim has no perigee_trt_abi',
    );
  });

  it('reports the versions of the library and of the headers', () => {
    expect(tensorRtVersion(places)).toEqual({
      ok: true,
      value: { version: '10.3.0', headers: '10.3.0', builds: true },
    });
  });

  it('is absent with the reason of CUDA where there is no device', () => {
    const absent = openTensorRt({ ...places, library: '/nowhere/libcuda.so.1' });
    expect(absent.ok ? '' : absent.error.code).toBe('CUDA_ABSENT');
  });

  it('builds a plan, opens it, and runs it', async () => {
    const tensorRt = opened();
    const plan = await tensorRt.build(onnx, 4);
    if (!plan.ok) throw new Error(plan.error.text);
    const engine = tensorRt.open(plan.value);
    if (!engine.ok) throw new Error(engine.error.text);
    expect(engine.value.ends).toEqual([
      { name: 'tiles', input: true, float32: true, shape: [-1, 3, 2, 2] },
      { name: 'share', input: false, float32: true, shape: [-1] },
    ]);
    const input = new Float32Array(24).fill(60, 0, 12).fill(120, 12);
    expect(await engine.value.run(2, input)).toEqual({
      ok: true,
      value: { share: Float32Array.of(60, 120) },
    });
    engine.value.close();
    const late = await engine.value.run(2, input);
    expect(textOf(late)).toBe('TensorRT: the engine was closed');
    await tensorRt.close();
  });

  it('gives what TensorRT refuses in its own words, and stays usable', async () => {
    const tensorRt = opened();
    expect(textOf(await tensorRt.build(join(folder, 'no.onnx'), 4))).toContain(
      'the parser refuses the graph',
    );
    expect(textOf(tensorRt.open(Buffer.from('damaged')))).toContain('the plan is damaged');
    const plan = await tensorRt.build(onnx, 4);
    const engine = plan.ok ? tensorRt.open(plan.value) : plan;
    if (!engine.ok) throw new Error(engine.error.text);
    expect(textOf(await engine.value.run(5, new Float32Array(60)))).toContain('1 to 4 items');
    expect(textOf(await engine.value.run(2, new Float32Array(13)))).toContain('13 values, 24 needed');
    expect((await engine.value.run(1, new Float32Array(12))).ok).toBe(true);
    engine.value.close();
    await tensorRt.close();
  });
});
