/**
 * A spacecraft that changes its model without end, until it is killed: `killChild <folder> <seed>`. On standard output
 * it says what it is about to do, and what of it was answered with OK.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { emptyLedger, entryOf, readLedger } from '../../components/payload/modelStore/ledger';
import { bootStore, bundleOf } from '../../components/payload/modelStore/testStore';
import { fileStore } from '../../components/platform/fileStore';
import type { FileStore } from '../../fsw/framework';
import { seededRandom } from '../../fsw/framework/random';
import { readPrivateKey } from '../../fsw/models';
import { killModel, MODEL, places } from './killRun';

const CHUNK_BYTES = 16 << 10;

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

/** As the uplink does it: chunk by chunk into a file of another name, synced, renamed. */
function upload(files: FileStore, path: string, bytes: Uint8Array): void {
  files.truncate(`${path}.part`, 0);
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES)
    files.write(`${path}.part`, at, bytes.subarray(at, at + CHUNK_BYTES));
  files.sync(`${path}.part`);
  files.rename(`${path}.part`, path);
}

async function live([folder, seed]: readonly string[]): Promise<void> {
  const { mission, files: filesFolder, key: keyFile } = places(folder);
  const opened = fileStore(filesFolder);
  const key = readPrivateKey(readFileSync(keyFile, 'utf8'), keyFile);
  if (!opened.ok || !key.ok) throw new Error('the folder is not as the parent made it');
  const files = opened.value;
  const random = seededRandom(Number(seed), 'child');
  say('phase boot');
  const b = await bootStore(mission, files);
  const ledgerEntry = () => entryOf(readLedger(files, 'model-store').ledger ?? emptyLedger, MODEL);
  let newest = ledgerEntry()?.highest ?? 1;
  for (;;) {
    const serial = ++newest;
    say('phase upload');
    upload(files, 'next.model', bundleOf(killModel(serial), key.value));
    say('phase install');
    await b.obey('INSTALL', { path: 'next.model' });
    say('phase promote');
    say(`want ${serial}`);
    if ((await b.obey('PROMOTE', { model: MODEL })) === 'OK') say(`done ${serial}`);
    say('phase scrub');
    const copy = random.next() < 0.5 ? 'a' : 'b';
    damage(join(filesFolder, 'model-store', copy, `${MODEL}-${serial}.golden`), random.next());
    for (const { scrub, pages } of b.regions()) await scrub(0, pages);
    if (random.next() < 0.5) continue;
    say('phase rollback');
    const before = ledgerEntry()?.previous;
    say(`want ${before}`);
    if ((await b.obey('ROLLBACK', { model: MODEL })) === 'OK') say(`done ${before}`);
  }
}

/** Five thousand bytes of a golden copy are no longer what they were: two pages at least. */
function damage(file: string, where: number): void {
  const opened = openSync(file, 'r+');
  try {
    writeSync(opened, new Uint8Array(5000).fill(0x55), 0, 5000, 4096 + Math.floor(where * 300_000));
  } finally {
    closeSync(opened);
  }
}

void live(process.argv.slice(2));
