/** The CFDP engine, the same on board and on the ground. */
export { CfdpEntity, type EntityCounts } from './entity';
export type {
  EntityOptions,
  FaultHandler,
  FaultHandlers,
  Indication,
  Outcome,
  PutRequest,
  Remote,
  Role,
  TransactionReport,
} from './options';
