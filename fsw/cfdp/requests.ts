/** The filestore requests of one transaction (727.0-B-5, 4.9): in order, none twice, none after one that failed. */

import type { Fault } from '../errors';
import type { FileStore } from '../framework/board';
import {
  type FilestoreRequest,
  type FilestoreResponse,
  NOT_PERFORMED,
  readFilestoreRequest,
  type Tlv,
  TlvType,
} from '../protocols/cfdp';
import { perform } from './filestore';

export interface SavedRequests {
  /** Requests begun: none of them is begun twice. */
  readonly begun: number;
  readonly responses: readonly FilestoreResponse[];
}

export class FilestoreRequests {
  #requests: readonly FilestoreRequest[] = [];
  #begun: number;
  #responses: FilestoreResponse[];

  constructor(saved?: SavedRequests) {
    this.#begun = saved?.begun ?? 0;
    this.#responses = [...(saved?.responses ?? [])];
  }

  get begun(): number {
    return this.#begun;
  }

  get responses(): readonly FilestoreResponse[] {
    return this.#responses;
  }

  /** Takes the requests among a metadata's options over; what can't be read is told to `refuse`. */
  take(options: readonly Tlv[], refuse: (fault: Fault) => void): void {
    this.#requests = options.flatMap((tlv) => {
      if (tlv.type !== TlvType.FILESTORE_REQUEST) return [];
      const read = readFilestoreRequest(tlv);
      if (!read.ok) refuse(read.error);
      return read.ok ? [read.value] : [];
    });
  }

  /** Carries them out; `save` is called before each, so that a kill never makes one happen twice. */
  carryOut(files: FileStore, maxFileBytes: number, save: () => void): void {
    while (this.#responses.length < this.#requests.length) {
      const index = this.#responses.length;
      const request = this.#requests[index];
      const refused = index < this.#begun || this.#responses.some(({ status }) => status !== 0);
      if (refused) {
        this.#responses.push({ ...request, status: NOT_PERFORMED, message: '' });
        continue;
      }
      this.#begun = index + 1;
      save();
      this.#responses.push(perform(files, request, maxFileBytes));
    }
  }

  /** The transaction was given up: none is performed. */
  discard(): void {
    this.#responses = this.#requests.map((request) => ({ ...request, status: NOT_PERFORMED, message: '' }));
  }
}
