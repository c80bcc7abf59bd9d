import { describe, expect, it } from 'vitest';
import { memoryFiles } from '../../../fsw/framework/memoryFiles';
import { bench } from '../../../fsw/framework/testing';
import { fileManager } from './fileManager';

const text = (words: string) => new TextEncoder().encode(words);

async function managerBench(contents: Record<string, Uint8Array> = {}, config = {}) {
  const files = memoryFiles();
  for (const [path, bytes] of Object.entries(contents)) {
    files.makeFolder(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
    files.write(path, 0, bytes);
  }
  const b = await bench(fileManager, { board: { files }, config });
  const command = async (name: string, args: Record<string, unknown>) => {
    b.command(name, args);
    await b.advance(1e6);
    return b.responses.at(-1)?.status;
  };
  return { ...b, files, command, texts: () => b.events.map((event) => event.text) };
}

describe('fileManager', () => {
  it('PGE-FMAN-001: makes, moves and removes files and folders, an event each', async () => {
    const b = await managerBench({ a: text('one') });
    expect(await b.command('CreateDirectory', { dirName: 'x/y' })).toBe('OK');
    expect(await b.command('MoveFile', { sourceFileName: 'a', destFileName: 'x/y/b' })).toBe('OK');
    expect(b.files.contents()).toEqual({ 'x/y/b': text('one') });
    expect(await b.command('RemoveFile', { fileName: 'x/y/b', ignoreErrors: false })).toBe('OK');
    expect(await b.command('RemoveDirectory', { dirName: 'x/y' })).toBe('OK');
    expect(b.files.list('x')).toEqual({ ok: true, value: [] });
    expect(b.texts()).toEqual(['made folder x/y', 'moved a to x/y/b', 'removed x/y/b', 'removed folder x/y']);
    expect(b.telemetry).toMatchObject({ CommandsExecuted: 4, Errors: 0 });
  });

  it('PGE-FMAN-002: tells sizes and what is in a folder, a long one not whole', async () => {
    const b = await managerBench(
      { 'd/a': text('one'), 'd/b/c': text(''), 'd/z': text('') },
      { maxListed: 2 },
    );
    await b.command('FileSize', { fileName: 'd/a' });
    await b.command('ListDirectory', { dirName: 'd' });
    expect(b.texts()).toEqual([
      'd/a has 3 bytes',
      'd: a, FILE, 3 bytes',
      'd: b, FOLDER, 0 bytes',
      'd: 3 entries, 2 told',
    ]);
  });

  it('PGE-FMAN-003: adds a file to the end of another, of any size, or makes it', async () => {
    const large = new Uint8Array((1 << 20) + 5).fill(7);
    const b = await managerBench({ a: text('one'), large });
    expect(await b.command('AppendFile', { source: 'large', target: 'a' })).toBe('OK');
    expect(await b.command('AppendFile', { source: 'a', target: 'new' })).toBe('OK');
    const expected = Buffer.concat([text('one'), large]);
    expect(Buffer.compare(b.files.contents().a, expected)).toBe(0);
    expect(Buffer.compare(b.files.contents().new, expected)).toBe(0);
    expect(await b.command('AppendFile', { source: 'new', target: 'new' })).toBe('OK');
    expect(b.files.contents().new.length).toBe(2 * expected.length);
  });

  it('PGE-FMAN-003: takes back an append for which there is no room', async () => {
    const b = await managerBench({ a: text('one'), large: new Uint8Array((1 << 20) + 5) });
    b.files.maxBytes = (1 << 20) * 2 + 10;
    expect(await b.command('AppendFile', { source: 'large', target: 'a' })).toBe('EXECUTION_ERROR');
    expect(await b.command('AppendFile', { source: 'large', target: 'new' })).toBe('EXECUTION_ERROR');
    expect(b.files.contents().a).toEqual(text('one'));
    expect(b.files.contents().new).toBeUndefined();
    expect(b.events.map(({ args }) => args.code)).toEqual(['FILE_DISK_FULL', 'FILE_DISK_FULL']);
  });

  it('PGE-FMAN-004: what cannot be done is refused with its code, and changes nothing', async () => {
    const b = await managerBench({ a: text('one'), 'd/b': text('two') });
    const wrong: [string, Record<string, unknown>, string][] = [
      ['CreateDirectory', { dirName: 'a' }, 'FILE_EXISTS'],
      ['MoveFile', { sourceFileName: 'none', destFileName: 'x' }, 'FILE_MISSING'],
      ['MoveFile', { sourceFileName: 'a', destFileName: 'd' }, 'FILE_EXISTS'],
      ['RemoveDirectory', { dirName: 'd' }, 'FILE_NOT_EMPTY'],
      ['RemoveFile', { fileName: 'none', ignoreErrors: false }, 'FILE_MISSING'],
      ['RemoveFile', { fileName: 'd', ignoreErrors: true }, 'FILE_KIND'],
      ['AppendFile', { source: 'none', target: 'a' }, 'FILE_MISSING'],
      ['AppendFile', { source: 'a', target: 'd' }, 'FILE_KIND'],
      ['FileSize', { fileName: 'd' }, 'FILE_KIND'],
      ['ListDirectory', { dirName: 'a' }, 'FILE_KIND'],
    ];
    const before = b.files.contents();
    for (const [name, args] of wrong) expect(await b.command(name, args)).toBe('EXECUTION_ERROR');
    expect(b.events.map(({ args }) => [args.command, args.code])).toEqual(
      wrong.map(([name, , code]) => [name, code]),
    );
    expect(b.files.contents()).toEqual(before);
    expect(b.telemetry).toMatchObject({ Errors: wrong.length, Faults: 0 });
    expect(await b.command('RemoveFile', { fileName: 'none', ignoreErrors: true })).toBe('OK');
  });

  it('PGE-FMAN-005: no command leads out of the store', async () => {
    const b = await managerBench({ a: text('one') });
    const path = '../../etc/passwd';
    await b.command('CreateDirectory', { dirName: path });
    await b.command('MoveFile', { sourceFileName: 'a', destFileName: path });
    await b.command('MoveFile', { sourceFileName: path, destFileName: 'a' });
    await b.command('RemoveDirectory', { dirName: path });
    await b.command('RemoveFile', { fileName: path, ignoreErrors: true });
    await b.command('AppendFile', { source: path, target: 'a' });
    await b.command('AppendFile', { source: 'a', target: path });
    await b.command('FileSize', { fileName: path });
    await b.command('ListDirectory', { dirName: path });
    expect(b.events.map(({ args }) => args.code)).toEqual(Array(9).fill('FILE_PATH'));
  });
});
