/** What a model file is: shared by flight and ground. */
export type { ManifestCanary } from './canary';
export { decodeCbor, encodeCbor } from './cbor';
export * from './envelope';
export { type ManifestFile, type ManifestModel, type Protection, readManifest, type Shape } from './manifest';
export { readSafetensors, type TensorInfo } from './safetensors';
export * from './signature';
