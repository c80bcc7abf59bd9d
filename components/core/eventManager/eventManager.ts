import {
  bool,
  Com,
  component,
  defineComponent,
  FatalEvent,
  input,
  Log,
  ok,
  output,
  reference,
  refused,
  Severity,
  type SeverityName,
  severities,
  U8,
  U16,
  U32,
} from '../../../fsw/framework';
import { TIME_TAG_LENGTH, writeEventPacket } from '../../../fsw/protocols';

const HEAD_LENGTH = 6 + TIME_TAG_LENGTH;
const ID_FILTERS = 25;

/** What the delivery of one event is worth, by severity. */
export type EventValues = Readonly<Record<SeverityName, number>>;

const defaultValues: EventValues = {
  fatal: 1000,
  'warning-high': 100,
  'warning-low': 30,
  command: 20,
  'activity-high': 10,
  'activity-low': 1,
  diagnostic: 0.1,
};

interface Logged {
  readonly packet: Uint8Array;
  readonly value: number;
}

export const eventManager = component(
  defineComponent({
    kind: 'active',
    doc: 'Turns every event into a packet for the ground, filtered by severity and id, and announces FATALs.',
    ports: {
      log: input.sync(Log),
      comOut: output(Com),
      fatalAnnounce: output(FatalEvent, { optional: true }),
    },
    commands: {
      SET_EVENT_FILTER: {
        id: 0,
        args: { severity: Severity, enabled: bool },
        doc: 'Lets events of one severity through, or not; fatal cannot be filtered.',
      },
      SET_ID_FILTER: {
        id: 2,
        args: { id: U32, enabled: bool },
        doc: 'Filters one event id out (enabled), or no longer; a fatal event passes all the same.',
      },
      DUMP_FILTER_STATE: { id: 3, doc: 'Reports both filters as events.' },
      DUMP_EVENTS: {
        id: 4,
        args: { count: U8 },
        doc: 'Sends the last events again, oldest first, the filtered ones too.',
      },
    },
    events: {
      SeverityFilterState: {
        id: 0,
        severity: 'activity-low',
        args: { severity: Severity, enabled: bool },
        format: 'events of severity {severity} pass: {enabled}',
        doc: 'One line of DUMP_FILTER_STATE.',
      },
      IdFilterEnabled: {
        id: 1,
        severity: 'activity-high',
        args: { id: U32 },
        format: 'event {id} is filtered out',
        doc: 'An id was added to the filter, or a line of DUMP_FILTER_STATE.',
      },
      IdFilterRemoved: {
        id: 2,
        severity: 'activity-high',
        args: { id: U32 },
        format: 'event {id} passes again',
        doc: 'An id was taken out of the filter.',
      },
    },
    telemetry: {
      EventsSent: { id: 0, type: U32, update: 'on-change', doc: 'Events handed to the downlink since boot.' },
      EventsFiltered: { id: 1, type: U32, update: 'on-change', doc: 'Events filtered out since boot.' },
      WarningsHigh: {
        id: 2,
        type: U32,
        update: 'on-change',
        doc: 'Events of severity warning-high since boot.',
      },
      Fatals: { id: 3, type: U32, update: 'on-change', doc: 'Events of severity fatal since boot.' },
    },
    config: {
      values: {
        type: reference<Partial<EventValues>>('EventValues'),
        default: {},
        doc: 'What the delivery of an event is worth, by severity, where not the default.',
      },
      history: { type: U16, default: 64, min: 1, max: 4096, doc: 'Events kept for DUMP_EVENTS.' },
    },
  }),
  {
    state: () => ({
      /** Severities that do not pass. */
      silenced: new Set<SeverityName>(['diagnostic']),
      filteredIds: new Set<number>(),
      /** The last events, oldest first. */
      history: [] as Logged[],
      sent: 0,
      filtered: 0,
      warningsHigh: 0,
      fatals: 0,
    }),
    ports: ({ state, out, tlm, config }) => {
      const values = { ...defaultValues, ...config.values };
      return {
        // Events of this component, and of those that this handler calls, come through here again, so
        // everything is recorded before anything is called.
        log({ id, time, severity, args }) {
          const packet = new Uint8Array(HEAD_LENGTH + args.length);
          writeEventPacket(packet, 0, id, time, args);
          const logged = { packet, value: values[severity] };
          state.history.push(logged);
          if (state.history.length > config.history) state.history.shift();
          const fatal = severity === 'fatal';
          if (!fatal && (state.silenced.has(severity) || state.filteredIds.has(id))) {
            tlm.EventsFiltered(++state.filtered);
            return;
          }
          state.sent++;
          out.comOut({ data: packet.slice(), value: logged.value });
          if (severity === 'warning-high') tlm.WarningsHigh(++state.warningsHigh);
          if (fatal) {
            tlm.Fatals(++state.fatals);
            out.fatalAnnounce({ id });
          }
          tlm.EventsSent(state.sent);
        },
      };
    },
    commands: ({ state, out, event }) => ({
      SET_EVENT_FILTER({ severity, enabled }) {
        if (severity === 'fatal') return refused('fatal events cannot be filtered', 'VALIDATION_ERROR');
        if (enabled) state.silenced.delete(severity);
        else state.silenced.add(severity);
        return ok;
      },
      SET_ID_FILTER({ id, enabled }) {
        if (!enabled) {
          if (!state.filteredIds.delete(id)) return refused(`event ${id} is not filtered`);
          event.IdFilterRemoved({ id });
          return ok;
        }
        if (state.filteredIds.size >= ID_FILTERS) return refused(`all ${ID_FILTERS} id filters are in use`);
        state.filteredIds.add(id);
        event.IdFilterEnabled({ id });
        return ok;
      },
      DUMP_FILTER_STATE() {
        for (const severity of severities)
          event.SeverityFilterState({ severity, enabled: !state.silenced.has(severity) });
        for (const id of state.filteredIds) event.IdFilterEnabled({ id });
        return ok;
      },
      DUMP_EVENTS({ count }) {
        if (count === 0) return refused('count is 0', 'VALIDATION_ERROR');
        for (const { packet, value } of state.history.slice(-count))
          out.comOut({ data: packet.slice(), value });
        return ok;
      },
    }),
  },
);
