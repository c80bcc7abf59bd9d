/** What the journal keeps of a destination. */
import type { FilestoreResponse, Metadata, PduHeader } from '../protocols/cfdp';
import type { SavedFile } from './receivedFile';
import type { SuspendedBy } from './transaction';

/** Receiving; then all is there and right and is being put in place; then Finished is due. */
export type Phase = 'receiving' | 'delivering' | 'finished';

interface SavedMetadata extends Omit<Metadata, 'kind' | 'options'> {
  readonly options: readonly { readonly type: number; readonly hex: string }[];
}

export interface DestinationRecord {
  readonly role: 'destination';
  readonly header: PduHeader;
  readonly metadata?: SavedMetadata;
  readonly eof?: { readonly checksum: number; readonly fileSize: number };
  readonly file: SavedFile;
  readonly phase: Phase;
  /** Filestore requests begun: none of them is begun twice. */
  readonly begun: number;
  readonly condition: number;
  readonly complete: boolean;
  readonly fileStatus: number;
  readonly responses: readonly FilestoreResponse[];
  readonly suspendedBy?: SuspendedBy;
}
