/** `npm run bench -- native`: the kernels of the native room. */
import { cuda } from './cuda';
import { ecc } from './ecc';
import { aroundNetwork, bandMath, debayer, onTheLink, preprocess } from './image';
import { timer } from './timer';

export const native = [...ecc, preprocess, bandMath, debayer, aroundNetwork, onTheLink, cuda, timer];
