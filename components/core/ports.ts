/** Ports that this room offers to others: data products. */
import { bytes, port, string, Time, U32 } from '../../fsw/framework';

/** What a data product holds at most: F´ counts its bytes in a U16. */
export const MAX_PRODUCT_BYTES = 0xffff;

/** A finished data product, to be kept on the disk. `priority` 0 goes down first. */
export const ProductOut = port('ProductOut', {
  id: U32,
  priority: U32,
  time: Time,
  data: bytes(MAX_PRODUCT_BYTES),
});

/** A data product is on the disk, whole. */
export const ProductWritten = port('ProductWritten', {
  file: string(240),
  id: U32,
  priority: U32,
  time: Time,
  size: U32,
});
