// The yardstick of the scrub: reads memory, and does as little with it as keeps the reads alive.

/// Launch: 128 threads, one CTA for 2048 vectors of 16 bytes (32 KiB, as a CTA of the scrub). `sink` is written once in 2^32.
extern "C" __global__ void __launch_bounds__(128) read_memory(const uint4 *data, unsigned *sink, unsigned vectors)
{
    const unsigned first = blockIdx.x * 2048u + threadIdx.x;
    unsigned sum = 0;
#pragma unroll
    for (int i = 0; i < 16; i++) {
        const unsigned at = first + i * 128;
        if (at < vectors) {
            const uint4 v = __ldcs(data + at);
            sum += v.x ^ v.y ^ v.z ^ v.w;
        }
    }
    if (sum == 0x5eed5eedu) *sink = sum;
}
