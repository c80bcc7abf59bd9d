/** The review as one file for a browser: no script, no other file, pictures inside. */
import type { Book } from './book';
import { ledgerLines, ledgerOf } from './ledger';
import { type Row, rowsOf } from './review';

const STYLE = `
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1c1c22; }
h1 { font-size: 1.3rem; } p, pre { color: #55555f; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top; }
img { width: 96px; height: 96px; image-rendering: pixelated; border-radius: 4px; display: block; }
.conflict { color: #a8201a; font-weight: 600; } .weak { color: #8a5a00; } .clear { color: #1d6b3a; }
td small { color: #77777f; display: block; }
@media (prefers-color-scheme: dark) {
  body { background: #16161a; color: #e6e6ea; } p, pre, td small { color: #a0a0aa; }
  th, td { border-color: #333; }
  .conflict { color: #ff8a80; } .weak { color: #f0c060; } .clear { color: #7fd6a0; }
}`;

/** At most this many rows without a picture: clear ones need no eye. */
const MOST_PLAIN = 500;

export function reviewPage(book: Book): string {
  const rows = rowsOf(book);
  const plain = rows.filter(({ thumbnail }) => thumbnail === undefined);
  const hidden = new Set(plain.slice(MOST_PLAIN));
  const shown = rows.filter((row) => !hidden.has(row));
  const title = `Labels for ${book.model} on ${book.deployment}`;
  const left = hidden.size === 0 ? '' : `<p>${hidden.size} more proposals are in the book.</p>`;
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title><style>${STYLE}</style>
<h1>${escaped(title)}</h1>
<p>${book.tiles.length} tiles, ${book.thumbnails.length} pictures, ${book.decisions.length} decided. Sources: ${escaped(
    book.sources.map(({ name, kind, weight }) => `${name} (${kind}, weight ${weight})`).join(', ') || 'none',
  )}.</p>
<pre>${escaped(ledgerLines(ledgerOf(book)).join('\n'))}</pre>
<table><thead><tr><th>Tile<th>Picture<th>Proposed<th>Why<th>Decided</tr></thead><tbody>
${shown.map((row) => rowOf(book, row)).join('\n')}
</tbody></table>${left}
</html>
`;
}

function rowOf(book: Book, { proposal, decision, thumbnail }: Row): string {
  const { tile: id, class: name, confidence, state, why } = proposal;
  const tile = book.tiles.find((one) => one.tile === id);
  const seen =
    tile === undefined ? '' : new Date(tile.seenS * 1000).toISOString().slice(0, 16).replace('T', ' ');
  const place = tile?.place
    ? `${tile.place.latDeg.toFixed(4)}, ${tile.place.lonDeg.toFixed(4)}`
    : 'place unknown';
  const picture =
    thumbnail === undefined
      ? ''
      : `<img alt="tile ${id}" src="data:image/webp;base64,${Buffer.from(thumbnail.webp).toString('base64')}">`;
  const said =
    decision === undefined
      ? ''
      : `${escaped(decision.class ?? 'no label')}<small>${escaped(decision.use)}, ${escaped(decision.by)}${
          decision.note === '' ? '' : `: ${escaped(decision.note)}`
        }</small>`;
  return `<tr><td>${id}<small>${seen}<br>${place}</small><td>${picture}<td><span class="${state}">${escaped(name)}</span> ${confidence.toFixed(
    2,
  )}<small>${state}</small><td>${why.map(escaped).join('<br>')}<td>${said}</tr>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
