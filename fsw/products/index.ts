export { type Assembled, Assembler, type Chunk } from './assembler';
export { type CellMap, MAX_CELL_VALUE, packCellMap, unpackCellMap } from './cellMap';
export { chunksOf, type ProductHead } from './chunks';
export { endedJpeg, layerEnds } from './layers';
export { type RecordPacket, recordPackets } from './recordPackets';
export {
  CLOUD_UNKNOWN,
  MAX_CHUNK,
  NOWHERE,
  ProductChunk,
  ProductKind,
  StripNote,
  VesselRecord,
} from './records';
