/** What the labels cost on the link, beside what the pictures would have. */
import type { Dictionary } from '../../fsw/framework/dictionary';
import { TC_OVERHEAD } from '../../fsw/protocols';
import { CommandUplink } from '../link/uplink';
import type { Book } from './book';

/** A tile as it is: three planes of 64 by 64 pixels. */
const RAW_BYTES = 3 * 64 * 64;

export interface Ledger {
  readonly tiles: number;
  readonly labels: number;
  /** Records of all tiles, those that were not kept too, and bytes of their packets. */
  readonly records: number;
  readonly recordBytes: number;
  readonly thumbnails: number;
  readonly thumbnailBytes: number;
  /** Of the packets of label files, repeats included. */
  readonly labelBytes: number;
  readonly commands: number;
  readonly commandBytes: number;
  /** What all of it took, down and up. */
  readonly bytes: number;
  /** What the kept tiles would have taken down as they are, and as pictures like those that came; NaN without one. */
  readonly rawBytes: number;
  readonly pictureBytes: number;
}

export function ledgerOf({ tiles, decisions, thumbnails, uplinks, down, up }: Book): Ledger {
  const labelBytes = uplinks.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
  const each = thumbnails.length === 0 ? Number.NaN : down.thumbnailBytes / thumbnails.length;
  return {
    tiles: tiles.length,
    labels: decisions.filter((one) => one.class !== null).length,
    records: down.records,
    recordBytes: down.recordBytes,
    thumbnails: thumbnails.length,
    thumbnailBytes: down.thumbnailBytes,
    labelBytes,
    ...up,
    bytes: down.recordBytes + down.thumbnailBytes + labelBytes + up.commandBytes,
    rawBytes: tiles.length * RAW_BYTES,
    pictureBytes: tiles.length * each,
  };
}

export function ledgerLines(ledger: Ledger): string[] {
  const { tiles, labels, records, recordBytes, thumbnails, thumbnailBytes, labelBytes, bytes } = ledger;
  const { rawBytes, pictureBytes, commands, commandBytes } = ledger;
  const row = (what: string, count: string, size: number) =>
    `${what.padEnd(22)}${count.padStart(14)}${size.toLocaleString('en').padStart(14)} B`;
  const times = (size: number) => (bytes === 0 ? '' : `, ${(size / bytes).toFixed(1)} times as much`);
  return [
    row('records down', `${records}`, recordBytes),
    row('thumbnails down', `${thumbnails}`, thumbnailBytes),
    row('label files up', `${labels} labels`, labelBytes),
    row('commands up', `${commands}`, commandBytes),
    row('together', '', bytes),
    `${row('all tiles as they are', `${tiles} tiles`, rawBytes)}${times(rawBytes)}`,
    ...(Number.isNaN(pictureBytes)
      ? []
      : [`${row('all as thumbnails', `${tiles} tiles`, Math.round(pictureBytes))}${times(pictureBytes)}`]),
  ];
}

/** With a command that was radiated so many times. */
export function withCommand(
  up: Book['up'],
  dictionary: Dictionary,
  name: string,
  args: Readonly<Record<string, unknown>>,
  times: number,
): Book['up'] {
  const uplink = new CommandUplink(dictionary);
  const isIdentified = dictionary.events.some(({ local }) => local === 'CommandOutcome');
  const made = isIdentified ? uplink.identified(name, args, 0, 0) : uplink.command(name, args);
  const bytes = made.ok ? made.value.frame.length - TC_OVERHEAD : 0;
  return { commands: up.commands + times, commandBytes: up.commandBytes + times * bytes };
}
