/** What a model file is: shared by flight and ground. */
export type { ManifestCanary } from './canary';
export { decodeCbor, encodeCbor } from './cbor';
export * from './delta';
export {
  type Change,
  type FactorCoding,
  type Patch,
  patchedRead,
  patchesOf,
  type Read,
} from './deltaChanges';
export * from './deltaPack';
export * from './envelope';
export { type LearnedVersion, learnedManifest } from './learned';
export {
  type Learned,
  type ManifestFile,
  type ManifestModel,
  type Protection,
  readManifest,
  type Shape,
} from './manifest';
export {
  OWN_KEY_FILES,
  ownKeyOf,
  provideOwnKey,
  publicHex,
  publicKeyOf,
  readOwnKey,
  SECRET_BYTES,
} from './ownKey';
export { readSafetensors, type TensorInfo } from './safetensors';
export * from './signature';
