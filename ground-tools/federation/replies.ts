/** From what a satellite learned to Flower's reply: the parameters themselves, and the metrics that weigh them. */
import type { Fault, Result } from '../../fsw/errors';
import { succeed } from '../../fsw/errors';
import { type Accepted, type Task, unpack, valuesIn } from '../../fsw/federation';
import { type PackedMessage, packMessage, replyMetadata } from './message';
import type { Tensor } from './npy';
import type { MetricValue, RecordDict } from './records';
import type { Metadata } from './schema';

/** Flower's number for "the client app raised an exception": its own codes know no better. */
const CLIENT_RAISED = '2';

/**
 * The reply with the parameters after training. Every reply has the same metrics, as FedAvg demands; an accuracy that a
 * satellite did not measure is NaN. `createdAt`: Unix time, seconds. Errors: FED_PACKED, FED_NUMBER.
 */
export function replyOf(
  to: Metadata,
  task: Task,
  update: Accepted,
  createdAt: number,
): Result<PackedMessage> {
  const start = unpack(task.start?.packed ?? new Uint8Array(), valuesIn(task.layout));
  if (!start.ok) return start;
  const { examples, metrics } = update.update;
  const learned = start.value.map((value, i) => value + update.delta[i]);
  const values = new Map<string, MetricValue>([
    ['num-examples', BigInt(examples)],
    ['loss', metrics.loss],
    ['accuracy-before', metrics.accuracyBefore ?? Number.NaN],
    ['accuracy-after', metrics.accuracyAfter ?? Number.NaN],
  ]);
  const records: RecordDict = new Map([
    ['arrays', { kind: 'arrays' as const, arrays: tensorsOf(task, learned) }],
    ['metrics', { kind: 'metrics' as const, values }],
  ]);
  const metadata = replyMetadata(to, createdAt);
  return succeed(packMessage({ metadata, body: { kind: 'content', records } }));
}

/** The reply that says why there is no update. */
export function refusalOf(to: Metadata, { code, text }: Fault, createdAt: number): PackedMessage {
  const error = { code: CLIENT_RAISED, reason: `${code}: ${text}` };
  return packMessage({ metadata: replyMetadata(to, createdAt), body: { kind: 'error', error } });
}

function tensorsOf({ layout }: Task, values: Float32Array): ReadonlyMap<string, Tensor> {
  let at = 0;
  return new Map(
    layout.map((entry) => {
      const data = values.subarray(at, at + valuesIn([entry]));
      at += data.length;
      return [entry.name, { dims: entry.dims, data }];
    }),
  );
}
