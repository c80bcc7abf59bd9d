// The scrub of the bit-sliced SECDED(72,64): of native/ecc.ts, syndromes only. The processor repairs what is flagged here,
// under the CRC's eyes; so a wrong bit in the card's own memory can at most cost a second look.
#include "hsiao.h"
#include "warp.cuh"

namespace secded {

constexpr int WARPS = 4;
constexpr int BLOCKS = 4;                  // of 2048 bytes, by one warp
constexpr int ROW_WORDS = 8;               // 256 bits
constexpr int DATA_VECTORS = 64 * 2;       // 16-byte vectors of one block
constexpr int CHECK_VECTORS = 8 * 2;
// One row of padding behind each block: its four blocks start in different banks, so a column read has no conflict.
constexpr int DATA_STRIDE = DATA_VECTORS + 2;
constexpr int CHECK_STRIDE = CHECK_VECTORS + 2;

constexpr unsigned char DIFFERS = 1;       // some column's check bits are not its data's
constexpr unsigned char DOUBLE = 2;        // some column's syndrome is even: two bits of it, at least, are wrong

/// Copies `count` blocks into the warp's tile: 16 bytes a lane, neighbours beside each other. All loads are under way
/// before the first is needed.
template <int VECTORS, int STRIDE>
__device__ __forceinline__ void stage(uint4 *tile, const uint4 *from, unsigned count, unsigned lane)
{
    constexpr int TURNS = VECTORS * BLOCKS / 32;
    uint4 held[TURNS];
#pragma unroll
    for (int i = 0; i < TURNS; i++) {
        const unsigned at = i * 32 + lane;
        if (at / VECTORS < count) held[i] = __ldcs(from + at);
    }
#pragma unroll
    for (int i = 0; i < TURNS; i++) {
        const unsigned at = i * 32 + lane;
        if (at / VECTORS < count) tile[at / VECTORS * STRIDE + at % VECTORS] = held[i];
    }
}

}  // namespace secded

/// Launch: 128 threads, one CTA for 16 blocks. A warp takes four blocks, a lane 32 columns of one of them.
/// `flags` gets a byte a block: 0 clean, else DIFFERS, with DOUBLE where one column can't be put right.
extern "C" __global__ void __launch_bounds__(secded::WARPS * 32)
secded_syndrome(const uint4 *data, const uint4 *check, unsigned char *flags, unsigned blocks)
{
    using namespace secded;
    __shared__ uint4 dataTiles[WARPS][BLOCKS * DATA_STRIDE];
    __shared__ uint4 checkTiles[WARPS][BLOCKS * CHECK_STRIDE];
    const unsigned warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    const unsigned first = (blockIdx.x * WARPS + warp) * BLOCKS;
    if (first >= blocks) return;
    const unsigned count = min(blocks - first, unsigned(BLOCKS));

    stage<DATA_VECTORS, DATA_STRIDE>(dataTiles[warp], data + size_t(first) * DATA_VECTORS, count, lane);
    stage<CHECK_VECTORS, CHECK_STRIDE>(checkTiles[warp], check + size_t(first) * CHECK_VECTORS, count, lane);
    __syncwarp();

    const unsigned block = lane / ROW_WORDS, column = lane % ROW_WORDS;
    const unsigned *rows = reinterpret_cast<const unsigned *>(dataTiles[warp] + block * DATA_STRIDE) + column;
    const unsigned *checkRows = reinterpret_cast<const unsigned *>(checkTiles[warp] + block * CHECK_STRIDE) + column;
    unsigned syndrome[8];
#pragma unroll
    for (int k = 0; k < 8; k++) syndrome[k] = checkRows[k * ROW_WORDS];
#pragma unroll
    for (int row = 0; row < 64; row++) {
        const unsigned bits = rows[row * ROW_WORDS];
#pragma unroll
        for (int k = 0; k < 8; k++)
            if (HSIAO.of[row] >> k & 1) syndrome[k] ^= bits;
    }

    unsigned any = 0, odd = 0;
#pragma unroll
    for (int k = 0; k < 8; k++) {
        any |= syndrome[k];
        odd ^= syndrome[k];
    }
    const unsigned lanes = 0xffu << block * ROW_WORDS;
    const bool differs = __ballot_sync(ALL_LANES, any != 0) & lanes;
    const bool twice = __ballot_sync(ALL_LANES, (any & ~odd) != 0) & lanes;
    if (column == 0 && block < count) flags[first + block] = (differs ? DIFFERS : 0) | (twice ? DOUBLE : 0);
}
