// TensorRT behind a C interface. The library is opened at run time: this file needs its headers, and links to none of it.
#include "shim.h"

#include <NvInfer.h>
#include <NvInferRuntime.h>
#ifdef PERIGEE_TRT_ONNX
#include <NvOnnxParser.h>
#endif
#include <dlfcn.h>

#include <cstdio>
#include <memory>
#include <new>
#include <string>

namespace {

constexpr int32_t HEADERS = NV_TENSORRT_MAJOR * 10000 + NV_TENSORRT_MINOR * 100 + NV_TENSORRT_PATCH;
/// Up to 8 a version was major * 1000 + ...
constexpr int32_t MAJOR_UNIT = NV_TENSORRT_MAJOR >= 10 ? 10000 : 1000;

/// Keeps the latest error, so that a refusal says why.
class Log final : public nvinfer1::ILogger {
public:
    void log(Severity severity, const char *text) noexcept override
    {
        if (severity <= Severity::kERROR) std::snprintf(latest, sizeof latest, "%s", text);
    }
    const char *take(const char *otherwise) const { return latest[0] != 0 ? latest : otherwise; }
    void forget() { latest[0] = 0; }

private:
    char latest[256] = "";
};

void say(char *why, size_t bytes, const char *text)
{
    if (why != nullptr && bytes > 0) std::snprintf(why, bytes, "%s", text);
}

template <class F>
F symbol(void *library, const char *name)
{
    return reinterpret_cast<F>(dlsym(library, name));
}

}  // namespace

struct perigee_trt_runtime {
    void *library = nullptr;
    int32_t version = 0;
    Log log;
    std::unique_ptr<nvinfer1::IRuntime> runtime;
};

struct perigee_trt_engine {
    perigee_trt_runtime *owner;
    // In this order: the context goes before its engine.
    std::unique_ptr<nvinfer1::ICudaEngine> engine;
    std::unique_ptr<nvinfer1::IExecutionContext> context;
};

extern "C" {

int32_t perigee_trt_abi(void) { return PERIGEE_TRT_ABI; }
int32_t perigee_trt_headers(void) { return HEADERS; }

int32_t perigee_trt_builds(void)
{
#ifdef PERIGEE_TRT_ONNX
    return 1;
#else
    return 0;
#endif
}

perigee_trt_runtime *perigee_trt_open(const char *library, char *why, size_t why_bytes)
{
    std::string name = library != nullptr ? library : "libnvinfer.so." + std::to_string(NV_TENSORRT_MAJOR);
    void *opened = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (opened == nullptr) return say(why, why_bytes, dlerror()), nullptr;
    const auto version = symbol<int32_t (*)()>(opened, "getInferLibVersion");
    const auto create = symbol<void *(*)(void *, int32_t)>(opened, "createInferRuntime_INTERNAL");
    if (version == nullptr || create == nullptr) {
        say(why, why_bytes, (name + " is no TensorRT").c_str());
        return dlclose(opened), nullptr;
    }
    // A table of another major has other entries: calling through it would be a silent crash.
    if (version() / MAJOR_UNIT != NV_TENSORRT_MAJOR) {
        say(why, why_bytes, (name + " is version " + std::to_string(version()) + ", the shim was compiled for major " +
                             std::to_string(NV_TENSORRT_MAJOR)).c_str());
        return dlclose(opened), nullptr;
    }
    auto *runtime = new (std::nothrow) perigee_trt_runtime;
    if (runtime == nullptr) return dlclose(opened), nullptr;
    runtime->library = opened;
    runtime->version = version();
    runtime->runtime.reset(static_cast<nvinfer1::IRuntime *>(create(&runtime->log, NV_TENSORRT_VERSION)));
    if (runtime->runtime == nullptr) {
        say(why, why_bytes, runtime->log.take("TensorRT gives no runtime"));
        return perigee_trt_close(runtime), nullptr;
    }
    return runtime;
}

int32_t perigee_trt_version(const perigee_trt_runtime *runtime) { return runtime->version; }

void perigee_trt_close(perigee_trt_runtime *runtime)
{
    if (runtime == nullptr) return;
    void *library = runtime->library;
    delete runtime;
    dlclose(library);
}

perigee_trt_engine *perigee_trt_engine_open(
    perigee_trt_runtime *runtime, const void *plan, size_t bytes, char *why, size_t why_bytes)
{
    runtime->log.forget();
    std::unique_ptr<perigee_trt_engine> opened(new (std::nothrow) perigee_trt_engine{runtime, nullptr, nullptr});
    if (opened == nullptr) return nullptr;
    opened->engine.reset(runtime->runtime->deserializeCudaEngine(plan, bytes));
    if (opened->engine == nullptr) return say(why, why_bytes, runtime->log.take("TensorRT refuses the plan")), nullptr;
    opened->context.reset(opened->engine->createExecutionContext());
    if (opened->context == nullptr) return say(why, why_bytes, runtime->log.take("no execution context")), nullptr;
    return opened.release();
}

void perigee_trt_engine_close(perigee_trt_engine *engine)
{
    if (engine == nullptr) return;
    engine->context.reset();
    delete engine;
}

int32_t perigee_trt_engine_io_count(const perigee_trt_engine *engine) { return engine->engine->getNbIOTensors(); }

int32_t perigee_trt_engine_io(const perigee_trt_engine *engine, int32_t index, perigee_trt_io *io)
{
    if (index < 0 || index >= engine->engine->getNbIOTensors()) return 1;
    const char *name = engine->engine->getIOTensorName(index);
    const nvinfer1::Dims shape = engine->engine->getTensorShape(name);
    if (shape.nbDims < 0 || shape.nbDims > PERIGEE_TRT_MAX_RANK) return 1;
    *io = perigee_trt_io{};
    std::snprintf(io->name, sizeof io->name, "%s", name);
    io->is_input = engine->engine->getTensorIOMode(name) == nvinfer1::TensorIOMode::kINPUT;
    io->is_float32 = engine->engine->getTensorDataType(name) == nvinfer1::DataType::kFLOAT;
    io->rank = shape.nbDims;
    for (int32_t i = 0; i < shape.nbDims; i++) io->shape[i] = shape.d[i];
    return 0;
}

int32_t perigee_trt_engine_bind(perigee_trt_engine *engine, const char *name, uint64_t address, const int64_t *shape,
                                int32_t rank, char *why, size_t why_bytes)
{
    engine->owner->log.forget();
    if (rank > 0) {
        nvinfer1::Dims dims{};
        if (rank > PERIGEE_TRT_MAX_RANK) return say(why, why_bytes, "too many sides"), 1;
        dims.nbDims = rank;
        for (int32_t i = 0; i < rank; i++) dims.d[i] = static_cast<decltype(dims.d[0] + 0)>(shape[i]);
        if (!engine->context->setInputShape(name, dims))
            return say(why, why_bytes, engine->owner->log.take("the plan does not take this shape")), 1;
    }
    if (!engine->context->setTensorAddress(name, reinterpret_cast<void *>(address)))
        return say(why, why_bytes, engine->owner->log.take("the plan has no such tensor")), 1;
    return 0;
}

int32_t perigee_trt_engine_enqueue(perigee_trt_engine *engine, void *stream, char *why, size_t why_bytes)
{
    engine->owner->log.forget();
    if (engine->context->enqueueV3(static_cast<cudaStream_t>(stream))) return 0;
    return say(why, why_bytes, engine->owner->log.take("the run was refused")), 1;
}

#ifndef PERIGEE_TRT_ONNX
int32_t perigee_trt_build(perigee_trt_runtime *, const char *, int32_t, void (*)(void *, const void *, size_t), void *,
                          char *why, size_t why_bytes)
{
    return say(why, why_bytes, "the shim was compiled without NvOnnxParser.h: it builds no plans"), 1;
}
#else
int32_t perigee_trt_build(perigee_trt_runtime *runtime, const char *onnx_file, int32_t max_batch,
                          void (*take)(void *, const void *, size_t), void *context, char *why, size_t why_bytes)
{
    using namespace nvinfer1;
    Log &log = runtime->log;
    log.forget();
    const auto refuse = [&](const char *otherwise) { return say(why, why_bytes, log.take(otherwise)), 1; };
    const std::string name = "libnvonnxparser.so." + std::to_string(NV_TENSORRT_MAJOR);
    void *parsers = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (parsers == nullptr) return say(why, why_bytes, dlerror()), 1;
    const std::unique_ptr<void, int (*)(void *)> closed(parsers, dlclose);
    const auto create = symbol<void *(*)(void *, int32_t)>(runtime->library, "createInferBuilder_INTERNAL");
    const auto parse = symbol<void *(*)(void *, void *, int)>(parsers, "createNvOnnxParser_INTERNAL");
    if (create == nullptr || parse == nullptr) return refuse("TensorRT has no builder or no ONNX parser");

    std::unique_ptr<IBuilder> builder(static_cast<IBuilder *>(create(&log, NV_TENSORRT_VERSION)));
    if (builder == nullptr) return refuse("no builder");
    // Up to 8, the batch had to be asked to be a side of its own.
    constexpr uint32_t NETWORK_FLAGS = NV_TENSORRT_MAJOR < 10 ? 1 : 0;
    std::unique_ptr<INetworkDefinition> network(builder->createNetworkV2(NETWORK_FLAGS));
    std::unique_ptr<IBuilderConfig> config(builder->createBuilderConfig());
    if (network == nullptr || config == nullptr) return refuse("no network");
    std::unique_ptr<nvonnxparser::IParser> parser(
        static_cast<nvonnxparser::IParser *>(parse(network.get(), &log, NV_ONNX_PARSER_VERSION)));
    if (parser == nullptr) return refuse("no parser");
    if (!parser->parseFromFile(onnx_file, static_cast<int>(ILogger::Severity::kERROR)))
        return refuse("the parser refuses the graph");

    config->clearFlag(BuilderFlag::kTF32);
    IOptimizationProfile *profile = builder->createOptimizationProfile();
    for (int32_t i = 0; i < network->getNbInputs(); i++) {
        ITensor *input = network->getInput(i);
        Dims least = input->getDimensions(), most = least;
        if (least.nbDims > 0 && least.d[0] < 0) least.d[0] = 1, most.d[0] = max_batch;
        profile->setDimensions(input->getName(), OptProfileSelector::kMIN, least);
        profile->setDimensions(input->getName(), OptProfileSelector::kOPT, most);
        profile->setDimensions(input->getName(), OptProfileSelector::kMAX, most);
    }
    config->addOptimizationProfile(profile);
    std::unique_ptr<IHostMemory> plan(builder->buildSerializedNetwork(*network, *config));
    if (plan == nullptr) return refuse("no plan was built");
    take(context, plan->data(), plan->size());
    return 0;
}
#endif

}  // extern "C"
