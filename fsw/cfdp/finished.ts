import { filestoreResponseTlv, type PduBody } from '../protocols/cfdp';
import type { Outcome } from './options';

/** A Finished PDU that tells `outcome`. */
export function finishedBody(
  { condition, complete, fileStatus, responses }: Outcome,
  entity: number,
): PduBody {
  const tlvs = responses.flatMap((response) => {
    const tlv = filestoreResponseTlv(response);
    return tlv.ok ? [tlv.value] : [];
  });
  const finished = { kind: 'finished', condition, complete, fileStatus, responses: tlvs } as const;
  return condition === 0 ? finished : { ...finished, faultLocation: entity };
}
