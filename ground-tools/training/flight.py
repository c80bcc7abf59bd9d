"""The two networks of the wide field as they fly: int8 where that pays, arranged for the runtime.

The sums are those of `models.py`. Arranged: matrix products over all tokens of a batch at once with their bias in them, so that the
runtime needs no pass of its own to add it; the input's normalisation in the first weights (of the screener its scale alone, because its
borders are padded with the mean). Int8 (ONNX's QuantizeLinear and DequantizeLinear, which onnxruntime melts into the operator between
them): activations in 8 bits by tensor, weights by column in 7, so that a processor that adds two products in 16 bits can't overflow and
every processor gets the same sums.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from export import TILES
from graph import Arrays, Graph, Shapes, Stored, write_safetensors
from models import LAYER_NORM_EPS, ScreenerShape, VitShape

Ranges = dict[str, tuple[float, float]]
"""Least and largest value of each activation that is in 8 bits."""
WEIGHT_STEPS, ACTIVATION_STEPS = 64, 255
"""255 × 64 × 2 products still fit 16 bits."""


class FlightGraph(Graph):
    """With `ranges` the graph that flies; without, the same in float32, whose further outputs (`observed`) are least and largest."""

    opset, ir_version = 23, 11
    """The first with an operator for attention, which needs no transpositions around it."""

    def __init__(self, ranges: Ranges | None = None) -> None:
        super().__init__()
        self.ranges = ranges
        self.observed: list[str] = []
        self.stored: Arrays = {}
        self._step_of: dict[str, np.float32] = {}

    def weight(self, name: str, value: np.ndarray) -> str:
        self.stored[name] = np.ascontiguousarray(value)
        return name

    def quantised(self, key: str, x: str) -> str:
        """`x` rounded to 8 bits within its range, for all that read it."""
        if self.ranges is None:
            flat = self.reshape(x, -1)
            self.observed.append(self.add("Concat", self.add("ReduceMin", flat), self.add("ReduceMax", flat), axis=0, output=key))
            return x
        low, high = self.ranges[key]
        step = np.float32((max(high, 0) - min(low, 0)) / ACTIVATION_STEPS)
        return self._dequantised(*self._quantise(x, step, round(-min(low, 0) / float(step))))

    def levels(self, tiles: str) -> str:
        """Pixels, whole numbers of 0 to 255, as bytes: exact, and a quarter to move about. `pixels` makes numbers of them again."""
        return tiles if self.ranges is None else self._quantise(tiles, np.float32(1), 0)[0]

    def pixels(self, levels: str) -> str:
        return levels if self.ranges is None else self._dequantised(levels, np.float32(1), 0)

    def gemm(self, name: str, x: str, weight: np.ndarray, bias: np.ndarray) -> str:
        """Of rows [n, in] with [in, out]; int8 where `x` is quantised."""
        return self.add("Gemm", x, *self._pair(name, x, weight, bias, axis=1))

    def conv(self, name: str, x: str, weight: np.ndarray, bias: np.ndarray, stride: int) -> str:
        kernel = weight.shape[2]
        window = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [kernel // 2] * 4}
        return self.add("Conv", x, *self._pair(name, x, weight, bias, axis=0), **window)

    def write(self, folder: Path, name: str, outputs: Shapes, metadata: dict[str, str]) -> None:
        file = f"{name}.safetensors"
        places = write_safetensors(folder / file, self.stored, metadata)
        seen: Shapes = {key: [2] for key in self.observed}
        self.save(folder / f"{name}.onnx", TILES, {**outputs, **seen}, Stored(file, self.stored, places))

    def _pair(self, name: str, x: str, weight: np.ndarray, bias: np.ndarray, axis: int) -> tuple[str, str]:
        if x not in self._step_of:
            return self.weight(f"{name}.weight", weight), self.weight(f"{name}.bias", bias)
        others = tuple(i for i in range(weight.ndim) if i != axis)
        step = (np.abs(weight).max(others, keepdims=True) / WEIGHT_STEPS).astype(np.float32)
        sums = step.ravel() * self._step_of[x]
        return (
            self._constant_in(f"{name}.weight", np.rint(weight / step).astype(np.int8), step.ravel(), axis),
            self._constant_in(f"{name}.bias", np.rint(bias / sums).astype(np.int32), sums, 0),
        )

    def _constant_in(self, name: str, whole: np.ndarray, steps: np.ndarray, axis: int) -> str:
        """The zeros are the default, but onnxruntime takes a product into int8 only where they are written down."""
        return self.add("DequantizeLinear", self.weight(name, whole), self.weight(f"{name}.step", steps), self.zeros(whole.dtype, len(steps)), axis=axis)

    def _quantise(self, x: str, step: np.float32, zero: int) -> tuple[str, np.float32, int]:
        return self.add("QuantizeLinear", x, self.scalar(step), self.byte(zero)), step, zero

    def _dequantised(self, x: str, step: np.float32, zero: int) -> str:
        name = self.add("DequantizeLinear", x, self.scalar(step), self.byte(zero))
        self._step_of[name] = step
        return name


def flying_screener(g: FlightGraph, shape: ScreenerShape, weights: Arrays) -> Shapes:
    """The first convolution stays float32: of three colours it is slower in int8, and it is what int8 costs most points."""
    x = g.add("Sub", "tiles", g.weight("input.mean", weights["input.mean"]))
    side = TILES["tiles"][-1]
    for i, (_, _, stride) in enumerate(shape.convs):
        name = f"convs.{i}"
        weight = weights[f"{name}.weight"] * (weights["input.scale"] if i == 0 else np.float32(1))
        x = g.add("Relu", g.conv(name, x, weight, weights[f"{name}.bias"], stride))
        x = g.quantised(f"{name}.output", x)
        side //= stride
    x = g.quantised("head.output", g.conv("head", x, weights["head.weight"], weights["head.bias"], 1))
    g.mean(g.add("Sigmoid", x), (1, 2, 3), side * side, output="cloud_fraction")
    return {"cloud_fraction": ["N"]}


def flying_vit(g: FlightGraph, shape: VitShape, weights: Arrays) -> Shapes:
    """Rows [tokens of all tiles, width] but for attention and the means; the last two layers, of a few columns, stay float32."""
    tokens, side, patch = shape.tokens, shape.grid, shape.patch

    def linear(name: str, x: str) -> str:
        return g.gemm(name, x, weights[f"{name}.weight"], weights[f"{name}.bias"])

    def norm(name: str, x: str) -> str:
        own = (g.weight(f"{name}.{part}", weights[f"{name}.{part}"]) for part in ("weight", "bias"))
        return g.add("LayerNormalization", x, *own, axis=-1, epsilon=LAYER_NORM_EPS)

    x = g.add("Transpose", g.reshape(g.levels("tiles"), -1, 3, side, patch, side, patch), perm=[0, 2, 4, 1, 3, 5])
    x = g.gemm("embed", g.pixels(g.reshape(x, -1, 3 * patch * patch)), *_of_raw_pixels(weights, patch))
    x = g.add("Add", g.reshape(x, -1, tokens, shape.dim), g.weight("position", weights["position"]))
    x = g.reshape(x, -1, shape.dim)
    for i in range(shape.depth):
        block, attention = f"blocks.{i}", f"blocks.{i}.attention"
        h = g.quantised(f"{block}.norm1.output", norm(f"{block}.norm1", x))
        query, key, value = (g.reshape(linear(f"{attention}.{part}", h), -1, tokens, shape.dim) for part in ("q", "k", "v"))
        mixed = g.add("Attention", query, key, value, q_num_heads=shape.heads, kv_num_heads=shape.heads)
        mixed = g.reshape(mixed, -1, shape.dim)
        x = g.add("Add", x, linear(f"{attention}.out", g.quantised(f"{attention}.output", mixed)))
        h = linear(f"{block}.mlp.up", g.quantised(f"{block}.norm2.output", norm(f"{block}.norm2", x)))
        x = g.add("Add", x, linear(f"{block}.mlp.down", g.quantised(f"{block}.mlp.output", g.add("Gelu", h))))
    x = norm("norm", x)
    water = g.reshape(g.add("Sigmoid", linear("water", x)), -1, tokens)
    g.mean(water, (1,), tokens, output="water_fraction")
    pooled = g.mean(g.reshape(x, -1, tokens, shape.dim), (1,), tokens)
    g.add("Softmax", linear("head", pooled), axis=-1, output="probabilities")
    return {"probabilities": ["N", shape.classes], "water_fraction": ["N"]}


def _of_raw_pixels(weights: Arrays, patch: int) -> tuple[np.ndarray, np.ndarray]:
    """The first layer's weight and bias with the normalisation of its input in them."""
    by_colour = weights["embed.weight"].reshape(3, patch * patch, -1) * weights["input.scale"].reshape(3, 1, 1)
    shift = (by_colour * weights["input.mean"].reshape(3, 1, 1)).sum((0, 1))
    return by_colour.reshape(3 * patch * patch, -1), weights["embed.bias"] - shift

