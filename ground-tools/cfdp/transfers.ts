/** One file up or down by CFDP: begun, or gone on with where an earlier process was. */
import type { Indication, Outcome } from '../../fsw/cfdp';
import { fail, type Result, succeed } from '../../fsw/errors';
import { conditionName, type TransactionId } from '../../fsw/protocols/cfdp';
import { sameDestination } from './state';
import type { CfdpStation, RunEnd } from './station';

export interface TransferOptions {
  /** Class 2: acknowledged, what is lost is sent again. */
  readonly acknowledged: boolean;
  /** Seconds without a word or progress after which it is left for a later run. */
  readonly timeoutS: number;
  readonly onProgress: (bytes: number, of: number) => void;
  readonly isStopped: () => boolean;
}

export interface Transferred {
  readonly outcome: 'done' | 'failed' | 'unknown' | 'link-down' | 'interrupted';
  /** Why, unless it is done. */
  readonly text: string;
  readonly id?: TransactionId;
  readonly size: number;
  /** It had been begun by an earlier run. */
  readonly resumed: boolean;
}

/** How long the last acknowledgement of a received file is waited for. */
const LINGER_S = 3;

/**
 * Sends `file` to `destination` on board and returns when the spacecraft has said how it ended. The same file to
 * the same place again goes on with what is under way; another file to that place takes its stead.
 * Errors: FILE_FAILED, FILE_PATH, CFDP_*: nothing was sent.
 */
export async function uploadFile(
  station: CfdpStation,
  file: string,
  destination: string,
  options: TransferOptions,
): Promise<Result<Transferred>> {
  const { entity, state } = station;
  const { acknowledged } = options;
  const { peer } = station.options;
  if (destination.split('/').includes('..'))
    return fail('FILE_PATH', { path: JSON.stringify(destination), why: 'it climbs' });
  const staged = await state.stage(file, `${peer} ${destination}`, acknowledged ? '2' : '1');
  if (!staged.ok) return staged;
  const name = staged.value;
  for (const other of entity.transactions())
    if (other.role === 'source' && other.name !== name && sameDestination(other.name, name))
      entity.cancel(other.id);
  const before = station.find('source', name);
  const begun = before
    ? succeed(before.id)
    : entity.put({
        destination: peer,
        sourceName: name,
        destinationName: destination,
        acknowledged,
        closure: !acknowledged,
      });
  if (!begun.ok) return begun;
  const id = begun.value;
  const ended = endOf(station, (of) => isSame(of, id));
  const size = station.find('source', name)?.fileSize ?? 0;
  const progress = () => {
    const bytes = station.find('source', name)?.progress ?? size;
    options.onProgress(bytes, size);
    return bytes;
  };
  const end = await station.run({ ...options, isOver: () => ended.outcome !== undefined, progress });
  const base = { id, size, resumed: before !== undefined };
  if (ended.outcome === undefined) return succeed({ ...base, ...unfinished(end, options.timeoutS) });
  return succeed({ ...base, ...judged(ended.outcome) });
}

/**
 * Has the spacecraft send `source`, by `command`, and puts it into `file`. Asked for again after a run that did not
 * see its end, it goes on. Errors: FILE_FAILED (the command was refused, or `file` cannot be written), GATEWAY_*.
 */
export async function downloadFile(
  station: CfdpStation,
  command: string,
  source: string,
  file: string,
  options: TransferOptions,
): Promise<Result<Transferred>> {
  const { client, entity, state } = station;
  const { acknowledged, timeoutS } = options;
  const request = JSON.stringify([station.options.peer, source, file, acknowledged]);
  const { name, isNew } = state.want(request);
  const ended = endOf(station, (_, its) => its === name);
  const arrived = () => entityHas(station, name);
  const under = () => station.find('destination', name);
  const deliver = (id?: TransactionId): Result<Transferred> => {
    const delivered = state.deliver(name, file);
    if (!delivered.ok) return delivered;
    state.unwant(request);
    return succeed({ outcome: 'done', text: '', id, size: delivered.value, resumed: !isNew });
  };
  if (!isNew && under() === undefined && arrived()) return deliver();

  if (under() === undefined) {
    const args = { sourceFilename: source, destFilename: name, entity: station.options.entity, acknowledged };
    const asked = await client.command(command, args, timeoutS * 1000);
    if (!asked.ok) return asked;
    const { outcome, status, reason } = asked.value;
    const base = { size: 0, resumed: !isNew, text: `${status} ${reason}`.trim() };
    if (outcome === 'failed' || outcome === 'refused') {
      state.unwant(request);
      return succeed({ ...base, outcome: 'failed' });
    }
    if (outcome === 'link-down') return succeed({ ...base, outcome: 'link-down' });
  }
  let id = under()?.id;
  let size = 0;
  const progress = () => {
    const report = under();
    id ??= report?.id;
    size = report?.fileSize ?? size;
    options.onProgress(report?.progress ?? 0, size);
    return report?.progress ?? 0;
  };
  const isOver = () => ended.outcome !== undefined;
  const end = await station.run({ ...options, isOver, progress });
  const base = { id, size, resumed: !isNew };
  if (ended.outcome === undefined) return succeed({ ...base, ...unfinished(end, timeoutS) });
  // The spacecraft is to know that it is over, or it would say so in each pass.
  const open = () => entity.transactions().some((one) => id !== undefined && isSame(one.id, id));
  await station.run({ ...options, timeoutS: LINGER_S, isOver: () => !open(), progress: () => 0 });
  const judgement = judged(ended.outcome);
  if (judgement.outcome === 'done') return deliver(id);
  state.unwant(request);
  return succeed({ ...base, ...judgement });
}

function entityHas(station: CfdpStation, name: string): boolean {
  return station.state.files.stat(name).ok;
}

/** Set when a transaction that `isOurs` has ended. */
function endOf(
  station: CfdpStation,
  isOurs: (id: TransactionId, name: string) => boolean,
): { outcome?: Outcome } {
  const ended: { outcome?: Outcome } = {};
  station.onIndication((indication: Indication) => {
    if (indication.kind === 'finished' && isOurs(indication.id, indication.name))
      ended.outcome = indication.outcome;
    if (indication.kind === 'abandoned' && isOurs(indication.id, ''))
      ended.outcome = { condition: indication.condition, complete: false, fileStatus: 0, responses: [] };
  });
  return ended;
}

function judged({ condition, complete }: Outcome): Pick<Transferred, 'outcome' | 'text'> {
  if (condition === 0 && complete) return { outcome: 'done', text: '' };
  if (condition === 0) return { outcome: 'failed', text: 'parts of it were lost' };
  return { outcome: 'failed', text: conditionName(condition) };
}

function unfinished(end: RunEnd, timeoutS: number): Pick<Transferred, 'outcome' | 'text'> {
  switch (end) {
    case 'link-down':
      return { outcome: 'link-down', text: `the link is down; run it again to go on` };
    case 'gateway-lost':
      return { outcome: 'link-down', text: 'the gateway is gone; run it again to go on' };
    case 'mismatch':
      return { outcome: 'failed', text: 'the spacecraft flies another dictionary than the gateway has' };
    case 'stopped':
      return { outcome: 'interrupted', text: 'run it again to go on' };
    default:
      return { outcome: 'unknown', text: `nothing heard for ${timeoutS} s; run it again to go on` };
  }
}

function isSame(a: TransactionId, b: TransactionId): boolean {
  return a.source === b.source && a.sequence === b.sequence;
}
