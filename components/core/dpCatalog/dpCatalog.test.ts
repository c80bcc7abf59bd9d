import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MemoryFiles, memoryFiles } from '../../../fsw/framework/memoryFiles';
import { BENCH_BASE_ID, bench } from '../../../fsw/framework/testing';
import { productFile } from '../productFile';
import { Catalog } from './catalog';
import { dpCatalog } from './dpCatalog';

const timeAt = (seconds: number) => ({ timeBase: 2, timeContext: 0, seconds, useconds: 0 });
const nameOf = (id: number, seconds: number) =>
  `products/Dp_${String(id).padStart(8, '0')}_${seconds}_00000000.fdp`;

function put(files: MemoryFiles, id: number, priority: number, seconds = 1000 + id): string {
  const bytes = productFile({ id, priority, time: timeAt(seconds) }, Uint8Array.of(id));
  files.makeFolder('products');
  files.write(nameOf(id, seconds), 0, bytes);
  files.sync(nameOf(id, seconds));
  return nameOf(id, seconds);
}

/** With three products: ids in the order in which they should go are 2, 3, 1. */
function three(): MemoryFiles {
  const files = memoryFiles();
  put(files, 1, 9);
  put(files, 2, 0);
  put(files, 3, 5);
  return files;
}

interface Options {
  config?: Record<string, unknown>;
  saved?: Map<number, Uint8Array>;
}
async function catalogBench(files = three(), options: Options = {}, accept: () => string = () => 'OK') {
  const b = await bench(dpCatalog, { board: { files }, answers: { fileOut: accept }, ...options });
  const command = async (name: string, args = {}) => {
    b.command(name, args);
    await b.settle();
    return b.responses.at(-1)?.status;
  };
  /** Answers the last request. */
  const done = async (status: 'OK' | 'FAILED' | 'CANCELED' = 'OK') => {
    b.in.fileDone({ key: Number(b.calls('fileOut').at(-1)?.key), status });
    await b.settle();
  };
  return {
    ...b,
    files,
    command,
    done,
    asked: () => b.calls('fileOut').map(({ source }) => Number(String(source).slice(12, 20))),
    names: () => b.events.map(({ name }) => name),
  };
}

describe('dpCatalog', () => {
  it('PGE-DPC-001: at boot it finds what is on the disk, and sends nothing by itself', async () => {
    const b = await catalogBench();
    expect(b.events.map(({ text }) => text)).toEqual(['3 products of 198 bytes wait, 0 damaged']);
    expect(b.telemetry).toMatchObject({ ProductsWaiting: 3, BytesWaiting: 198n, Transmitting: false });
    expect(b.asked()).toEqual([]);
  });

  it('PGE-DPC-002: sends the lowest priority number first, then the oldest, one at a time', async () => {
    const files = three();
    put(files, 4, 5, 999);
    const b = await catalogBench(files);
    expect(await b.command('START_XMIT_CATALOG', { remainActive: false })).toBe('OK');
    expect(b.asked()).toEqual([2]);
    for (let i = 0; i < 4; i++) await b.done();
    expect(b.asked()).toEqual([2, 4, 3, 1]);
    expect(b.events.at(-1)?.text).toBe('sent 4 products of 264 bytes');
    expect(b.telemetry).toMatchObject({ ProductsSent: 4, ProductsWaiting: 0, Transmitting: false });
    expect(b.calls('fileOut')[0].destination).toBe('Dp_00000002_1002_00000000.fdp');
  });

  it('PGE-DPC-002: the catalogue keeps this order, and the first of it when there are too many', () => {
    const products = fc.array(fc.record({ id: fc.nat(99), priority: fc.nat(3), seconds: fc.nat(5) }), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(products, fc.integer({ min: 1, max: 40 }), (list, most) => {
        const catalog = new Catalog(most);
        const entries = list.map(({ id, priority, seconds }, i) => ({
          file: `${i}`.padStart(3, '0'),
          id,
          priority,
          time: timeAt(seconds),
          size: 10,
        }));
        for (const entry of entries) {
          catalog.add(entry);
          catalog.add(entry);
        }
        const sorted = entries.toSorted(
          (a, b) => a.priority - b.priority || a.time.seconds - b.time.seconds || (a.file < b.file ? -1 : 1),
        );
        const out = [];
        for (let next = catalog.first; next; next = catalog.first) {
          expect(catalog.bytes).toBe(10 * catalog.size);
          out.push(next);
          catalog.remove(next.file);
        }
        expect(out).toEqual(sorted.slice(0, most));
      }),
    );
  });

  it('PGE-DPC-003: what was sent stays sent after a reboot; what was under way goes again', async () => {
    const b = await catalogBench();
    await b.command('START_XMIT_CATALOG', { remainActive: false });
    await b.done();
    b.files.reboot();
    const again = await catalogBench(b.files);
    expect(again.telemetry.ProductsWaiting).toBe(2);
    await again.command('START_XMIT_CATALOG', { remainActive: false });
    expect(again.asked()).toEqual([3]);
    expect(Object.keys(b.files.contents())).toContain('products/sent/Dp_00000002_1002_00000000.fdp');
  });

  it('PGE-DPC-003: keeps a bounded number of sent products, the newest', async () => {
    const b = await catalogBench(three(), { config: { keepSent: 2 } });
    await b.command('START_XMIT_CATALOG', { remainActive: false });
    for (let i = 0; i < 3; i++) await b.done();
    expect(Object.keys(b.files.contents()).map((name) => name.slice(0, 25))).toEqual([
      'products/sent/Dp_00000002',
      'products/sent/Dp_00000003',
    ]);
  });

  it('PGE-DPC-004: torn, changed and foreign files disturb nothing, at boot and later', async () => {
    const files = three();
    const bytes = productFile({ id: 8, priority: 0, time: timeAt(5) }, Uint8Array.of(1, 2, 3));
    for (const [i, cut] of [0, 10, 61, 67].entries())
      files.write(`products/torn${i}.fdp`, 0, bytes.subarray(0, cut));
    files.write('products/half.fdp.tmp', 0, bytes.subarray(0, 20));
    files.makeFolder('products/folder.fdp');
    const b = await catalogBench(files);
    expect(b.events.at(-1)?.text).toBe('3 products of 198 bytes wait, 4 damaged');
    expect(Object.keys(files.contents()).filter((name) => name.startsWith('products/damaged/')).length).toBe(
      4,
    );
    // A byte of its data goes bad, and one file goes altogether, after they were catalogued.
    files.write(nameOf(2, 1002), 61, Uint8Array.of(99));
    files.remove(nameOf(3, 1003));
    await b.command('START_XMIT_CATALOG', { remainActive: false });
    expect(b.asked()).toEqual([1]);
    expect(b.names().slice(-2)).toEqual(['ProductDamaged', 'CatalogStoreError']);
    expect(b.telemetry).toMatchObject({ ProductsDamaged: 5, Faults: 0 });
  });

  it('PGE-DPC-005: new products join in their place; with remainActive they are sent as they come', async () => {
    const b = await catalogBench();
    const arrive = async (id: number, priority: number) => {
      const file = put(b.files, id, priority);
      b.in.addToCat({ file, id, priority, time: timeAt(1000 + id), size: 66 });
      await b.settle();
    };
    await b.command('START_XMIT_CATALOG', { remainActive: true });
    await arrive(4, 1);
    for (let i = 0; i < 4; i++) await b.done();
    expect(b.asked()).toEqual([2, 4, 3, 1]);
    await arrive(5, 9);
    await b.done();
    expect(b.asked().at(-1)).toBe(5);
    expect(b.names().filter((name) => name === 'XmitCompleted').length).toBe(2);
    expect(b.telemetry.Transmitting).toBe(true);
  });

  it('PGE-DPC-005: begins at boot when the parameter says so', async () => {
    const b = await catalogBench(three(), { saved: new Map([[BENCH_BASE_ID, Uint8Array.of(0xff)]]) });
    expect(b.asked()).toEqual([2]);
  });

  it('PGE-DPC-006: stops by command after the product under way, forgets, and builds again', async () => {
    const b = await catalogBench();
    expect(await b.command('STOP_XMIT_CATALOG')).toBe('EXECUTION_ERROR');
    await b.command('START_XMIT_CATALOG', { remainActive: true });
    await b.command('STOP_XMIT_CATALOG');
    await b.done();
    expect(b.asked()).toEqual([2]);
    expect(b.telemetry).toMatchObject({ ProductsSent: 1, ProductsWaiting: 2 });
    await b.command('CLEAR_CATALOG');
    expect(b.telemetry.ProductsWaiting).toBe(0);
    await b.command('BUILD_CATALOG');
    expect(b.telemetry.ProductsWaiting).toBe(2);
  });

  it('PGE-DPC-007: a sender that is busy is asked again at the next tick', async () => {
    let answer = 'REFUSED';
    const b = await catalogBench(three(), {}, () => answer);
    await b.command('START_XMIT_CATALOG', { remainActive: false });
    expect(b.telemetry.ProductsWaiting).toBe(3);
    answer = 'OK';
    b.in.schedIn({ context: 0 });
    await b.settle();
    expect(b.telemetry.ProductsWaiting).toBe(2);
    expect(b.asked()).toEqual([2, 2]);
  });

  it('PGE-DPC-007: a product that fails stays on the disk, the next one goes; a canceled one stops it all', async () => {
    const b = await catalogBench();
    await b.command('START_XMIT_CATALOG', { remainActive: false });
    await b.done('FAILED');
    expect(b.asked()).toEqual([2, 3]);
    await b.done('CANCELED');
    expect(b.asked()).toEqual([2, 3]);
    expect(b.names().slice(-3)).toEqual(['ProductSendFailed', 'ProductSendFailed', 'XmitStopped']);
    // An answer that comes late or twice changes nothing.
    await b.done();
    expect(b.telemetry.ProductsSent).toBe(0);
    await b.command('BUILD_CATALOG');
    expect(b.telemetry.ProductsWaiting).toBe(3);
  });

  it('PGE-DPC-008: holds no more than it may, and says what it left out', async () => {
    const b = await catalogBench(three(), { config: { maxEntries: 2 } });
    expect(b.events[0]).toMatchObject({ name: 'CatalogFull', args: { file: nameOf(1, 1001) } });
    expect(b.telemetry.ProductsWaiting).toBe(2);
  });
});
