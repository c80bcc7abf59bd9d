/** What the products of scenes are made of, by schema. */
import { bytes, enumeration, I32, struct, U8, U16, U32 } from '../framework';

/** One for each strip, 28 bytes: where it lies and how clear it is. */
export const StripNote = struct('Imaging.StripNote', {
  /** The low 16 bits of the capture's number. */
  capture: U16,
  strip: U16,
  firstLine: U32,
  width: U16,
  height: U16,
  /** The strip's centre, 1e-6 degrees; both `NOWHERE` when its place is not known. */
  latE6: I32,
  lonE6: I32,
  headingCentideg: U16,
  gsdCm: U16,
  /** Or `CLOUD_UNKNOWN`. */
  cloudPercent: U8,
  /** Vessels found in it; 255 stands for more. */
  vessels: U8,
  landCoverClasses: U8,
  /** Share of the tiles that the commonest land-cover class has. */
  commonest: U8,
});

/** One for each vessel, 23 bytes. A millionth of a degree is 11 cm at most: a hundredth of a 10 m pixel. */
export const VesselRecord = struct('Imaging.VesselRecord', {
  capture: U16,
  latE6: I32,
  lonE6: I32,
  /** Its place in the capture, tenths of the finest pixels; y in whole ones. */
  xTenth: U16,
  y: U32,
  /** Decimetres; 65535 stands for more. 0 where the ground sample distance is not known. */
  lengthDm: U16,
  widthDm: U16,
  /** In 1/255. */
  score: U8,
  /** The priority of its region when it was found, in tenths. */
  weightTenth: U16,
});

/** In place of a strip's cloud share: no cell of its mask is known. */
export const CLOUD_UNKNOWN = 255;
export const NOWHERE = -(2 ** 31);

export const ProductKind = enumeration('Imaging.ProductKind', {
  CLOUD: 0,
  LAND_COVER: 1,
  THUMBNAIL: 2,
  TILE: 3,
  /** A tile that a learning component kept, as WebP: `product` is its id, `capture` the quality. */
  SPECIMEN: 4,
});

/** Bytes of a product in one packet, so that it fits a transfer frame. */
export const MAX_CHUNK = 940;
/**
 * A part of a larger product. It says itself where it belongs, so that the ground can put products together when
 * packets come in any order or some never come.
 */
export const ProductChunk = struct('Imaging.ProductChunk', {
  /** Counts products since boot. */
  product: U32,
  kind: ProductKind,
  capture: U16,
  /** Of a tile its column and row; of a mask the strip is the row. */
  column: U16,
  row: U16,
  /** The layer that these bytes are of, of how many, and where it ends; the last layer's end is the product's. */
  layer: U8,
  layers: U8,
  layerEnd: U32,
  offset: U32,
  data: bytes(MAX_CHUNK),
});
