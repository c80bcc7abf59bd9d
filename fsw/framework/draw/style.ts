/** What both pictures share: colours by kind, and words for ports and patterns. */
import type { EndRef, Topology } from '../topology';

export const palette = {
  active: { fill: '#dbeafe', line: '#2563eb', says: 'active: own queue, run by the executive' },
  queued: { fill: '#fef3c7', line: '#d97706', says: 'queued: own queue, drained by a caller' },
  passive: { fill: '#f1f5f9', line: '#64748b', says: 'passive: runs in its caller' },
} as const;

/** What the patterns wire, in words. */
export function patternNotes({ patterns }: Topology): string[] {
  const { commands, events, telemetry, params, health } = patterns;
  const served: [string, EndRef | undefined][] = [
    ['commands', commands?.respond],
    ['events', events],
    ['telemetry', telemetry],
    ['parameters', params?.get],
    ['health', health?.pong[0]],
  ];
  const words = served.flatMap(([what, ref]) => (ref ? [`${what} by ${ref.instance}`] : []));
  return words.length > 0 ? [`Every component is also served, by patterns: ${words.join(', ')}.`] : [];
}

export function isQueued({ instances }: Topology, to: EndRef): boolean {
  const end = instances.find(({ name }) => name === to.instance)?.component.model.ports[to.end];
  return end?.direction === 'in' && end.dispatch === 'async';
}

export function portName(ref: EndRef): string {
  return ref.index > 0 ? `${ref.end}[${ref.index}]` : ref.end;
}
