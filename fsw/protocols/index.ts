/** Pure codecs of the link, shared by flight and ground: no I/O, no clock. */
export * from './asm';
export * from './byteRanges';
export * from './bytes';
export * from './clcw';
export * from './codedLink';
export * from './crc16';
export * from './farm';
export * from './fop';
export * from './fprimeFiles';
export * from './fprimePackets';
export * from './identifiedCommand';
export * from './randomizer';
export * from './reedSolomon';
export * from './spacePacket';
export * from './tcFrame';
export * from './tmDeframer';
export * from './tmFrame';
