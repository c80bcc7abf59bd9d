/** `npm run bench -- native`: the kernels of the native room. */
import { aroundNetwork, bandMath, debayer, onTheLink, preprocess } from './image';

export const native = [preprocess, bandMath, debayer, aroundNetwork, onTheLink];
