import { fail, type Result, succeed } from '../errors';

/**
 * A block of shared memory on loan from a `BufferPool`. Exactly one component owns it at a time:
 * handing it over a port hands over the ownership, and the last owner releases it.
 */
export interface PooledBuffer {
  /** The loaned bytes, over a SharedArrayBuffer, so that a worker reads them without a copy. Empty once released. */
  readonly bytes: Uint8Array;
  /** Gives the block back. A second release is refused with BUFFER_NOT_OWNED and changes nothing. */
  release(): Result<void>;
}

/** Blocks of one size, made at boot; nothing is allocated in flight. */
export class BufferPool {
  readonly blockSize: number;
  readonly capacity: number;
  private readonly free: Uint8Array[];
  private readonly poison: boolean;
  private lowest: number;

  /** `poison` (a debug build) overwrites a block with 0xDE when it comes back, so that a late reader shows itself. */
  constructor(blockSize: number, capacity: number, poison = false) {
    this.blockSize = blockSize;
    this.capacity = capacity;
    this.poison = poison;
    this.free = Array.from({ length: capacity }, () => new Uint8Array(new SharedArrayBuffer(blockSize)));
    this.lowest = capacity;
  }

  get available(): number {
    return this.free.length;
  }

  /** The fewest free blocks since boot: how close the pool came to running dry. */
  get lowWater(): number {
    return this.lowest;
  }

  /** Lends a block of `size` bytes. Errors: BUFFER_TOO_LARGE, BUFFER_POOL_EMPTY. */
  acquire(size = this.blockSize): Result<PooledBuffer> {
    if (size > this.blockSize) return fail('BUFFER_TOO_LARGE', { size, max: this.blockSize });
    const block = this.free.pop();
    if (block === undefined) return fail('BUFFER_POOL_EMPTY', { capacity: this.capacity });
    this.lowest = Math.min(this.lowest, this.free.length);
    return succeed(this.loan(block, size));
  }

  private loan(block: Uint8Array, size: number): PooledBuffer {
    const loan = {
      bytes: block.subarray(0, size),
      release: (): Result<void> => {
        if (!live) return fail('BUFFER_NOT_OWNED', { size });
        live = false;
        loan.bytes = new Uint8Array(0);
        if (this.poison) block.fill(0xde);
        this.free.push(block);
        return succeed(undefined);
      },
    };
    let live = true;
    return loan;
  }
}
