/** Ports between the two directions of the link, for COP-1. */
import { port, U32 } from '../../fsw/framework';

/** The operational control field of the TM frames to come: a CLCW. */
export const Clcw = port('Clcw', { word: U32 });
