// All kernels in one module: what build/native/perigee-cuda.fatbin and .ptx hold.
#include "bandwidth.cu"
#include "crc32c.cu"
#include "preprocess.cu"
#include "quantise.cu"
#include "secded.cu"
