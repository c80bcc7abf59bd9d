/** From a request to what is sent: everything that can be wrong with it is found before anything goes out. */
import { fail, type Result, succeed } from '../errors';
import type { FileStore } from '../framework';
import {
  encodePdu,
  fileDataOverhead,
  filestoreRequestTlv,
  messageToUserTlv,
  type PduHeader,
  type Tlv,
  uintLength,
} from '../protocols/cfdp';
import { confined } from './filestore';
import type { PutRequest, Remote } from './options';
import { hexOfTlv, type SourcePlan } from './source';

interface Sender {
  readonly id: number;
  readonly sequence: number;
  readonly files: FileStore;
}

/** Errors: CFDP_VALUE, CFDP_PDU_SIZE, CFDP_PATH, FILE_*. */
export function planOf(request: PutRequest, remote: Remote, us: Sender): Result<SourcePlan> {
  const { sourceName = '', destinationName = sourceName, requests = [], messages = [] } = request;
  let path = '';
  let fileSize = 0;
  if (sourceName !== '') {
    const inside = confined(sourceName);
    if (!inside.ok) return inside;
    path = inside.value;
    const stat = us.files.stat(path);
    if (!stat.ok) return stat;
    if (stat.value.kind !== 'file') return fail('FILE_KIND', { path, kind: 'file' });
    fileSize = stat.value.size;
  }
  const options: Tlv[] = [];
  for (const action of requests) {
    const tlv = filestoreRequestTlv(action);
    if (!tlv.ok) return tlv;
    options.push(tlv.value);
  }
  for (const message of messages) {
    if (message.length > 255) return fail('CFDP_VALUE', { what: 'message length', value: message.length });
    options.push(messageToUserTlv(message));
  }
  const { acknowledged = true, closure = false, checksumType = remote.checksumType } = request;
  const header: PduHeader = {
    towardSender: false,
    acknowledged,
    crc: remote.crc,
    largeFile: fileSize > 0xffffffff,
    source: us.id,
    sequence: us.sequence,
    destination: remote.id,
    entityIdLength: remote.entityIdLength,
    sequenceLength: Math.max(remote.sequenceLength, uintLength(us.sequence)),
  };
  const max = remote.maxPduLength;
  if (fileDataOverhead(header) >= max) return fail('CFDP_PDU_SIZE', { max, what: 'file data' });
  const metadata = encodePdu({
    header,
    body: {
      kind: 'metadata',
      closureRequested: closure,
      checksumType,
      fileSize,
      sourceName,
      destinationName,
      options,
    },
  });
  if (!metadata.ok) return metadata;
  if (metadata.value.length > max) return fail('CFDP_PDU_SIZE', { max, what: 'the metadata' });
  const hex = options.map(hexOfTlv);
  return succeed({
    header,
    closure,
    checksumType,
    fileSize,
    path,
    sourceName,
    destinationName,
    options: hex,
  });
}
