/** Grants the downlink its bytes while a ground station sees the spacecraft. */
import {
  bool,
  type Contact,
  component,
  defineComponent,
  input,
  LinkGrant,
  ok,
  output,
  Sched,
  string,
  U32,
} from '../../../fsw/framework';

const StationName = string(40);
/** A tick that comes later than this grants no more: a radio can't make up for lost time. */
const MAX_TICK_US = 2e6;

export const contactManager = component(
  defineComponent({
    kind: 'active',
    doc: 'Follows the predicted contacts and grants downlink bytes at the set rate while one lasts.',
    ports: {
      schedIn: input.async(Sched, { onFull: 'drop-oldest' }),
      grant: output(LinkGrant),
      linkState: output(LinkGrant, { optional: true }),
    },
    commands: {
      DOWNLINK_ENABLE: {
        id: 0,
        args: { enabled: bool },
        doc: 'Let the downlink go on in contacts, or hold it.',
      },
    },
    events: {
      ContactStarted: {
        id: 0,
        severity: 'activity-high',
        args: { station: StationName },
        format: 'in contact with {station}',
        doc: 'Acquisition of signal, as predicted.',
      },
      ContactEnded: {
        id: 1,
        severity: 'activity-high',
        args: { station: StationName, bytes: U32 },
        format: 'contact with {station} ended, {bytes} bytes granted',
        doc: 'Loss of signal, as predicted, and what the downlink was granted.',
      },
      EphemerisFailed: {
        id: 2,
        severity: 'warning-high',
        args: { reason: string(120) },
        format: 'the ephemeris could not tell the contact: {reason}',
        throttle: 3,
        doc: 'The ephemeris driver threw; there is no downlink until it answers again.',
      },
    },
    telemetry: {
      InContact: { id: 0, type: bool, update: 'on-change', doc: 'A station sees us now.' },
      Station: { id: 1, type: StationName, update: 'on-change', doc: 'That station, or empty.' },
      PassesSeen: { id: 2, type: U32, update: 'on-change', doc: 'Contacts begun since boot.' },
      GrantedBytes: {
        id: 3,
        type: U32,
        update: 'on-change',
        unit: 'B',
        doc: 'Granted in this contact, or the last.',
      },
      DownlinkEnabled: { id: 4, type: bool, update: 'on-change', doc: 'False while held by command.' },
      EphemerisFaults: { id: 5, type: U32, update: 'on-change', doc: 'Ticks without an answer.' },
    },
    params: {
      DownlinkBps: {
        id: 0,
        type: U32,
        default: 1_000_000,
        min: 0,
        max: 1_000_000_000,
        unit: 'bit/s',
        doc: 'Rate granted for space packets; frame headers and idle fill come on top.',
      },
    },
  }),
  {
    state: () => ({
      contact: undefined as Contact | undefined,
      lastTickUs: 0,
      enabled: true,
      passes: 0,
      grantedBytes: 0,
      /** A part of a byte that the last grant left over. */
      restBytes: 0,
      ephemerisFaults: 0,
    }),

    ports: ({ state, out, event, tlm, param, clock, board, clearThrottle }) => {
      const contactNow = (nowUs: number): Contact | undefined => {
        try {
          const contact = board.ephemeris.contactAt(nowUs);
          clearThrottle('EphemerisFailed');
          return contact;
        } catch (error) {
          event.EphemerisFailed({ reason: String(error) });
          tlm.EphemerisFaults(++state.ephemerisFaults);
          return undefined;
        }
      };

      const begin = (contact: Contact) => {
        Object.assign(state, { contact, grantedBytes: 0, restBytes: 0 });
        event.ContactStarted({ station: contact.station });
        tlm.PassesSeen(++state.passes);
      };

      const end = ({ station }: Contact) => {
        state.contact = undefined;
        out.grant({ bytes: 0, inContact: false });
        event.ContactEnded({ station, bytes: state.grantedBytes });
      };

      const grantSince = (fromUs: number, nowUs: number) => {
        const durationUs = Math.min(nowUs - fromUs, MAX_TICK_US);
        const exactBytes = state.restBytes + (param.DownlinkBps / 8e6) * durationUs;
        const bytes = Math.floor(exactBytes);
        state.restBytes = exactBytes - bytes;
        state.grantedBytes += bytes;
        out.grant({ bytes, inContact: true });
        out.linkState({ bytes, inContact: true });
      };

      return {
        schedIn() {
          const nowUs = clock.nowUs();
          const contact = contactNow(nowUs);
          const before = state.contact;
          const same = before?.station === contact?.station && before?.startUs === contact?.startUs;
          if (before && !same) end(before);
          if (contact && !same) begin(contact);
          if (contact && state.enabled) grantSince(Math.max(contact.startUs, state.lastTickUs), nowUs);
          state.lastTickUs = nowUs;
          tlm.InContact(contact !== undefined);
          tlm.Station(contact?.station ?? '');
          tlm.GrantedBytes(state.grantedBytes);
          tlm.DownlinkEnabled(state.enabled);
        },
      };
    },

    commands: ({ state, out, tlm }) => ({
      DOWNLINK_ENABLE({ enabled }) {
        state.enabled = enabled;
        if (!enabled) out.grant({ bytes: 0, inContact: false });
        tlm.DownlinkEnabled(enabled);
        return ok;
      },
    }),
  },
);
