/** `npm run bench -- native`: the kernels of the native room. */
import { timer } from './timer';

export const native = [timer];
