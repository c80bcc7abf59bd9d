/** An operator's decisions: which proposals become labels, and which of those are held out on board. */
import { createHash } from 'node:crypto';
import { type Failed, fail, type Result, succeed } from '../../fsw/errors';
import type { LabelUse } from '../../fsw/learning';
import { type Book, byTile, type Decision, type Proposal } from './book';

export interface Approval {
  /** `12`: as proposed. `12=Forest`: as the operator sees it. */
  readonly tiles: readonly string[];
  /** Tiles that get no label. */
  readonly rejected: readonly string[];
  /** Clear proposals of this class, or of all, that are at least this sure and not decided yet. */
  readonly from: { readonly class: string | undefined; readonly confidence: number } | undefined;
  readonly by: string;
  readonly note: string;
  readonly at: string;
  /** The share of each class's labels that is held out on board, to measure by. */
  readonly referenceShare: number;
}

type Said = Pick<Decision, 'tile' | 'class' | 'weight'>;

/**
 * The book with decisions added. One on a tile replaces an earlier one; whether a tile is for training or reference never
 * changes once it was said. Errors: LABELS_DECISION, after which nothing is decided.
 */
export function approve(book: Book, approval: Approval): Result<{ book: Book; decisions: Decision[] }> {
  const said: Said[] = [];
  for (const word of approval.tiles) {
    const one = namedTile(book, word);
    if (!one.ok) return one;
    said.push(one.value);
  }
  for (const word of approval.rejected) {
    const tile = tileNamed(book, word);
    if (!tile.ok) return tile;
    said.push({ tile: tile.value, class: null, weight: 0 });
  }
  const { from } = approval;
  if (from?.class !== undefined && !book.classes.includes(from.class))
    return noClass(book, from.class, from.class);
  const decided = new Set(book.decisions.map(({ tile }) => tile));
  for (const { tile, class: name, confidence, state } of from === undefined ? [] : book.proposals) {
    const isMeant =
      state === 'clear' && (from?.class ?? name) === name && confidence >= (from?.confidence ?? 1);
    if (isMeant && !decided.has(tile)) said.push({ tile, class: name, weight: confidence });
  }
  const named = new Set(approval.tiles.concat(approval.rejected).map((word) => word.split('=')[0]));
  if (named.size < approval.tiles.length + approval.rejected.length)
    return fail('LABELS_DECISION', { what: 'tiles', why: 'one is named twice' });
  const { by, note, at } = approval;
  const uses = usesOf(book, byTile(said), approval.referenceShare);
  const decisions = byTile(said).map((one) => ({ ...one, use: uses.get(one.tile) ?? 'train', by, note, at }));
  return succeed({ book: { ...book, decisions: byTile(book.decisions, decisions) }, decisions });
}

function namedTile(book: Book, word: string): Result<Said> {
  const [id, ...rest] = word.split('=');
  const tile = tileNamed(book, id);
  if (!tile.ok) return tile;
  const asked = rest.length > 0 ? rest.join('=') : undefined;
  if (asked !== undefined && !book.classes.includes(asked)) return noClass(book, word, asked);
  const proposal = proposalOf(book, tile.value);
  const name = asked ?? proposal?.class;
  if (name === undefined)
    return fail('LABELS_DECISION', { what: `tile ${id}`, why: 'nothing is proposed for it: say its class' });
  return succeed({ tile: tile.value, class: name, weight: 1 });
}

function tileNamed({ tiles }: Book, id: string): Result<number> {
  const tile = /^\d+$/.test(id) ? Number(id) : Number.NaN;
  if (tiles.some((one) => one.tile === tile)) return succeed(tile);
  return fail('LABELS_DECISION', { what: `tile ${id}`, why: 'no record of it came down' });
}

function noClass({ classes }: Book, what: string, found: string): Failed {
  return fail('LABELS_DECISION', { what, why: `${found} is none of ${classes.join(', ')}` });
}

export function proposalOf({ proposals }: Book, tile: number): Proposal | undefined {
  return proposals.find((one) => one.tile === tile);
}

/**
 * Of each class the new labels with the smallest hashes become reference until it has its share: drawn by chance, the same
 * on every machine, and no class without.
 */
function usesOf(book: Book, said: readonly Said[], share: number): Map<number, LabelUse> {
  const uses = new Map(book.decisions.map(({ tile, use }) => [tile, use]));
  const fresh = new Set(said.map(({ tile }) => tile).filter((tile) => !uses.has(tile)));
  const labels = byTile<Said>(book.decisions, said).filter((one) => one.class !== null);
  for (const name of book.classes) {
    const own = labels.filter((one) => one.class === name);
    const open = own
      .filter(({ tile }) => fresh.has(tile))
      .sort((a, b) => (lotOf(a.tile) < lotOf(b.tile) ? -1 : 1));
    const have = own.filter(({ tile }) => uses.get(tile) === 'reference').length;
    const wanted = Math.max(0, Math.round(own.length * share) - have);
    for (const [i, { tile }] of open.entries()) uses.set(tile, i < wanted ? 'reference' : 'train');
  }
  return uses;
}

function lotOf(tile: number): string {
  return createHash('sha256').update(`reference ${tile}`).digest('hex');
}
