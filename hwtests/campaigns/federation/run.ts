/** `perigee federation`, and `perigee campaign federation`: started by the `perigee` command as a process of its own. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeWholeFile } from '../../../fsw/wholeFile';
import { experiment } from './experiment';
import { optionsOf } from './options';
import { page } from './page';
import { tableOf } from './table';

async function main(argv: readonly string[]): Promise<void> {
  const options = optionsOf(argv);
  const report = await experiment(options, (text) => console.error(text));
  if (!report.ok) {
    console.error(`error: ${report.error.code}: ${report.error.text}`);
    process.exitCode = 1;
    return;
  }
  mkdirSync(options.out, { recursive: true });
  const [json, html] = ['federation.json', 'federation.html'].map((file) => join(options.out, file));
  writeWholeFile(json, `${JSON.stringify(report.value, null, 2)}\n`);
  writeWholeFile(html, page(report.value));
  console.log(tableOf(report.value));
  console.log(`${html} and ${json} written`);
  if (!report.value.verdict.promises.every(({ kept }) => kept)) process.exitCode = 1;
}

void main(process.argv.slice(2));
