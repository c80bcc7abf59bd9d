import type { Command } from 'commander';
import { type Context, exit } from '../cli/context';
import { makeKeys, raiseGroundCounter, showKeys } from './keys';

/** Adds `keys make|show|raise`; `ended` gets the exit code. */
export function keysCommand(program: Command, { out, err }: Context, ended: (code: number) => void): void {
  const fault = (text: string) => {
    err.write(`error: ${text}\n`);
    ended(exit.failed);
  };
  const keys = program.command('keys').description('the keys of a secured link');
  keys
    .command('make')
    .description('make the keys of a new link: DIR/ground and DIR/board')
    .argument('<dir>')
    .action((dir: string) => {
      const made = makeKeys(dir);
      if (!made.ok) return fault(made.error.text);
      out.write(`${made.value.ground}  stays here: keys, and the counter of what was sent\n`);
      out.write(`${made.value.board}  move its files into the spacecraft's storage, and keep no copy\n`);
    });
  keys
    .command('show')
    .description('list the keys of a folder by fingerprint, as KEY_INVENTORY shows those on board')
    .argument('<dir>')
    .option('--json', 'one object a line')
    .action((dir: string, { json }: { json?: boolean }) => {
      const shown = showKeys(dir);
      if (!shown.ok) return fault(shown.error.text);
      for (const key of shown.value) {
        const next = key.next?.toString();
        if (json) out.write(`${JSON.stringify({ ...key, next })}\n`);
        else {
          const notes = [next && `next ${next}`, key.reserve && 'reserve', key.warning].filter(Boolean);
          const name = `${key.direction}-${key.slot}`;
          out.write(`${name}  SPI ${key.spi}  ${key.fingerprint}  ${notes.join(', ')}`.trimEnd());
          out.write('\n');
        }
      }
      if (shown.value.some(({ warning }) => warning)) ended(exit.failed);
    });
  keys
    .command('raise')
    .description('set the next TC number of a slot, after a loss of the counter file')
    .argument('<dir>')
    .argument('<slot>')
    .argument('<next>')
    .action((dir: string, slot: string, next: string) => {
      if (!/^[0-3]$/.test(slot) || !/^\d{1,20}$/.test(next)) {
        err.write('error: slot is 0..3, next a whole number\n');
        return ended(exit.usage);
      }
      const raised = raiseGroundCounter(dir, Number(slot), BigInt(next));
      if (!raised.ok) return fault(raised.error.text);
      out.write(`tc-${slot}: next ${next}\n`);
    });
}
