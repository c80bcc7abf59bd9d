/** Compiled command sequences: what ground compiler and sequencer share. */
export { checkSequence } from './check';
export { readSequence, writeSequence } from './codec';
export { holds, objection } from './conditions';
export * from './types';
