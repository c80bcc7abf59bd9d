"""The two networks of the wide field as ONNX graphs."""

from __future__ import annotations

from pathlib import Path

from graph import Arrays, Graph, Shapes, Stored, write_safetensors
from models import LAYER_NORM_EPS, ScreenerShape, VitShape

TILES: Shapes = {"tiles": ["N", 3, 32, 32]}


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


def _save(g: Graph, folder: Path, name: str, weights: Arrays, metadata: dict[str, str], outputs: Shapes) -> None:
    file = f"{name}.safetensors"
    places = write_safetensors(folder / file, weights, metadata)
    g.save(folder / f"{name}.onnx", TILES, outputs, Stored(file, weights, places))
