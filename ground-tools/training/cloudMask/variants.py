"""The shipped graph in other number formats, to say what they would cost and gain. They are not shipped."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from onnxruntime.transformers.float16 import convert_float_to_float16

CALIBRATION_TILES = 64


class Tiles(CalibrationDataReader):
    """Training tiles, eight at a time."""

    def __init__(self, tiles: np.ndarray) -> None:
        self.batches = iter({"reflectance": batch} for batch in np.split(tiles, len(tiles) // 8))

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.batches, None)


def made(graph: Path, tiles: np.ndarray, folder: Path) -> dict[str, Path]:
    """Writes the variants and returns their places by name; `graph` itself is `fp32`.

    fp16: weights and arithmetic, inputs and outputs stay float32. int8: weights by channel, activations by tensor, both signed,
    ranges from `tiles`, by onnxruntime's static quantisation.
    """
    folder.mkdir(parents=True, exist_ok=True)
    half, whole = folder / "fp16.onnx", folder / "int8.onnx"
    onnx.save(convert_float_to_float16(onnx.load(graph), keep_io_types=True), half)
    with tempfile.TemporaryDirectory() as scratch:
        prepared = Path(scratch) / "prepared.onnx"
        onnx.save(onnx.load(graph), prepared)
        quant_pre_process(str(prepared), str(prepared), skip_symbolic_shape=True)
        quantize_static(
            str(prepared),
            str(whole),
            Tiles(tiles[:CALIBRATION_TILES]),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            op_types_to_quantize=["Conv", "Add", "Resize", "Relu"],
        )
    return {"fp32": graph, "fp16": half, "int8": whole}
