export { array, reference, struct } from './aggregate';
export { enumeration } from './enumeration';
export { bool, F32, F64, I8, I16, I32, I64, type NumberType, showPlain, U8, U16, U32, U64 } from './numbers';
export { bytes, string } from './text';
export { Cursor, decode, encode, type Fields, type Kind, type Type, type Value, type Values } from './type';
