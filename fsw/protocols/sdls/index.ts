/** Link security (SDLS, CCSDS 355.0-B with AES-256-GCM), shared by flight and ground: no I/O, no clock. */
export * from './association';
export * from './content';
export * from './counters';
export { readIv, writeIv } from './gcm';
export { authMaskHex } from './headers';
export * from './slots';
export * from './tc';
export * from './tm';
