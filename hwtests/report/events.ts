/** The events that reached the ground, to be filtered by severity. */
import { type SeverityName, severities } from '../../fsw/framework/model';
import { flightTime, utc } from './format';
import { type Html, html } from './html';
import type { FlightRecord } from './record';

export const MAX_EVENTS = 1000;

const mostSevereFirst = [...severities].reverse();

interface EventRow {
  readonly atUs: number;
  readonly unixUs: number;
  readonly severity: SeverityName;
  readonly name: string;
  readonly text: string;
}

export function eventsSection(record: FlightRecord): Html {
  const all = eventsOf(record);
  const shown = mostSevere(all, MAX_EVENTS);
  const present = mostSevereFirst.filter((severity) => all.some((event) => event.severity === severity));
  const left = all.length - shown.length;
  return html`<fieldset class="filter"><legend>${all.length} events${left > 0 && `, the ${shown.length} most severe shown`}</legend>
${present.map((severity) => html`<label><input type="checkbox" checked data-severity="${severity}"> <span class="severity ${severity}">${severity}</span> ${all.filter((event) => event.severity === severity).length}</label>`)}</fieldset>
<div class="scroll tall" tabindex="0"><table id="events"><caption>Events in the order in which they happened on board</caption>
<thead><tr><th scope="col">flight time</th><th scope="col">UTC</th><th scope="col">severity</th><th scope="col">event</th><th scope="col">text</th></tr></thead>
<tbody>${shown.map(({ atUs, unixUs, severity, name, text }) => html`<tr data-severity="${severity}"><td>${flightTime(atUs)}</td><td>${utc(unixUs / 1000)}</td><td><span class="severity ${severity}">${severity}</span></td><td>${name}</td><td>${text}</td></tr>`)}</tbody></table></div>`;
}

function eventsOf({ received, epochMs }: FlightRecord): EventRow[] {
  return received
    .flatMap(({ content }) => {
      if (content.kind !== 'event') return [];
      const { unixUs, severity, name, text } = content;
      return [
        { atUs: unixUs - epochMs * 1000, unixUs, severity, name: name.split('.').slice(-2).join('.'), text },
      ];
    })
    .sort((a, b) => a.unixUs - b.unixUs);
}

/** At most so many, the least severe and then the latest left out; in their order. */
export function mostSevere<T extends { readonly severity: SeverityName }>(
  events: readonly T[],
  most: number,
): readonly T[] {
  if (events.length <= most) return events;
  const bySeverity = mostSevereFirst.flatMap((severity) =>
    events.filter((event) => event.severity === severity),
  );
  const kept = new Set(bySeverity.slice(0, most));
  return events.filter((event) => kept.has(event));
}
