import type { Topology } from '../topology';
import { isQueued, palette, patternNotes, portName } from './style';

/** A Mermaid flowchart: solid arrows are synchronous calls, dotted ones go through a queue. */
export function mermaidOf(topology: Topology): string {
  const lines = topology.instances.map(
    ({ name, component }) => `  ${name}["${name}"]:::${component.model.kind}`,
  );
  for (const { from, to } of topology.connections) {
    const arrow = isQueued(topology, to) ? '-.->' : '-->';
    lines.push(`  ${from.instance} ${arrow}|"${portName(from)} → ${portName(to)}"| ${to.instance}`);
  }
  const styles = Object.entries(palette).map(
    ([kind, { fill, line }]) => `  classDef ${kind} fill:${fill},stroke:${line},color:#0f172a`,
  );
  const notes = patternNotes(topology).map((note) => `  %% ${note}`);
  return `${['flowchart LR', ...lines, ...styles, ...notes].join('\n')}\n`;
}
