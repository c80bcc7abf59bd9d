// The few words of CUDA C++ that the kernels use, for the host's compiler: so that the tests run the kernels' own sources
// where there is no card. Slow, one thread of the host, and no statement about speed.
//
// A thread of a CTA is a fibre (ucontext). It runs until it waits for others, at a barrier or a warp's exchange; when all
// of them wait for one that never comes, the emulation aborts: on a card that kernel would hang or be undefined.
#pragma once

#include <ucontext.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __restrict__
// CTAs run one after the other.
#define __shared__ static

struct uint4 {
    unsigned x, y, z, w;
};
struct float2 {
    float x, y;
};
struct uint3 {
    unsigned x, y, z;
};

using std::max;
using std::min;

namespace emulation {

struct Exchange {
    unsigned sent[32], received[32];
    unsigned arrived = 0, generation = 0;
};

struct Fibre {
    ucontext_t context;
    std::unique_ptr<char[]> stack;
    bool done = false;
};

struct Cta {
    std::vector<Fibre> fibres;
    std::vector<Exchange> warps;
    Exchange barrier;
    unsigned current = 0;
    ucontext_t scheduler;
    bool moved = false;
    std::function<void()> body;
};

inline Cta *cta = nullptr;
inline uint3 blockIndex, blockSize, gridSize;

inline void yield()
{
    const unsigned me = cta->current;
    swapcontext(&cta->fibres[me].context, &cta->scheduler);
}

/// Waits until `needed` threads have come here.
inline void meet(Exchange &at, unsigned needed)
{
    cta->moved = true;
    const unsigned generation = at.generation;
    if (++at.arrived == needed) {
        at.arrived = 0;
        std::memcpy(at.received, at.sent, sizeof at.sent);
        at.generation++;
    }
    while (at.generation == generation) yield();
}

inline const unsigned *exchange(unsigned value)
{
    Exchange &warp = cta->warps[cta->current / 32];
    warp.sent[cta->current % 32] = value;
    meet(warp, 32);
    return warp.received;
}

inline void enter()
{
    cta->body();
    cta->moved = true;
    cta->fibres[cta->current].done = true;
    yield();
}

/// Runs one CTA of `threads` threads.
inline void runCta(unsigned threads, std::function<void()> body)
{
    constexpr std::size_t STACK = 128 * 1024;
    Cta here;
    here.body = std::move(body);
    here.fibres = std::vector<Fibre>(threads);
    here.warps.resize((threads + 31) / 32);
    cta = &here;
    for (Fibre &fibre : here.fibres) {
        fibre.stack.reset(new char[STACK]);
        getcontext(&fibre.context);
        fibre.context.uc_stack.ss_sp = fibre.stack.get();
        fibre.context.uc_stack.ss_size = STACK;
        fibre.context.uc_link = nullptr;
        makecontext(&fibre.context, enter, 0);
    }
    for (unsigned left = threads; left > 0;) {
        here.moved = false;
        for (unsigned i = 0; i < threads; i++) {
            if (here.fibres[i].done) continue;
            here.current = i;
            swapcontext(&here.scheduler, &here.fibres[i].context);
            if (here.fibres[i].done) left--;
        }
        if (!here.moved) {
            std::fprintf(stderr, "emulation: a barrier that not every thread reaches\n");
            std::abort();
        }
    }
    cta = nullptr;
}

inline void runGrid(uint3 grid, unsigned threads, const std::function<void()> &body)
{
    gridSize = grid;
    blockSize = {threads, 1, 1};
    for (unsigned z = 0; z < grid.z; z++)
        for (unsigned y = 0; y < grid.y; y++)
            for (unsigned x = 0; x < grid.x; x++) {
                blockIndex = {x, y, z};
                runCta(threads, body);
            }
}

}  // namespace emulation

#define threadIdx (uint3{emulation::cta->current, 0, 0})
#define blockIdx emulation::blockIndex
#define blockDim emulation::blockSize
#define gridDim emulation::gridSize

inline void __syncwarp() { emulation::exchange(0); }
inline void __syncthreads() { emulation::meet(emulation::cta->barrier, unsigned(emulation::cta->fibres.size())); }

inline unsigned __ballot_sync(unsigned, bool vote)
{
    const unsigned *votes = emulation::exchange(vote);
    unsigned all = 0;
    for (int lane = 0; lane < 32; lane++) all |= votes[lane] << lane;
    return all;
}

template <class T>
inline T shuffled(T value, unsigned from)
{
    static_assert(sizeof(T) == 4);
    unsigned bits;
    std::memcpy(&bits, &value, 4);
    bits = emulation::exchange(bits)[from < 32 ? from : emulation::cta->current % 32];
    std::memcpy(&value, &bits, 4);
    return value;
}

template <class T>
inline T __shfl_down_sync(unsigned, T value, unsigned by) { return shuffled(value, emulation::cta->current % 32 + by); }

inline unsigned __reduce_max_sync(unsigned, unsigned value)
{
    const unsigned *all = emulation::exchange(value);
    return *std::max_element(all, all + 32);
}

template <class T>
inline T __ldcs(const T *from) { return *from; }
template <class T>
inline T __ldg(const T *from) { return *from; }
inline unsigned __float_as_uint(float value)
{
    unsigned bits;
    return std::memcpy(&bits, &value, 4), bits;
}
inline float __uint_as_float(unsigned bits)
{
    float value;
    return std::memcpy(&value, &bits, 4), value;
}
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
