"""The two networks as plain functions of a flat dictionary of weights.

The names of the weights are the names in the safetensors file and in the ONNX graph. Matrices are
[in, out], convolutions [out, in, height, width]. Both networks take raw RGB values 0..255 as float32
[N,3,32,32]; the normalisation (`input.mean`, `input.scale`) is part of the weights and is not trained.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

Weights = dict[str, jax.Array]
FROZEN = ("input.mean", "input.scale")
LAYER_NORM_EPS = 1e-5


@dataclass(frozen=True)
class ScreenerShape:
    """Convolutions (out channels, kernel, stride), each followed by ReLU."""

    convs: tuple[tuple[int, int, int], ...] = ((16, 5, 2), (32, 3, 2), (48, 3, 2), (48, 3, 1))


@dataclass(frozen=True)
class VitShape:
    patch: int = 8
    dim: int = 96
    depth: int = 4
    heads: int = 4
    hidden: int = 192
    classes: int = 3

    @property
    def grid(self) -> int:
        return 32 // self.patch

    @property
    def tokens(self) -> int:
        return self.grid**2


def init_screener(shape: ScreenerShape, seed: int, mean: np.ndarray, std: np.ndarray) -> Weights:
    rng = np.random.default_rng(seed)
    weights = _input_weights(mean, std)
    channels = 3
    for i, (out, kernel, _) in enumerate(shape.convs):
        he = np.sqrt(2 / (channels * kernel**2))
        weights[f"convs.{i}.weight"] = _normal(rng, (out, channels, kernel, kernel), he)
        weights[f"convs.{i}.bias"] = jnp.zeros(out)
        channels = out
    weights["head.weight"] = _normal(rng, (1, channels, 1, 1), 0.02)
    weights["head.bias"] = jnp.full(1, -1.0)
    return weights


def screener(shape: ScreenerShape, weights: Weights, tiles: jax.Array) -> jax.Array:
    """Cloud fraction [N]: the mean over a 4 x 4 grid of each cell's own share of cloud."""
    x = (tiles - weights["input.mean"]) * weights["input.scale"]
    for i, (_, _, stride) in enumerate(shape.convs):
        x = jax.nn.relu(_conv(x, weights[f"convs.{i}.weight"], weights[f"convs.{i}.bias"], stride))
    cells = jax.nn.sigmoid(_conv(x, weights["head.weight"], weights["head.bias"], 1))
    return cells.mean(axis=(1, 2, 3))


def init_vit(shape: VitShape, seed: int, mean: np.ndarray, std: np.ndarray) -> Weights:
    rng = np.random.default_rng(seed)
    weights = _input_weights(mean, std)

    def linear(name: str, inputs: int, outputs: int, scale: float | None = None) -> None:
        weights[f"{name}.weight"] = _normal(rng, (inputs, outputs), np.sqrt(1 / inputs) if scale is None else scale)
        weights[f"{name}.bias"] = jnp.zeros(outputs)

    def norm(name: str) -> None:
        weights[f"{name}.weight"] = jnp.ones(shape.dim)
        weights[f"{name}.bias"] = jnp.zeros(shape.dim)

    linear("embed", 3 * shape.patch**2, shape.dim)
    weights["position"] = _normal(rng, (1, shape.tokens, shape.dim), 0.02)
    for i in range(shape.depth):
        norm(f"blocks.{i}.norm1")
        for part in ("q", "k", "v", "out"):
            linear(f"blocks.{i}.attention.{part}", shape.dim, shape.dim)
        norm(f"blocks.{i}.norm2")
        linear(f"blocks.{i}.mlp.up", shape.dim, shape.hidden)
        linear(f"blocks.{i}.mlp.down", shape.hidden, shape.dim)
    norm("norm")
    linear("head", shape.dim, shape.classes, 0.02)
    linear("water", shape.dim, 1, 0.02)
    return weights


def vit(shape: VitShape, weights: Weights, tiles: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Class logits [N,K] from the mean token; water fraction [N], the mean of each token's own share."""
    w, p, g = weights, shape.patch, shape.grid
    x = (tiles - w["input.mean"]) * w["input.scale"]
    x = x.reshape(-1, 3, g, p, g, p).transpose(0, 2, 4, 1, 3, 5).reshape(-1, g * g, 3 * p * p)
    x = _linear(w, "embed", x) + w["position"]
    for i in range(shape.depth):
        x = x + _attention(shape, w, f"blocks.{i}.attention", _layer_norm(w, f"blocks.{i}.norm1", x))
        h = _linear(w, f"blocks.{i}.mlp.up", _layer_norm(w, f"blocks.{i}.norm2", x))
        x = x + _linear(w, f"blocks.{i}.mlp.down", jax.nn.gelu(h, approximate=False))
    x = _layer_norm(w, "norm", x)
    water = jax.nn.sigmoid(_linear(w, "water", x)).mean(axis=(1, 2))
    return _linear(w, "head", x.mean(axis=1)), water


def parameter_count(weights: Weights) -> int:
    return sum(int(np.prod(value.shape)) for name, value in weights.items() if name not in FROZEN)


def _attention(shape: VitShape, w: Weights, name: str, x: jax.Array) -> jax.Array:
    width = shape.dim // shape.heads

    def split(part: str) -> jax.Array:
        tall = _linear(w, f"{name}.{part}", x).reshape(-1, shape.tokens, shape.heads, width)
        return tall.transpose(0, 2, 1, 3)

    scores = split("q") @ split("k").transpose(0, 1, 3, 2) / np.sqrt(width)
    mixed = (jax.nn.softmax(scores, axis=-1) @ split("v")).transpose(0, 2, 1, 3)
    return _linear(w, f"{name}.out", mixed.reshape(-1, shape.tokens, shape.dim))


def _layer_norm(w: Weights, name: str, x: jax.Array) -> jax.Array:
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred**2).mean(axis=-1, keepdims=True)
    return centred / jnp.sqrt(variance + LAYER_NORM_EPS) * w[f"{name}.weight"] + w[f"{name}.bias"]


def _linear(w: Weights, name: str, x: jax.Array) -> jax.Array:
    return x @ w[f"{name}.weight"] + w[f"{name}.bias"]


def _conv(x: jax.Array, weight: jax.Array, bias: jax.Array, stride: int) -> jax.Array:
    pad = weight.shape[2] // 2
    y = jax.lax.conv_general_dilated(x, weight, (stride, stride), [(pad, pad), (pad, pad)])
    return y + bias[:, None, None]


def _input_weights(mean: np.ndarray, std: np.ndarray) -> Weights:
    column = (1, 3, 1, 1)
    return {
        "input.mean": jnp.asarray(mean, jnp.float32).reshape(column),
        "input.scale": jnp.asarray(1 / std, jnp.float32).reshape(column),
    }


def _normal(rng: np.random.Generator, shape: tuple[int, ...], scale: float) -> jax.Array:
    return jnp.asarray(rng.standard_normal(shape) * scale, jnp.float32)
