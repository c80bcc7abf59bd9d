/** What the labels cost on the link, beside what the pictures would have. */
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
  /** Of label files, repeats included. */
  readonly labelBytes: number;
  /** What all of it took, down and up. */
  readonly bytes: number;
  /** What the kept tiles would have taken down as they are, and as pictures like those that came; NaN without one. */
  readonly rawBytes: number;
  readonly pictureBytes: number;
}

export function ledgerOf({ tiles, decisions, thumbnails, uplinks, down }: Book): Ledger {
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
    bytes: down.recordBytes + down.thumbnailBytes + labelBytes,
    rawBytes: tiles.length * RAW_BYTES,
    pictureBytes: tiles.length * each,
  };
}

export function ledgerLines(ledger: Ledger): string[] {
  const { tiles, labels, records, recordBytes, thumbnails, thumbnailBytes, labelBytes, bytes } = ledger;
  const { rawBytes, pictureBytes } = ledger;
  const row = (what: string, count: string, size: number) =>
    `${what.padEnd(22)}${count.padStart(14)}${size.toLocaleString('en').padStart(14)} B`;
  const times = (size: number) => (bytes === 0 ? '' : `, ${(size / bytes).toFixed(1)} times as much`);
  return [
    row('records down', `${records}`, recordBytes),
    row('thumbnails down', `${thumbnails}`, thumbnailBytes),
    row('label files up', `${labels} labels`, labelBytes),
    row('together', '', bytes),
    `${row('all tiles as they are', `${tiles} tiles`, rawBytes)}${times(rawBytes)}`,
    ...(Number.isNaN(pictureBytes)
      ? []
      : [`${row('all as thumbnails', `${tiles} tiles`, Math.round(pictureBytes))}${times(pictureBytes)}`]),
  ];
}
