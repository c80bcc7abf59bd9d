/** For tests: the shim's double, compiled by the host's compiler, or why it can't be. */
import { join } from 'node:path';
import { type Compiled, compileLibrary } from '../../cuda/emulation/build';

/** `version` is the TensorRT that it claims to have opened, `abi` that of the interface. */
export function doubleShim({ version = 100300, abi = 1 } = {}): Compiled {
  const options = [`-DPERIGEE_DOUBLE_VERSION=${version}`, `-DPERIGEE_DOUBLE_ABI=${abi}`];
  return compileLibrary('libperigee-tensorrt-double.so', [join(__dirname, 'shim.cpp')], options);
}
