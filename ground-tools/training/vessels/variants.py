"""The shipped graph in other number formats, to say what they would cost and gain; they are not shipped: `python variants.py MODELS SEN2SHIPS`.

Prints sizes and CPU time a megapixel of picture, one thread, the least of several turns one after the other in one run.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from onnxruntime.transformers.float16 import convert_float_to_float16

from data import SIDE, Port, ports
from export import NAME

CALIBRATION_TILES, TURNS, BATCH = 96, 5, 16
STEP = 64
"""Pixels of a side that a tile judges."""


class Tiles(CalibrationDataReader):
    """Sixteen at a time."""

    def __init__(self, tiles: np.ndarray) -> None:
        self.batches = iter({"tiles": tiles[at : at + BATCH]} for at in range(0, len(tiles), BATCH))

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.batches, None)


def tiles_of(all_ports: list[Port]) -> np.ndarray:
    """Tiles (n, 3, 96, 96) float32 that cover the pictures side by side."""
    cut = []
    for port in all_ports:
        height, width = (size // SIDE * SIDE for size in port.pixels.shape[:2])
        grid = port.pixels[:height, :width].reshape(height // SIDE, SIDE, width // SIDE, SIDE, 3)
        cut.append(grid.transpose(0, 2, 4, 1, 3).reshape(-1, 3, SIDE, SIDE))
    return np.concatenate(cut).astype(np.float32)


def made(graph: Path, tiles: np.ndarray, folder: Path) -> dict[str, Path]:
    """Writes the variants and returns their places by name; `graph` itself is `fp32`.

    fp16: weights and arithmetic; inputs and outputs stay float32. int8: weights by channel, activations by tensor, both signed, ranges
    from some of the tiles; the head stays float32, for it is a thousandth of the work and sets every score.
    """
    half, whole = folder / "fp16.onnx", folder / "int8.onnx"
    onnx.save(convert_float_to_float16(onnx.load(graph), keep_io_types=True), half)
    head = next(node.name for node in onnx.load(graph, load_external_data=False).graph.node if "head.weight" in node.input)
    with tempfile.TemporaryDirectory() as scratch:
        prepared = Path(scratch) / "prepared.onnx"
        onnx.save(onnx.load(graph), prepared)
        quant_pre_process(str(prepared), str(prepared), skip_symbolic_shape=True)
        chosen = np.random.default_rng(0).permutation(len(tiles))[:CALIBRATION_TILES]
        quantize_static(
            str(prepared), str(whole), Tiles(tiles[chosen]), quant_format=QuantFormat.QDQ, per_channel=True,
            activation_type=QuantType.QInt8, weight_type=QuantType.QInt8, calibrate_method=CalibrationMethod.MinMax,
            op_types_to_quantize=["Conv", "Add", "Relu"], nodes_to_exclude=[head],
        )  # fmt: skip
    return {"fp32": graph, "fp16": half, "int8": whole}


def session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def compared(places: dict[str, Path], tiles: np.ndarray, threshold: float) -> dict[str, dict[str, float]]:
    """Of each variant beside fp32: largest and mean difference of heat, and of the cells at the threshold how many change sides."""
    heats = {name: np.concatenate([session_.run(["heat"], {"tiles": tiles[at : at + BATCH]})[0] for at in range(0, len(tiles), BATCH)])
             for name, session_ in ((name, session(path)) for name, path in places.items())}  # fmt: skip
    whole = heats["fp32"]
    return {
        name: {
            "heatMaxDifference": float(np.abs(heat - whole).max()),
            "heatMeanDifference": float(np.abs(heat - whole).mean()),
            "cellsAboveInFp32": int((whole >= threshold).sum()),
            "cellsThatChangeSides": int(((heat >= threshold) != (whole >= threshold)).sum()),
        }
        for name, heat in heats.items()
        if name != "fp32"
    }


def timed(places: dict[str, Path], tiles: np.ndarray) -> dict[str, float]:
    """CPU seconds a megapixel of picture, of which a tile judges 64 x 64 pixels."""
    opened, best = {name: session(path) for name, path in places.items()}, dict.fromkeys(places, float("inf"))
    for turn in range(TURNS + 1):
        for name, one in opened.items():
            started = time.process_time()
            one.run(None, {"tiles": tiles[:BATCH]})
            if turn > 0:
                best[name] = min(best[name], (time.process_time() - started) / (BATCH * STEP**2 / 1e6))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=Path)
    parser.add_argument("data", type=Path)
    args = parser.parse_args()
    tiles = tiles_of(ports(args.data))
    with tempfile.TemporaryDirectory() as folder:
        places = made(args.models / f"{NAME}.onnx", tiles, Path(folder))
        seconds = timed(places, tiles)
        for name, taken in seconds.items():
            print(f"{name}: {taken:.4f} CPU s/Mpx, {seconds['fp32'] / taken:.2f} times as fast as fp32")


if __name__ == "__main__":
    main()
