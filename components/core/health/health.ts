import {
  bool,
  component,
  defineComponent,
  input,
  isConnected,
  ok,
  output,
  Ping,
  Restart,
  reference,
  refused,
  Sched,
  string,
  U8,
  U32,
} from '../../../fsw/framework';

const ENTRIES = 40;

interface PingEntry {
  enabled: boolean;
  /** Has answered since boot. */
  answered: boolean;
  /** The key that must come back; undefined when no ping is under way. */
  key: number | undefined;
  /** Keys that are no longer waited for; an answer with one of them is late, not wrong. */
  forgotten: readonly number[];
  /** Ticks since the ping. */
  waited: number;
  restarts: number;
  /** Restarted too often; pinged no more until it is enabled again. */
  givenUp: boolean;
}

const FORGOTTEN_KEYS = 8;

function forgetPing(entry: PingEntry): void {
  if (entry.key !== undefined) entry.forgotten = [...entry.forgotten, entry.key].slice(-FORGOTTEN_KEYS);
  entry.key = undefined;
}

const entryArgs = { entry: U8, name: string(40) };

export const health = component(
  defineComponent({
    kind: 'queued',
    doc: 'Pings every active component, and restarts the one that has stopped answering.',
    ports: {
      schedIn: input.sync(Sched),
      ping: output(Ping, ENTRIES),
      pong: input.async(Ping, ENTRIES),
      restart: output(Restart, ENTRIES),
    },
    commands: {
      HLTH_ENABLE: { id: 0, args: { enabled: bool }, doc: 'Turns all pinging on or off.' },
      HLTH_PING_ENABLE: {
        id: 1,
        args: { entry: U8, enabled: bool },
        doc: 'Turns the pinging of one entry on or off; on also gives a component that was given up another chance.',
      },
    },
    events: {
      PingLate: {
        id: 0,
        severity: 'warning-low',
        args: { ...entryArgs, ticks: U32 },
        format: 'ping entry {entry} {name} has not answered for {ticks} ticks',
        throttle: 50,
        doc: 'A component is late with its answer.',
      },
      PingFailed: {
        id: 1,
        severity: 'warning-high',
        args: { ...entryArgs, restart: U32 },
        format: 'ping entry {entry} {name} does not answer; restart {restart}',
        throttle: 50,
        doc: 'A component did not answer; it is restarted.',
      },
      PingGivenUp: {
        id: 2,
        severity: 'warning-high',
        args: entryArgs,
        format: 'ping entry {entry} {name} is given up',
        doc: 'A component was restarted as often as the config allows, and still does not answer.',
      },
      PingWrongKey: {
        id: 3,
        severity: 'warning-high',
        args: { ...entryArgs, key: U32 },
        format: 'ping entry {entry} {name} answered with key {key}, which was not asked',
        throttle: 20,
        doc: 'An answer does not belong to the ping under way.',
      },
      HealthEnabled: {
        id: 4,
        severity: 'activity-high',
        args: { enabled: bool },
        format: 'health pings on: {enabled}',
        doc: 'HLTH_ENABLE was done.',
      },
      PingEnabled: {
        id: 5,
        severity: 'activity-high',
        args: { ...entryArgs, enabled: bool },
        format: 'ping entry {entry} {name} on: {enabled}',
        doc: 'HLTH_PING_ENABLE was done.',
      },
    },
    telemetry: {
      PingsLate: { id: 0, type: U32, update: 'on-change', doc: 'Late answers since boot.' },
      Restarts: {
        id: 1,
        type: U32,
        update: 'on-change',
        limits: { high: { yellow: 0 } },
        doc: 'Components restarted because they did not answer, since boot.',
      },
    },
    params: {
      PingTicks: { id: 0, type: U32, default: 5, min: 1, doc: 'Ticks from ping to ping.' },
      LateTicks: { id: 1, type: U32, default: 10, min: 1, doc: 'Ticks without an answer before it is late.' },
      FailTicks: { id: 2, type: U32, default: 30, min: 1, doc: 'Ticks without an answer before a restart.' },
    },
    config: {
      names: {
        type: reference<readonly string[]>('Names'),
        default: [],
        doc: 'The components behind the entries, for the text of events.',
      },
      restartLimit: { type: U8, default: 4, min: 1, doc: 'Restarts of one component before it is given up.' },
    },
  }),
  {
    state: () => ({
      enabled: true,
      ticks: 0,
      lastKey: 0,
      late: 0,
      restarts: 0,
      entries: Array.from(
        { length: ENTRIES },
        (): PingEntry => ({
          enabled: true,
          answered: false,
          key: undefined,
          forgotten: [],
          waited: 0,
          restarts: 0,
          givenUp: false,
        }),
      ),
    }),
    ports: ({ state, out, event, tlm, param, config, drain, board }) => {
      const naming = (entry: number) => ({ entry, name: config.names[entry] ?? '' });

      const ping = (entry: PingEntry, index: number) => {
        state.lastKey = (state.lastKey + 1) >>> 0;
        entry.key = state.lastKey;
        entry.waited = 0;
        out.ping[index]({ key: entry.key });
      };

      const fail = (entry: PingEntry, index: number) => {
        forgetPing(entry);
        entry.restarts++;
        tlm.Restarts(++state.restarts);
        event.PingFailed({ ...naming(index), restart: entry.restarts });
        out.restart[index]({ reason: 'it does not answer its ping' });
        if (entry.restarts < config.restartLimit) return;
        entry.givenUp = true;
        event.PingGivenUp(naming(index));
      };

      const isWell = ({ enabled, answered, key, waited, givenUp }: PingEntry, index: number) =>
        !isConnected(out.ping[index]) ||
        !enabled ||
        (answered && !givenUp && (key === undefined || waited < param.LateTicks));

      const pingAll = () => {
        const round = state.ticks++ % param.PingTicks === 0;
        for (const [index, entry] of state.entries.entries()) {
          if (!isConnected(out.ping[index]) || !entry.enabled || entry.givenUp) continue;
          if (entry.key === undefined) {
            if (round) ping(entry, index);
            continue;
          }
          entry.waited++;
          if (entry.waited === param.LateTicks) {
            tlm.PingsLate(++state.late);
            event.PingLate({ ...naming(index), ticks: entry.waited });
          }
          if (entry.waited >= param.FailTicks) fail(entry, index);
        }
      };

      return {
        schedIn() {
          drain();
          if (state.enabled) pingAll();
          if (!state.enabled || state.entries.every(isWell)) board.watchdog?.stroke();
        },
        pong({ key }, index) {
          const entry = state.entries[index];
          if (key === entry.key) {
            entry.key = undefined;
            entry.answered = true;
          } else if (!entry.forgotten.includes(key)) event.PingWrongKey({ ...naming(index), key });
        },
      };
    },
    commands: ({ state, event, config, clearThrottle }) => ({
      HLTH_ENABLE({ enabled }) {
        state.enabled = enabled;
        for (const entry of state.entries) forgetPing(entry);
        for (const throttled of ['PingLate', 'PingFailed', 'PingWrongKey'] as const) clearThrottle(throttled);
        event.HealthEnabled({ enabled });
        return ok;
      },
      HLTH_PING_ENABLE({ entry: index, enabled }) {
        const entry = state.entries[index];
        if (entry === undefined) return refused(`there is no ping entry ${index}`, 'VALIDATION_ERROR');
        forgetPing(entry);
        Object.assign(entry, { enabled, restarts: 0, givenUp: false });
        event.PingEnabled({ entry: index, name: config.names[index] ?? '', enabled });
        return ok;
      },
    }),
  },
);
