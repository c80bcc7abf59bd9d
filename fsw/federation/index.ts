/** What flight and ground share of a federation. */
export * from './aggregate';
export { type Coding, type Packed, pack, unpack } from './compress';
export * from './feedback';
export * from './gossip';
export { readGossip, writeGossip } from './gossipFile';
export { type GossipMessage, openGossip, sealGossip } from './gossipMessage';
export { type Hello, openHello, sealHello } from './hello';
export { type Id, idOf, type LayoutEntry, layoutId, valuesIn, vectorId } from './ids';
export { type Mass, together } from './mass';
export * from './refusal';
export { MAX_MESSAGE_BYTES, magicOf, type Opened } from './sealed';
export * from './task';
export * from './update';
