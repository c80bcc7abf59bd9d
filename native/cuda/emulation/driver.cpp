// A test double of the CUDA driver: the driver API's C functions, over the emulation of the kernels on this processor.
// Only tests load it, by its path. Its device calls itself an emulation, so no report can take it for a card.
#include "cuda_on_cpu.h"
// The kernels come after what they are written in.
#include "../perigee.cu"

#include <chrono>
#include <map>
#include <string>
#include <tuple>
#include <utility>

namespace {

enum : int { OK = 0, INVALID_VALUE = 1, NO_BINARY = 209, INVALID_IMAGE = 200, NOT_FOUND = 500, ILLEGAL_ADDRESS = 700 };

using Kernel = std::function<void(uint3 grid, unsigned threads, void **arguments)>;

template <class... A, std::size_t... I>
Kernel kernelOf(void (*function)(A...), std::index_sequence<I...>)
{
    return [function](uint3 grid, unsigned threads, void **arguments) {
        std::tuple<A...> values{*static_cast<A *>(arguments[I])...};
        emulation::runGrid(grid, threads, [&] { std::apply(function, values); });
    };
}

template <class... A>
Kernel kernel(void (*function)(A...))
{
    return kernelOf(function, std::index_sequence_for<A...>{});
}

std::map<std::string, Kernel> kernels{
    {"secded_syndrome", kernel(secded_syndrome)},
    {"crc32c_pages", kernel(crc32c_pages)},
    {"preprocess", kernel(preprocess)},
    {"quantise", kernel(quantise)},
    {"dequantise", kernel(dequantise)},
    {"read_memory", kernel(read_memory)},
};

/// Behind each allocation: what a kernel writes past its end shows when it is freed.
constexpr std::size_t GUARD = 256;
constexpr char GUARD_BYTE = 0x5a;
std::map<std::uint64_t, std::size_t> allocations;

/// Fresh device memory holds rubbish, as a card's does.
constexpr char RUBBISH = 0x33;

}  // namespace

extern "C" {

int cuInit(unsigned) { return OK; }
int cuDriverGetVersion(int *version) { return *version = 12060, OK; }
int cuDeviceGetCount(int *count) { return *count = 1, OK; }
int cuDeviceGet(int *device, int) { return *device = 0, OK; }
int cuDeviceGetName(char *name, int bytes, int)
{
    std::snprintf(name, bytes, "CPU emulation of CUDA (test double, no card)");
    return OK;
}
int cuDeviceGetAttribute(int *value, int which, int)
{
    // 75, 76: compute capability. 18, 19: works in the host's memory, as a Jetson; by the build's choice.
#ifdef PERIGEE_INTEGRATED
    constexpr int integrated = 1;
#else
    constexpr int integrated = 0;
#endif
    *value = which == 75 ? 8 : which == 76 ? 7 : which == 16 ? 1 : which == 18 || which == 19 ? integrated : 0;
    return OK;
}
int cuDeviceTotalMem_v2(std::size_t *bytes, int) { return *bytes = std::size_t(1) << 30, OK; }
int cuDevicePrimaryCtxRetain(void **context, int) { return *context = &kernels, OK; }
int cuDevicePrimaryCtxRelease_v2(int) { return OK; }
int cuCtxSetCurrent(void *) { return OK; }

/// A fatbin begins with nvcc's magic, PTX is text. "another card" stands for a fatbin without code for this device.
int cuModuleLoadData(void **module, const void *image)
{
    static const unsigned char magic[] = {0x50, 0xed, 0x55, 0xba};
    const char *text = static_cast<const char *>(image);
    if (std::strncmp(text, "another card", 12) == 0) return NO_BINARY;
    if (std::memcmp(image, magic, 4) != 0 && std::strstr(text, ".version") == nullptr) return INVALID_IMAGE;
    return *module = &kernels, OK;
}
int cuModuleUnload(void *) { return OK; }
int cuModuleGetFunction(void **function, void *, const char *name)
{
    const auto found = kernels.find(name);
    if (found == kernels.end()) return NOT_FOUND;
    return *function = &found->second, OK;
}

int cuMemAlloc_v2(std::uint64_t *address, std::size_t bytes)
{
    if (bytes > std::size_t(1) << 30) return 2;
    char *memory = static_cast<char *>(std::aligned_alloc(256, (bytes + GUARD + 255) / 256 * 256));
    std::memset(memory, RUBBISH, bytes);
    std::memset(memory + bytes, GUARD_BYTE, GUARD);
    *address = reinterpret_cast<std::uint64_t>(memory);
    allocations[*address] = bytes;
    return OK;
}
int cuMemFree_v2(std::uint64_t address)
{
    const auto found = allocations.find(address);
    if (found == allocations.end()) return INVALID_VALUE;
    const char *memory = reinterpret_cast<const char *>(address);
    for (std::size_t i = 0; i < GUARD; i++)
        if (memory[found->second + i] != GUARD_BYTE) {
            std::fprintf(stderr, "emulation: a kernel wrote past the end of its memory\n");
            std::abort();
        }
    allocations.erase(found);
    std::free(reinterpret_cast<void *>(address));
    return OK;
}
int cuMemcpyHtoDAsync_v2(std::uint64_t to, const void *from, std::size_t bytes, void *)
{
    return std::memcpy(reinterpret_cast<void *>(to), from, bytes), OK;
}
int cuMemcpyDtoHAsync_v2(void *to, std::uint64_t from, std::size_t bytes, void *)
{
    return std::memcpy(to, reinterpret_cast<const void *>(from), bytes), OK;
}
int cuMemcpyDtoDAsync_v2(std::uint64_t to, std::uint64_t from, std::size_t bytes, void *)
{
    return std::memcpy(reinterpret_cast<void *>(to), reinterpret_cast<const void *>(from), bytes), OK;
}
int cuMemHostRegister_v2(void *, std::size_t, unsigned) { return OK; }
int cuMemHostUnregister(void *) { return OK; }
int cuMemHostGetDevicePointer_v2(std::uint64_t *address, void *host, unsigned)
{
    return *address = reinterpret_cast<std::uint64_t>(host), OK;
}

int cuStreamCreate(void **stream, unsigned) { return *stream = &kernels, OK; }
int cuStreamSynchronize(void *) { return OK; }
int cuStreamDestroy_v2(void *) { return OK; }
int cuLaunchKernel(void *function, unsigned x, unsigned y, unsigned z, unsigned threads, unsigned, unsigned, unsigned, void *,
                   void **arguments, void **)
{
    if (threads % 32 != 0 || threads > 1024 || x == 0 || y > 65535 || z > 65535) return INVALID_VALUE;
    (*static_cast<Kernel *>(function))({x, y, z}, threads, arguments);
    return OK;
}

int cuEventCreate(void **event, unsigned) { return *event = new std::chrono::steady_clock::time_point, OK; }
int cuEventRecord(void *event, void *)
{
    *static_cast<std::chrono::steady_clock::time_point *>(event) = std::chrono::steady_clock::now();
    return OK;
}
int cuEventSynchronize(void *) { return OK; }
int cuEventElapsedTime(float *ms, void *start, void *stop)
{
    using Time = std::chrono::steady_clock::time_point;
    *ms = std::chrono::duration<float, std::milli>(*static_cast<Time *>(stop) - *static_cast<Time *>(start)).count();
    return OK;
}
int cuEventDestroy_v2(void *event) { return delete static_cast<std::chrono::steady_clock::time_point *>(event), OK; }

int cuGetErrorName(int status, const char **text)
{
    *text = status == NO_BINARY ? "CUDA_ERROR_NO_BINARY_FOR_GPU" : status == INVALID_IMAGE ? "CUDA_ERROR_INVALID_IMAGE" : "CUDA_ERROR";
    return OK;
}
int cuGetErrorString(int, const char **text) { return *text = "emulated", OK; }
}
