"""The shipped graph in other number formats: `python variants.py EUROSAT MODELS METRICS OUT [--test]`.

Writes OUT/land-cover-fp16.onnx and OUT/land-cover-int8.onnx, and adds accuracy and speed of each to METRICS, all measured in one run,
turn by turn on one thread, so that the ratios mean something whatever else the machine does.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from onnxruntime.transformers.float16 import convert_float_to_float16

from data import fold, tiles
from export import NAME, nchw, session

CALIBRATION_TILES, ROUNDS, BATCH = 200, 40, 16


class Tiles(CalibrationDataReader):
    """Training tiles, a batch at a time."""

    def __init__(self, pixels: np.ndarray) -> None:
        self.batches = iter({"tiles": nchw(batch)} for batch in np.array_split(pixels, len(pixels) // 20))

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.batches, None)


def make(graph: Path, pixels: np.ndarray, out: Path) -> dict[str, Path]:
    """fp16: weights and arithmetic, inputs and outputs stay float32. int8: matrix products with a weight and convolutions."""
    out.mkdir(parents=True, exist_ok=True)
    half, whole = out / f"{NAME}-fp16.onnx", out / f"{NAME}-int8.onnx"
    onnx.save(convert_float_to_float16(onnx.load(graph), keep_io_types=True), half)
    chosen = np.random.default_rng(0).permutation(len(pixels))[:CALIBRATION_TILES]
    with tempfile.TemporaryDirectory() as scratch:
        prepared = Path(scratch) / "prepared.onnx"
        onnx.save(onnx.load(graph), prepared)
        quant_pre_process(str(prepared), str(prepared), skip_symbolic_shape=True)
        weights = {tensor.name for tensor in onnx.load(prepared).graph.initializer}
        nodes = onnx.load(prepared).graph.node
        chosen_nodes = [n.name for n in nodes if n.op_type in ("MatMul", "Gemm", "Conv") and n.input[1] in weights]
        quantize_static(
            str(prepared),
            str(whole),
            Tiles(pixels[chosen]),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            op_types_to_quantize=["MatMul", "Gemm", "Conv"],
            nodes_to_quantize=chosen_nodes,
        )
    return {"fp32": graph, "fp16": half, "int8": whole}


def accuracy(graph: Path, pixels: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    run, parts = session(graph), np.array_split(pixels, max(1, len(pixels) // 64))
    found = np.concatenate([run.run(["probabilities"], {"tiles": nchw(part)})[0] for part in parts])
    return float((found.argmax(1) == labels).mean()), found


def speeds(graphs: dict[str, Path], pixels: np.ndarray) -> dict[str, float]:
    """CPU milliseconds a tile in batches of 16, the median over rounds in which each takes its turn."""
    runs, batch = {name: session(path) for name, path in graphs.items()}, {"tiles": nchw(pixels[:BATCH])}
    spent: dict[str, list[float]] = {name: [] for name in graphs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            started = time.process_time()
            run.run(None, batch)
            spent[name].append(time.process_time() - started)
    return {name: 1e3 * float(np.median(times)) / BATCH for name, times in spent.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("eurosat", "models", "metrics", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--test", action="store_true")
    args = parser.parse_args()
    pixels, labels, _ = tiles(args.eurosat, "train")
    metrics = json.loads(args.metrics.read_text())
    rest, held = fold(len(pixels), metrics["export"]["seed"])
    graphs = make(args.models / f"{NAME}.onnx", pixels[rest], args.out)
    # The one fitted to the whole split has seen its fold: its answers there show what a format changes, not what it is worth.
    seen_in_training = metrics["export"]["kind"] == "all"
    parts = {"fitted" if seen_in_training else "validation": (pixels[held], labels[held])}
    if args.test:
        parts["test"] = tiles(args.eurosat, "test")[:2]
    cost = speeds(graphs, pixels)
    found = {name: {"bytes": path.stat().st_size, "msPerTile": cost[name], "speedUp": cost["fp32"] / cost[name]} for name, path in graphs.items()}
    found["fp32"]["bytes"] += (args.models / f"{NAME}.safetensors").stat().st_size
    for part, (seen, truth) in parts.items():
        for name, path in graphs.items():
            found[name][part], answers = accuracy(path, seen, truth)
            exact = answers if name == "fp32" else exact
            found[name][f"{part}Same"] = float((answers.argmax(1) == exact.argmax(1)).mean())
    metrics["variants"] = found
    args.metrics.write_text(json.dumps(metrics, indent=2) + "\n")
    for name, row in found.items():
        print(name, *(f"{key} {value:.4g}" for key, value in row.items()))


if __name__ == "__main__":
    main()
