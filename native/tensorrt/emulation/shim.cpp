/* A test double of the shim, with its C interface and no TensorRT: one "engine" that gives the mean of each item of twelve
 * values, in the memory of the emulated CUDA driver (which is the host's). Only tests load it, by its path.
 *
 * PERIGEE_DOUBLE_VERSION: of the TensorRT that it claims. PERIGEE_DOUBLE_ABI: of the interface. */
#include "../shim.h"

#include <cstdio>
#include <cstring>

#ifndef PERIGEE_DOUBLE_VERSION
#define PERIGEE_DOUBLE_VERSION 100300
#endif
#ifndef PERIGEE_DOUBLE_ABI
#define PERIGEE_DOUBLE_ABI PERIGEE_TRT_ABI
#endif

struct perigee_trt_runtime {
    int unused;
};
struct perigee_trt_engine {
    const float *input;
    float *output;
    int64_t count;
};

static const char PLAN[] = "a plan of the test double";

static int32_t refuse(char *why, size_t bytes, const char *text)
{
    std::snprintf(why, bytes, "%s", text);
    return 1;
}

extern "C" {

int32_t perigee_trt_abi(void) { return PERIGEE_DOUBLE_ABI; }
int32_t perigee_trt_headers(void) { return 100300; }
int32_t perigee_trt_builds(void) { return 1; }

perigee_trt_runtime *perigee_trt_open(const char *, char *why, size_t why_bytes)
{
    if (PERIGEE_DOUBLE_VERSION / 10000 != 10)
        return refuse(why, why_bytes, "libnvinfer.so is of another major than the headers"), nullptr;
    return new perigee_trt_runtime{};
}
int32_t perigee_trt_version(const perigee_trt_runtime *) { return PERIGEE_DOUBLE_VERSION; }
void perigee_trt_close(perigee_trt_runtime *runtime) { delete runtime; }

perigee_trt_engine *perigee_trt_engine_open(perigee_trt_runtime *, const void *plan, size_t bytes, char *why, size_t why_bytes)
{
    if (bytes == sizeof PLAN && std::memcmp(plan, PLAN, bytes) == 0) return new perigee_trt_engine{};
    return refuse(why, why_bytes, "Serialization (Serialization assertion failed: the plan is damaged)"), nullptr;
}
void perigee_trt_engine_close(perigee_trt_engine *engine) { delete engine; }
int32_t perigee_trt_engine_io_count(const perigee_trt_engine *) { return 2; }

int32_t perigee_trt_engine_io(const perigee_trt_engine *, int32_t index, perigee_trt_io *io)
{
    *io = perigee_trt_io{};
    std::snprintf(io->name, sizeof io->name, index == 0 ? "tiles" : "share");
    io->is_input = index == 0;
    io->is_float32 = 1;
    io->rank = index == 0 ? 4 : 1;
    const int64_t shape[] = {-1, 3, 2, 2};
    std::memcpy(io->shape, shape, sizeof shape);
    return 0;
}

int32_t perigee_trt_engine_bind(perigee_trt_engine *engine, const char *name, uint64_t address, const int64_t *shape,
                                int32_t rank, char *why, size_t why_bytes)
{
    if (std::strcmp(name, "tiles") == 0) {
        if (rank != 4 || shape[0] > 4) return refuse(why, why_bytes, "the profile takes 1 to 4 items");
        engine->input = reinterpret_cast<const float *>(address);
        engine->count = shape[0];
    } else {
        engine->output = reinterpret_cast<float *>(address);
    }
    return 0;
}

int32_t perigee_trt_engine_enqueue(perigee_trt_engine *engine, void *, char *, size_t)
{
    for (int64_t item = 0; item < engine->count; item++) {
        float sum = 0;
        for (int i = 0; i < 12; i++) sum += engine->input[item * 12 + i];
        engine->output[item] = sum / 12;
    }
    return 0;
}

int32_t perigee_trt_build(perigee_trt_runtime *, const char *onnx_file, int32_t max_batch,
                          void (*take)(void *, const void *, size_t), void *context, char *why, size_t why_bytes)
{
    std::FILE *file = std::fopen(onnx_file, "rb");
    if (file == nullptr) return refuse(why, why_bytes, "the parser refuses the graph: no such file");
    std::fclose(file);
    if (max_batch < 1) return refuse(why, why_bytes, "no batch");
    take(context, PLAN, sizeof PLAN);
    return 0;
}
}
