/** CFDP (CCSDS 727.0-B-5) on the wire: PDUs, options and checksums. The engine is in fsw/cfdp. */
export * from './checksum';
export * from './constants';
export { headerLength, type PduHeader, type TransactionId, uintLength } from './header';
export * from './pdu';
export {
  decodeName,
  type FilestoreRequest,
  type FilestoreResponse,
  filestoreRequestTlv,
  filestoreResponseTlv,
  messageToUserTlv,
  NOT_PERFORMED,
  readFilestoreRequest,
  readFilestoreResponse,
  type Tlv,
  takesTwoNames,
} from './tlv';
