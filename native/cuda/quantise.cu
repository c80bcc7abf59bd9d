// Hidden states as 8-bit integers with a scale for each block of 32, as native/reference/tensor/quantise.ts: the same bytes.
// A warp takes a block, a lane a value. Divisions are IEEE's (nvcc's default): never compile this with -use_fast_math.
#include "warp.cuh"

namespace quantised {

/// 1.5 x 2^23: adding it leaves the integer, rounded half to even, in the low bits of the float.
constexpr float TO_INTEGER = 12582912.0f;

/// NaN stays NaN, which fminf and fmaxf would replace.
__device__ __forceinline__ float clamped(float value, float most)
{
    return value > most ? most : value < -most ? -most : value;
}

}  // namespace quantised

/// Launch: 128 threads, one CTA for 128 values. `scales` gets one for each started block.
extern "C" __global__ void __launch_bounds__(128)
quantise(const float *values, signed char *bytes, float *scales, unsigned count)
{
    using namespace quantised;
    const unsigned at = blockIdx.x * 128 + threadIdx.x;
    const float value = at < count ? __ldcs(values + at) : 0.0f;
    // Magnitudes compare like integers; those of infinities and NaN don't count.
    const unsigned magnitude = __float_as_uint(value) & 0x7fffffffu;
    const unsigned peak = __reduce_max_sync(ALL_LANES, magnitude < 0x7f800000u ? magnitude : 0u);
    const float scale = __fdiv_rn(__uint_as_float(peak), 127.0f);
    if (at >= count) return;
    if (threadIdx.x % 32 == 0) scales[at / 32] = scale;
    const float steps = scale == 0.0f || value != value ? 0.0f : __fdiv_rn(value, scale);
    bytes[at] = static_cast<signed char>(__float_as_uint(__fadd_rn(clamped(steps, 127.0f), TO_INTEGER)));
}

/// Launch: as `quantise`.
extern "C" __global__ void __launch_bounds__(128)
dequantise(const signed char *bytes, const float *scales, float *values, unsigned count)
{
    const unsigned at = blockIdx.x * 128 + threadIdx.x;
    if (at >= count) return;
    values[at] = quantised::clamped(__fmul_rn(static_cast<float>(bytes[at]), scales[at / 32]), 3.402823466e38f);
}
