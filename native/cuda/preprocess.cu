// Crop, resize and normalise in one pass: interleaved bytes in, CHW float32 out, as native/reference/image/preprocess.ts:
// integer sums over the same taps (the host makes them), then one multiplication and one subtraction. The same bits.

namespace image {

constexpr int SHIFT = 7;  // of the rows between the two passes
constexpr int HALF = 1 << (SHIFT - 1);

/// One crop, and where its taps lie. `native/gpu/src/preprocess.rs` says the same.
struct Crop {
    unsigned left, top, width, height;
    /// Weights of an output pixel, and where the axis begins in `starts` and `weights`.
    unsigned acrossCount, acrossStarts, acrossWeights;
    unsigned downCount, downStarts, downWeights;
};

}  // namespace image

/// Launch: 128 threads; x: one CTA for 128 output pixels, y: a crop. `normals` holds scale and bias for each channel,
/// `starts` the first input pixel of each output pixel of an axis, `weights` its `count` weights, which may be 0 past
/// the crop's edge.
extern "C" __global__ void __launch_bounds__(128)
preprocess(const unsigned char *picture, unsigned width, unsigned channels, const image::Crop *crops, const unsigned *starts,
           const short *weights, const float2 *normals, unsigned outWidth, unsigned outHeight, float *out)
{
    using namespace image;
    const unsigned plane = outWidth * outHeight, at = blockIdx.x * 128 + threadIdx.x;
    if (at >= plane) return;
    const Crop crop = crops[blockIdx.y];
    const unsigned x = at % outWidth, y = at / outWidth;
    const unsigned left = starts[crop.acrossStarts + x], top = starts[crop.downStarts + y];
    const short *across = weights + crop.acrossWeights + x * crop.acrossCount;
    const short *down = weights + crop.downWeights + y * crop.downCount;
    float *to = out + size_t(blockIdx.y) * channels * plane + at;

    for (unsigned c = 0; c < channels; c++) {
        int sum = 0;
        for (unsigned i = 0; i < crop.acrossCount; i++) {
            // A weight of 0 may belong to a pixel that is not there: any other serves.
            const unsigned column = crop.left + min(left + i, crop.width - 1);
            int mixed = HALF;
            for (unsigned j = 0; j < crop.downCount; j++) {
                const unsigned row = crop.top + min(top + j, crop.height - 1);
                mixed += int(__ldg(picture + (size_t(row) * width + column) * channels + c)) * down[j];
            }
            sum += (mixed >> SHIFT) * across[i];
        }
        const float2 normal = normals[c];
        to[size_t(c) * plane] = __fsub_rn(__fmul_rn(static_cast<float>(sum), normal.x), normal.y);
    }
}
