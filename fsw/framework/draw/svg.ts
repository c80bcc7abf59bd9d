import type { EndRef, Topology } from '../topology';
import { arrow } from './arrows';
import { layersOf, stack } from './layers';
import { escaped, text } from './markup';
import {
  BAND_GAP,
  BOX_WIDTH,
  type Box,
  boxOf,
  GAP,
  gridOf,
  HEADER,
  heightOf,
  MARGIN,
  placeLone,
  ROW,
  slotsOf,
  sortConnections,
  touches,
  WIDTH,
  type Wire,
} from './plan';
import { isQueued, palette, patternNotes } from './style';

/** An SVG of the whole topology, 1400 wide: data flows from left to right, in bands where it is long. */
export function svgOf(topology: Topology): string {
  const { drawn, told } = sortConnections(topology.connections);
  const names = topology.instances.map(({ name }) => name);
  const layers = layersOf(
    names,
    drawn.map(({ from, to }) => [from.instance, to.instance]),
  );
  const layer = (ref: EndRef) => layers.get(ref.instance) ?? 0;
  const wires = drawn.map((connection): Wire => {
    const { from, to } = connection;
    const [left, right] = layer(from) <= layer(to) ? [from, to] : [to, from];
    return { connection, queued: isQueued(topology, to), left, right };
  });
  const boxes = new Map(topology.instances.map((instance) => [instance.name, boxOf(instance, wires, told)]));
  const lone = new Set(names.filter((name) => !wires.some((wire) => touches(wire, name))));
  const grid = gridOf(layers, lone);
  let y = MARGIN + 44;
  const bandBottoms: number[] = [];
  const passing = new Map<string, { x: number; y: number }>();
  for (let band = 0; band < grid.bands; band++) {
    const columns = slotsOf(band, grid, boxes, wires, lone);
    const tops = stack(columns, GAP);
    let bottom = y;
    for (const [i, column] of columns.entries())
      for (const { id, height } of column) {
        const place = { x: grid.x(i), y: y + (tops.get(id) ?? 0) };
        const box = boxes.get(id);
        if (box) Object.assign(box, place);
        else passing.set(id, place);
        bottom = Math.max(bottom, place.y + height);
      }
    bandBottoms.push(bottom);
    y = bottom + BAND_GAP;
  }
  y = placeLone(
    [...lone].flatMap((name) => boxes.get(name) ?? []),
    y,
  );
  const arrows = wires.map((wire, i) => arrow(wire, i, { boxes, grid, passing, bandBottoms }));
  const parts = [
    text(MARGIN, MARGIN + 12, topology.name, 'title'),
    ...arrows,
    ...[...boxes.values()].map(boxSvg),
    legend(topology, y),
  ];
  const height = y + 40 + 18 * patternNotes(topology).length;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}">
<title>${escaped(topology.name)}: components and connections</title>
<style>
text { font: 10.5px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: #334155 }
.title { font-size: 20px; font-weight: 600; fill: #0f172a }
.name { font-size: 12px; font-weight: 600; fill: #0f172a; text-anchor: middle }
.end { text-anchor: end }
.words { fill: #64748b; font-style: italic }
.note { font-size: 12px }
path { fill: none; stroke: #475569; stroke-width: 1.3 }
.queued { stroke-dasharray: 5 3 }
</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0 L8 4 L0 8 z" style="fill:#475569;stroke:none"/></marker></defs>
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
${parts.join('\n')}
</svg>
`;
}

function boxSvg(box: Box): string {
  const { x, y, instance, left, right, words } = box;
  const { fill, line } = palette[instance.component.model.kind];
  const height = heightOf(box);
  const rowY = (i: number) => y + HEADER + ROW * i + 11;
  const below = Math.max(left.length, right.length);
  const doc = `<title>${escaped(instance.component.model.doc)}</title>`;
  return [
    `<g><rect x="${x}" y="${y}" width="${BOX_WIDTH}" height="${height}" rx="6" fill="${fill}" stroke="${line}" stroke-width="1.4">${doc}</rect>`,
    text(x + BOX_WIDTH / 2, y + 18, instance.name, 'name'),
    ...left.map((name, i) => text(x + 8, rowY(i), name)),
    ...right.map((name, i) => text(x + BOX_WIDTH - 8, rowY(i), name, 'end')),
    ...words.map((line, i) => text(x + 8, rowY(below + i), line, 'words')),
    '</g>',
  ].join('');
}

function legend(topology: Topology, y: number): string {
  const parts: string[] = [];
  let x = MARGIN + 20;
  for (const { fill, line, says } of Object.values(palette)) {
    parts.push(`<rect x="${x}" y="${y}" width="18" height="13" rx="3" fill="${fill}" stroke="${line}"/>`);
    parts.push(text(x + 26, y + 11, says, 'note'));
    x += 290;
  }
  for (const [style, says] of [
    ['', 'call at once'] as const,
    [' class="queued"', 'through a queue'] as const,
  ]) {
    parts.push(`<path d="M${x} ${y + 7} h34"${style} marker-end="url(#tip)"/>`);
    parts.push(text(x + 42, y + 11, says, 'note'));
    x += 140;
  }
  const notes = patternNotes(topology).map((note, i) => text(MARGIN + 20, y + 36 + 18 * i, note, 'note'));
  return [...parts, ...notes].join('\n');
}
