import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryFiles } from '../../../fsw/framework/memoryFiles';
import { bench } from '../../../fsw/framework/testing';
import { checkProduct, PRODUCT_HEADER_LENGTH, productFile } from '../productFile';
import { dpWriter } from './dpWriter';

const time = { timeBase: 2, timeContext: 0, seconds: 1_700_000_000, useconds: 42 };
const product = (id: number, data = Uint8Array.of(1, 2, 3)) => ({ id, priority: 5, time, data });
const NAME = 'products/Dp_00000007_1700000000_00000042';

async function writerBench(files = memoryFiles()) {
  const b = await bench(dpWriter, { board: { files } });
  const put = async (args: ReturnType<typeof product>) => {
    b.in.productIn(args);
    await b.settle();
  };
  return { ...b, files, put };
}

describe('dpWriter', () => {
  it('PGE-DPW-001: writes a product to a file of its own, as F´ does, and tells the catalogue', async () => {
    const b = await writerBench();
    await b.put(product(7));
    const file = b.files.contents()[`${NAME}.fdp`];
    expect(Buffer.from(file).toString('hex')).toBe(
      `0005${'00000007'}${'00000005'}${'0002006553f1000000002a'}00${'00'.repeat(32)}00${'0003'}${'b50ede69'}010203${'55bc801d'}`,
    );
    expect(b.calls('productWritten')).toEqual([{ file: `${NAME}.fdp`, id: 7, priority: 5, time, size: 68 }]);
    expect(b.telemetry).toMatchObject({ ProductsWritten: 1, BytesWritten: 68n, ProductsLost: 0 });
  });

  it('PGE-DPW-001: what it wrote reads back, and no other bytes do', () => {
    fc.assert(
      fc.property(
        fc.nat(0xffffffff),
        fc.nat(0xffffffff),
        fc.uint8Array({ maxLength: 200 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (id, priority, data, at, flip) => {
          const file = productFile({ id, priority, time }, data);
          expect(checkProduct(file)).toEqual({
            ok: true,
            value: { id, priority, time, dataLength: data.length },
          });
          expect(checkProduct(file.subarray(0, at % file.length)).ok).toBe(false);
          file[at % file.length] ^= flip;
          expect(checkProduct(file).ok).toBe(false);
          expect(checkProduct(data).ok).toBe(false);
        },
      ),
    );
    expect(PRODUCT_HEADER_LENGTH).toBe(61);
  });

  it('PGE-DPW-002: products of one id and time get names of their own', async () => {
    const b = await writerBench();
    for (const data of [Uint8Array.of(1), Uint8Array.of(2)]) await b.put(product(7, data));
    expect(Object.keys(b.files.contents()).sort()).toEqual([`${NAME}.fdp`, `${NAME}_1.fdp`]);
  });

  it('PGE-DPW-003: a full store costs the product, is told with its code, throttled, and counted', async () => {
    const b = await writerBench(memoryFiles(100));
    await b.put(product(1));
    for (let id = 2; id < 10; id++) await b.put(product(id));
    const errors = b.events.filter(({ name }) => name === 'FileWriteError');
    expect(errors.length).toBe(5);
    expect(errors[0].args).toMatchObject({ id: 2, code: 'FILE_DISK_FULL' });
    expect(b.telemetry).toMatchObject({ ProductsWritten: 1, ProductsLost: 8, Faults: 0 });
    expect(Object.keys(b.files.contents()).length).toBe(1);
    b.command('CLEAR_EVENT_THROTTLE');
    await b.put(product(10));
    expect(b.events.filter(({ name }) => name === 'FileWriteError').length).toBe(6);
  });

  it('PGE-DPW-004: wherever the power is cut, a product is there whole or not at all, and no rest stays', async () => {
    const whole = await writerBench();
    await whole.put(product(7));
    for (let cut = 1; cut <= whole.files.operations; cut++) {
      const files = memoryFiles();
      files.cutAt(cut);
      await (await writerBench(files)).put(product(7));
      files.reboot();
      await writerBench(files);
      for (const [name, bytes] of Object.entries(files.contents())) {
        expect(name).toBe(`${NAME}.fdp`);
        expect(checkProduct(bytes).ok).toBe(true);
      }
    }
  });
});
