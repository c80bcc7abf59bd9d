/** `npm run bench -- native`: the kernels of the native room. */
import { ecc } from './ecc';
import { timer } from './timer';

export const native = [...ecc, timer];
