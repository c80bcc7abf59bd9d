/** Where tiles lie so that every pixel is in the judged part of exactly one of them. */

/** A tile along one axis: where it begins, and from which to which pixel centres are judged in it. */
export interface Window {
  readonly origin: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Tiles of `side` along one axis that judge [from, to) of the pixels [start, end) that are there. Each judges its middle
 * `side − 2 × margin`; at the edges of what is there also its margin. `from` lies in [start, end); what is there may be
 * shorter than a tile, which then begins at `start`.
 */
export function windowsOver(
  there: { readonly start: number; readonly end: number },
  judged: { readonly from: number; readonly to: number },
  side: number,
  margin: number,
): Window[] {
  const windows: Window[] = [];
  for (let at = judged.from; at < judged.to; ) {
    const origin = Math.max(there.start, Math.min(at - margin, there.end - side));
    const last = origin + side >= there.end;
    const to = Math.min(judged.to, last ? there.end : origin + side - margin);
    windows.push({ origin, from: at, to });
    at = to;
  }
  return windows;
}
