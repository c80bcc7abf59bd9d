// CRC-32C (Castagnoli; RFC 3720, appendix B.4) of each page of 4096 bytes: a warp takes a page, a lane 128 bytes of it.
#include "warp.cuh"

namespace crc {

constexpr int WARPS = 4;
constexpr int PAGE_VECTORS = 256;          // 16-byte vectors of one page
constexpr int LANE_WORDS = 32;
constexpr int LANE_STRIDE = LANE_WORDS + 1;  // words: lanes that step together meet different banks

struct Tables {
    /// Slicing by four: table j takes a byte that 3 - j more bytes of its word follow.
    unsigned slice[4][256];
    /// after[s][bit]: what the bit becomes when 128 << s bytes of zeros have followed it.
    unsigned after[5][32];
};

constexpr unsigned POLYNOMIAL = 0x82f63b78u;  // reflected

constexpr Tables makeTables()
{
    Tables t{};
    for (unsigned byte = 0; byte < 256; byte++) {
        unsigned crc = byte;
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
        t.slice[0][byte] = crc;
    }
    for (int j = 1; j < 4; j++)
        for (unsigned byte = 0; byte < 256; byte++)
            t.slice[j][byte] = t.slice[j - 1][byte] >> 8 ^ t.slice[0][t.slice[j - 1][byte] & 0xff];
    for (int bit = 0; bit < 32; bit++) {
        unsigned crc = 1u << bit;
        for (int i = 0; i < 128; i++) crc = crc >> 8 ^ t.slice[0][crc & 0xff];
        t.after[0][bit] = crc;
    }
    for (int s = 1; s < 5; s++)
        for (int bit = 0; bit < 32; bit++) {
            unsigned crc = 0;
            for (int i = 0; i < 32; i++)
                if (t.after[s - 1][bit] >> i & 1) crc ^= t.after[s - 1][i];
            t.after[s][bit] = crc;
        }
    return t;
}

__device__ constexpr Tables TABLES = makeTables();

}  // namespace crc

/// Launch: 128 threads, one CTA for 4 pages. `crcs` gets one a page.
extern "C" __global__ void __launch_bounds__(crc::WARPS * 32)
crc32c_pages(const uint4 *data, unsigned *crcs, unsigned pages)
{
    using namespace crc;
    __shared__ unsigned slice[4][256];
    __shared__ unsigned tiles[WARPS][32 * LANE_STRIDE];
    for (unsigned i = threadIdx.x; i < 4 * 256; i += WARPS * 32) slice[i / 256][i % 256] = TABLES.slice[i / 256][i % 256];
    __syncthreads();
    const unsigned warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    const unsigned page = blockIdx.x * WARPS + warp;
    if (page >= pages) return;

    unsigned *tile = tiles[warp];
    uint4 held[PAGE_VECTORS / 32];
#pragma unroll
    for (int i = 0; i < PAGE_VECTORS / 32; i++) held[i] = __ldcs(data + size_t(page) * PAGE_VECTORS + i * 32 + lane);
#pragma unroll
    for (int i = 0; i < PAGE_VECTORS / 32; i++) {
        const unsigned word = (i * 32 + lane) * 4;
        unsigned *to = tile + word / LANE_WORDS * LANE_STRIDE + word % LANE_WORDS;
        to[0] = held[i].x, to[1] = held[i].y, to[2] = held[i].z, to[3] = held[i].w;
    }
    __syncwarp();

    unsigned crc = lane == 0 ? 0xffffffffu : 0;
    for (int i = 0; i < LANE_WORDS; i++) {
        crc ^= tile[lane * LANE_STRIDE + i];
        crc = slice[3][crc & 0xff] ^ slice[2][crc >> 8 & 0xff] ^ slice[1][crc >> 16 & 0xff] ^ slice[0][crc >> 24];
    }
    // A CRC is linear: the left half's, moved past the right half's bytes, and the right half's.
#pragma unroll
    for (int s = 0; s < 5; s++) {
        const unsigned right = __shfl_down_sync(ALL_LANES, crc, 1u << s);
        unsigned moved = 0;
#pragma unroll
        for (int bit = 0; bit < 32; bit++) moved ^= crc >> bit & 1 ? TABLES.after[s][bit] : 0;
        crc = moved ^ right;
    }
    if (lane == 0) crcs[page] = ~crc;
}
