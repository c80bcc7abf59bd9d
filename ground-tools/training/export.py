"""Weights to safetensors, and ONNX graphs whose initializers point into that very file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from models import LAYER_NORM_EPS, ScreenerShape, VitShape

OPSET = 17
IR_VERSION = 8
DATA_ALIGNMENT = 64
Arrays = dict[str, np.ndarray]
Places = dict[str, tuple[int, int]]
"""Absolute offset and length of each tensor in the safetensors file."""
Outputs = dict[str, list[object]]


def write_safetensors(path: Path, weights: Arrays, metadata: dict[str, str]) -> Places:
    """Writes float32 tensors, the largest first, and returns their places.

    The header is padded with spaces, as the format allows, so that the data start on a 64-byte boundary.
    """
    names = sorted(weights, key=lambda name: (-weights[name].nbytes, name))
    header: dict[str, object] = {"__metadata__": metadata}
    at = 0
    for name in names:
        size = weights[name].nbytes
        header[name] = {"dtype": "F32", "shape": list(weights[name].shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % DATA_ALIGNMENT)
    data_start = 8 + len(text)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in names:
            file.write(np.ascontiguousarray(weights[name], "<f4").tobytes())
    return {name: (data_start + header[name]["data_offsets"][0], weights[name].nbytes) for name in names}


class Graph:
    """Collects nodes. Weights are referred to by name; only shapes and scalars are stored in the graph itself."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, TensorProto] = {}

    def add(self, op: str, *inputs: str, output: str | None = None, **attributes: object) -> str:
        name = output or f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name

    def scalar(self, value: float) -> str:
        return self._constant(f"scalar_{value:.9g}", np.float32(value))

    def ints(self, *values: int) -> str:
        return self._constant("ints_" + "_".join(map(str, values)), np.array(values, np.int64))

    def linear(self, name: str, x: str) -> str:
        return self.add("Add", self.add("MatMul", x, f"{name}.weight"), f"{name}.bias")

    def reshape(self, x: str, *shape: int) -> str:
        return self.add("Reshape", x, self.ints(*shape))

    def mean(self, x: str, axes: tuple[int, ...], count: int, output: str | None = None) -> str:
        """ReduceSum and a product: ReduceMean changed its signature between opsets 17 and 18, these did not."""
        total = self.add("ReduceSum", x, self.ints(*axes), keepdims=0)
        return self.add("Mul", total, self.scalar(1 / count), output=output)

    def normalised(self, tiles: str) -> str:
        return self.add("Mul", self.add("Sub", tiles, "input.mean"), "input.scale")

    def save(self, path: Path, weights_file: str, weights: Arrays, places: Places, outputs: Outputs) -> None:
        tiles = helper.make_tensor_value_info("tiles", TensorProto.FLOAT, ["N", 3, 32, 32])
        results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()]
        stored = [_external(name, weights[name], weights_file, *places[name]) for name in sorted(weights)]
        graph = helper.make_graph(self.nodes, path.stem, [tiles], results, stored + list(self.constants.values()))
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION, producer_name="perigee")
        path.write_bytes(model.SerializeToString())
        onnx.checker.check_model(str(path), full_check=True)

    def _constant(self, name: str, value: np.ndarray) -> str:
        self.constants[name] = numpy_helper.from_array(np.asarray(value), name)
        return name


def export_screener(folder: Path, name: str, shape: ScreenerShape, weights: Arrays, metadata: dict[str, str]) -> None:
    g = Graph()
    x = g.normalised("tiles")
    side = 32
    for i, (_, kernel, stride) in enumerate(shape.convs):
        window = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [kernel // 2] * 4}
        x = g.add("Relu", g.add("Conv", x, f"convs.{i}.weight", f"convs.{i}.bias", **window))
        side //= stride
    cells = g.add("Sigmoid", g.add("Conv", x, "head.weight", "head.bias", kernel_shape=[1, 1]))
    g.mean(cells, (1, 2, 3), side * side, output="cloud_fraction")
    _save(g, folder, name, weights, metadata, {"cloud_fraction": ["N"]})


def export_vit(folder: Path, name: str, shape: VitShape, weights: Arrays, metadata: dict[str, str]) -> None:
    g, p, side, width = Graph(), shape.patch, shape.grid, shape.dim // shape.heads
    x = g.reshape(g.normalised("tiles"), 0, 3, side, p, side, p)
    x = g.reshape(g.add("Transpose", x, perm=[0, 2, 4, 1, 3, 5]), 0, shape.tokens, 3 * p * p)
    x = g.add("Add", g.linear("embed", x), "position")

    def norm(layer: str, x: str) -> str:
        return g.add("LayerNormalization", x, f"{layer}.weight", f"{layer}.bias", axis=-1, epsilon=LAYER_NORM_EPS)

    def heads(layer: str, x: str, perm: list[int]) -> str:
        return g.add("Transpose", g.reshape(g.linear(layer, x), 0, shape.tokens, shape.heads, width), perm=perm)

    for i in range(shape.depth):
        block, h = f"blocks.{i}", norm(f"blocks.{i}.norm1", x)
        query, value = (heads(f"{block}.attention.{part}", h, [0, 2, 1, 3]) for part in ("q", "v"))
        key = heads(f"{block}.attention.k", h, [0, 2, 3, 1])
        scores = g.add("Mul", g.add("MatMul", query, key), g.scalar(width**-0.5))
        mixed = g.add("MatMul", g.add("Softmax", scores, axis=-1), value)
        mixed = g.reshape(g.add("Transpose", mixed, perm=[0, 2, 1, 3]), 0, shape.tokens, shape.dim)
        x = g.add("Add", x, g.linear(f"{block}.attention.out", mixed))
        h = _gelu(g, g.linear(f"{block}.mlp.up", norm(f"{block}.norm2", x)))
        x = g.add("Add", x, g.linear(f"{block}.mlp.down", h))

    x = norm("norm", x)
    logits = g.linear("head", g.mean(x, (1,), shape.tokens))
    g.add("Softmax", logits, axis=-1, output="probabilities")
    g.mean(g.add("Sigmoid", g.linear("water", x)), (1, 2), shape.tokens, output="water_fraction")
    _save(g, folder, name, weights, metadata, {"probabilities": ["N", shape.classes], "water_fraction": ["N"]})


def _gelu(g: Graph, x: str) -> str:
    """x/2 (1 + erf(x / sqrt 2)); the Gelu operator itself needs opset 20."""
    phi = g.add("Add", g.add("Erf", g.add("Mul", x, g.scalar(0.5**0.5))), g.scalar(1.0))
    return g.add("Mul", g.add("Mul", x, g.scalar(0.5)), phi)


def _save(g: Graph, folder: Path, name: str, weights: Arrays, metadata: dict[str, str], outputs: Outputs) -> None:
    file = f"{name}.safetensors"
    places = write_safetensors(folder / file, weights, metadata)
    g.save(folder / f"{name}.onnx", file, weights, places, outputs)


def _external(name: str, value: np.ndarray, file: str, offset: int, length: int) -> TensorProto:
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=value.shape, data_location=TensorProto.EXTERNAL)
    for key, text in (("location", file), ("offset", str(offset)), ("length", str(length))):
        tensor.external_data.add(key=key, value=text)
    return tensor
