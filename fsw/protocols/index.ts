/** Pure codecs of the link, shared by flight and ground: no I/O, no clock. */
export * from './byteRanges';
export * from './bytes';
export * from './crc16';
export * from './fprimeFiles';
export * from './fprimePackets';
export * from './identifiedCommand';
export * from './spacePacket';
export * from './tcFrame';
export * from './tmDeframer';
export * from './tmFrame';
