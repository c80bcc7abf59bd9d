import { ecc } from './native/ecc';

/** The kernels of `native/`, each file's rows after the other's. */
export const native = [...ecc];
