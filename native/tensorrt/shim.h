/* The C interface between Perigee and TensorRT, whose own interface is C++ with tables that change with each major.
 * native/gpu/src/tensorrt.rs says the same. Every function that can fail takes `why`, a buffer for a line of words. */
#ifndef PERIGEE_TENSORRT_SHIM_H
#define PERIGEE_TENSORRT_SHIM_H

#include <stddef.h>
#include <stdint.h>

/* Raised when anything below changes. */
#define PERIGEE_TRT_ABI 1
#define PERIGEE_TRT_MAX_RANK 8

/* The rest of the library stays hidden. */
#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef struct perigee_trt_runtime perigee_trt_runtime;
typedef struct perigee_trt_engine perigee_trt_engine;

/* One input or output. A side of the shape that the caller may choose is -1. */
typedef struct {
    char name[128];
    int32_t is_input;
    int32_t is_float32;
    int32_t rank;
    int64_t shape[PERIGEE_TRT_MAX_RANK];
} perigee_trt_io;

int32_t perigee_trt_abi(void);
/* What the shim was compiled with: major * 10000 + minor * 100 + patch. */
int32_t perigee_trt_headers(void);
/* 1 where it can build plans from ONNX graphs. */
int32_t perigee_trt_builds(void);

/* Loads libnvinfer.so.MAJOR (or `library`), refuses another major than the headers'. Null when it can't. */
perigee_trt_runtime *perigee_trt_open(const char *library, char *why, size_t why_bytes);
/* The version of the library that was loaded, in the form of perigee_trt_headers. */
int32_t perigee_trt_version(const perigee_trt_runtime *runtime);
void perigee_trt_close(perigee_trt_runtime *runtime);

/* Reads a plan; TensorRT copies what it needs. The CUDA context of the thread is where it lives. */
perigee_trt_engine *perigee_trt_engine_open(
    perigee_trt_runtime *runtime, const void *plan, size_t bytes, char *why, size_t why_bytes);
void perigee_trt_engine_close(perigee_trt_engine *engine);
int32_t perigee_trt_engine_io_count(const perigee_trt_engine *engine);
/* 0, or not when there is no such index or its shape has too many sides. */
int32_t perigee_trt_engine_io(const perigee_trt_engine *engine, int32_t index, perigee_trt_io *io);
/* Sets the shape of an input (rank 0: leaves it, for outputs) and where it lies on the device. 0 when done. */
int32_t perigee_trt_engine_bind(perigee_trt_engine *engine, const char *name, uint64_t address, const int64_t *shape,
                                int32_t rank, char *why, size_t why_bytes);
/* Puts a run into a CUDA stream. 0 when done. */
int32_t perigee_trt_engine_enqueue(perigee_trt_engine *engine, void *stream, char *why, size_t why_bytes);

/* Builds a plan from an ONNX file (weights beside it), float32 and without TF32, so that results are comparable.
 * A free first side of an input may be 1..max_batch. `take` gets the plan. 0 when done. */
int32_t perigee_trt_build(perigee_trt_runtime *runtime, const char *onnx_file, int32_t max_batch,
                          void (*take)(void *context, const void *plan, size_t bytes), void *context, char *why,
                          size_t why_bytes);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
