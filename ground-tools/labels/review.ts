/** Which pictures are worth their bytes, and what is known in a table. */
import { type Book, byTile, type Decision, type Proposal, type Thumbnail } from './book';

/** Tiles whose proposals are weak or contradicted, without a picture or a decision: conflicts first, then the least sure. */
export function wantedOf({ proposals, thumbnails, decisions }: Book): Proposal[] {
  const settled = new Set([...thumbnails, ...decisions].map(({ tile }) => tile));
  const rank = ({ state }: Proposal) => (state === 'conflict' ? 0 : 1);
  return proposals
    .filter(({ tile, state }) => state !== 'clear' && !settled.has(tile))
    .sort((a, b) => rank(a) - rank(b) || a.confidence - b.confidence || a.tile - b.tile);
}

/** The commands that ask for them, as a sequence for `perigee sequence compile`. */
export function thumbnailSequence(archive: string, tiles: readonly number[], quality: number): string {
  const steps = tiles.flatMap((tile) => [
    `  - command: ${archive}.SEND_THUMBNAIL`,
    `    args: { tile: ${tile}, quality: ${quality} }`,
    // One that made room for others is no reason to stop.
    '    onFail: continue',
  ]);
  return ['name: thumbnails', 'steps:', ...steps, ''].join('\n');
}

/** Pictures of tiles that no record told of are left out. */
export function withThumbnails(book: Book, came: readonly Thumbnail[], bytes: number): Book {
  const known = new Set(book.tiles.map(({ tile }) => tile));
  const thumbnails = byTile(
    book.thumbnails,
    came.filter(({ tile }) => known.has(tile)),
  );
  return { ...book, thumbnails, down: { ...book.down, thumbnailBytes: bytes } };
}

export interface Row {
  readonly proposal: Proposal;
  readonly decision: Decision | undefined;
  readonly thumbnail: Thumbnail | undefined;
}

/** What needs an eye first: conflicts, weak ones, then the clear. */
export function rowsOf({ proposals, decisions, thumbnails }: Book): Row[] {
  const [decided, seen] = [decisions, thumbnails].map(
    (all) => new Map(all.map((one) => [one.tile, one])),
  ) as [Map<number, Decision>, Map<number, Thumbnail>];
  const order = ['conflict', 'weak', 'clear'];
  return [...proposals]
    .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || a.confidence - b.confidence)
    .map((proposal) => ({
      proposal,
      decision: decided.get(proposal.tile),
      thumbnail: seen.get(proposal.tile),
    }));
}

export function tableLines(book: Book, most: number): string[] {
  const rows = rowsOf(book);
  const width = Math.max(8, ...book.classes.map(({ length }) => length)) + 1;
  const shown = rows.slice(0, most).map(({ proposal, decision, thumbnail }) => {
    const { tile, class: name, confidence, state, why } = proposal;
    const said = decision === undefined ? (thumbnail ? 'picture' : '') : (decision.class ?? 'no label');
    return `${String(tile).padStart(8)} ${state.padEnd(9)}${name.padEnd(width)}${confidence.toFixed(2)}  ${said.padEnd(width)}${why.join('; ')}`;
  });
  const head = `${'tile'.padStart(8)} ${'state'.padEnd(9)}${'proposed'.padEnd(width)}sure  ${'decided'.padEnd(width)}why`;
  const left = rows.length - shown.length;
  return [head, ...shown, ...(left > 0 ? [`… and ${left} more`] : [])];
}
