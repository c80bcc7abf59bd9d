"""Weights to safetensors, and ONNX graphs whose initializers point into that very file. What every network's export needs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

DATA_ALIGNMENT = 64
Arrays = dict[str, np.ndarray]
Places = dict[str, tuple[int, int]]
"""Absolute offset and length of each tensor in the safetensors file."""
Shapes = dict[str, list[object]]
"""Of inputs or outputs, by name, in order."""


@dataclass(frozen=True)
class Stored:
    """Weights in a safetensors file."""

    file: str
    weights: Arrays
    places: Places


TYPES = {"float32": ("F32", TensorProto.FLOAT), "int32": ("I32", TensorProto.INT32), "int8": ("I8", TensorProto.INT8), "uint8": ("U8", TensorProto.UINT8)}
"""What safetensors and ONNX call the types of tensors that are written."""


def write_safetensors(path: Path, weights: Arrays, metadata: dict[str, str]) -> Places:
    """Writes tensors, those of four bytes a value before those of one, the largest first, and returns their places.

    The header is padded with spaces, as the format allows, so that the data start on a 64-byte boundary.
    """
    names = sorted(weights, key=lambda name: (-weights[name].itemsize, -weights[name].nbytes, name))
    header: dict[str, object] = {"__metadata__": metadata}
    at = 0
    for name in names:
        size = weights[name].nbytes
        header[name] = {"dtype": TYPES[weights[name].dtype.name][0], "shape": list(weights[name].shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % DATA_ALIGNMENT)
    data_start = 8 + len(text)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in names:
            file.write(np.ascontiguousarray(weights[name], weights[name].dtype.newbyteorder("<")).tobytes())
    return {name: (data_start + header[name]["data_offsets"][0], weights[name].nbytes) for name in names}


class Graph:
    """Collects nodes. Weights are referred to by name; only shapes and scalars are stored in the graph itself."""

    opset, ir_version = 17, 8

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, TensorProto] = {}

    def add(self, op: str, *inputs: str, output: str | None = None, **attributes: object) -> str:
        name = output or f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name

    def scalar(self, value: float) -> str:
        return self._constant(f"scalar_{value:.9g}", np.float32(value))

    def byte(self, value: int) -> str:
        return self._constant(f"byte_{value}", np.uint8(value))

    def zeros(self, dtype: np.dtype, count: int) -> str:
        return self._constant(f"zeros_{dtype}_{count}", np.zeros(count, dtype))

    def ints(self, *values: int) -> str:
        return self._constant("ints_" + "_".join(map(str, values)), np.array(values, np.int64))

    def floats(self, *values: float) -> str:
        return self._constant("floats_" + "_".join(f"{value:.9g}" for value in values), np.array(values, np.float32))

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

    def save(self, path: Path, inputs: Shapes, outputs: Shapes, stored: Stored) -> None:
        """Writes and checks the graph; `stored` are the weights that it refers to, and where each lies in its file."""
        sides = [[helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in part.items()] for part in (inputs, outputs)]
        weights = [_external(name, stored.weights[name], stored.file, *stored.places[name]) for name in sorted(stored.weights)]
        graph = helper.make_graph(self.nodes, path.stem, *sides, weights + list(self.constants.values()))
        opset = helper.make_opsetid("", self.opset)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=self.ir_version, producer_name="perigee")
        path.write_bytes(model.SerializeToString())
        onnx.checker.check_model(str(path), full_check=True)

    def _constant(self, name: str, value: np.ndarray) -> str:
        self.constants[name] = numpy_helper.from_array(np.asarray(value), name)
        return name


def _external(name: str, value: np.ndarray, file: str, offset: int, length: int) -> TensorProto:
    tensor = TensorProto(name=name, data_type=TYPES[value.dtype.name][1], dims=value.shape, data_location=TensorProto.EXTERNAL)
    for key, text in (("location", file), ("offset", str(offset)), ("length", str(length))):
        tensor.external_data.add(key=key, value=text)
    return tensor
