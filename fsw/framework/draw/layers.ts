/**
 * Where the boxes of a picture go: layers from left to right by the direction of the arrows, and an order
 * within each layer that keeps arrows short (Sugiyama's method: break cycles, longest path, barycentres).
 */
export type Arrow = readonly [from: string, to: string];

/** The layer of each node, 0 the leftmost. An arrow that closes a cycle is the one that points left. */
export function layersOf(names: readonly string[], arrows: readonly Arrow[]): Map<string, number> {
  const targets = forwardTargets(names, arrows);
  const layers = new Map(names.map((name) => [name, 0]));
  const order = topological(names, targets);
  for (const name of order)
    for (const target of targets.get(name) ?? [])
      layers.set(target, Math.max(layerIn(layers, target), layerIn(layers, name) + 1));
  // What gives more than it gets stands just before what it points at, not at the far left.
  const got = (name: string) => [...targets.values()].filter((to) => to.has(name)).length;
  for (const name of order.reverse()) {
    const to = [...(targets.get(name) ?? [])];
    if (to.length > 0 && to.length >= got(name))
      layers.set(name, Math.min(...to.map((target) => layerIn(layers, target))) - 1);
  }
  return layers;
}

function layerIn(layers: ReadonlyMap<string, number>, name: string): number {
  return layers.get(name) ?? 0;
}

/** The arrows without those that lead back into a path that is being walked. */
function forwardTargets(names: readonly string[], arrows: readonly Arrow[]): Map<string, Set<string>> {
  const forward = new Map(names.map((name) => [name, new Set<string>()]));
  const state = new Map<string, 'open' | 'done'>();
  const visit = (name: string) => {
    state.set(name, 'open');
    for (const [from, to] of arrows) {
      if (from !== name || state.get(to) === 'open') continue;
      forward.get(name)?.add(to);
      if (!state.has(to)) visit(to);
    }
    state.set(name, 'done');
  };
  const isSource = (name: string) => !arrows.some(([from, to]) => to === name && from !== name);
  for (const name of [...names.filter(isSource), ...names]) if (!state.has(name)) visit(name);
  return forward;
}

function topological(names: readonly string[], targets: ReadonlyMap<string, Set<string>>): string[] {
  const order: string[] = [];
  const seen = new Set<string>();
  const visit = (name: string) => {
    if (seen.has(name)) return;
    seen.add(name);
    for (const target of targets.get(name) ?? []) visit(target);
    order.unshift(name);
  };
  for (const name of names) visit(name);
  return order;
}

/** Something that takes up room in a column: a box, or the place where a long arrow passes by. */
export interface Slot {
  readonly id: string;
  readonly height: number;
  /** Ids of slots in the columns left and right that it is joined to. */
  readonly before: string[];
  readonly after: string[];
}

const SWEEPS = 8;

/** Orders the slots of each column and gives each its top. Returns tops by id, the topmost at 0. */
export function stack(columns: readonly (readonly Slot[])[], gap: number): Map<string, number> {
  const tops = new Map<string, number>();
  const slots = new Map(columns.flat().map((slot) => [slot.id, slot]));
  const middle = (id: string) => (tops.get(id) ?? 0) + (slots.get(id)?.height ?? 0) / 2;
  const place = (column: readonly Slot[], wanted: (slot: Slot) => number) => {
    const ranked = column.map((slot, i) => ({ slot, i, at: wanted(slot) }));
    ranked.sort((a, b) => a.at - b.at || a.i - b.i);
    let free = Number.NEGATIVE_INFINITY;
    for (const { slot, at } of ranked) {
      const top = Math.max(free, at - slot.height / 2);
      tops.set(slot.id, top);
      free = top + slot.height + gap;
    }
  };
  const near = (side: 'before' | 'after') => (slot: Slot) => {
    const joined = slot[side].length > 0 ? slot[side] : slot[side === 'before' ? 'after' : 'before'];
    if (joined.length === 0) return middle(slot.id);
    return joined.reduce((sum, id) => sum + middle(id), 0) / joined.length;
  };
  for (const column of columns) {
    let y = 0;
    place(column, (slot) => {
      y += slot.height + gap;
      return y - gap - slot.height / 2;
    });
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const backwards = sweep % 2 === 1;
    for (const column of backwards ? [...columns].reverse() : columns)
      place(column, near(backwards ? 'after' : 'before'));
  }
  const highest = Math.min(...tops.values());
  return new Map([...tops].map(([id, top]) => [id, top - highest]));
}
