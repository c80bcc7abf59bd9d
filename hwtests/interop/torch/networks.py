"""The networks that are trained here and in the graphs, written as functions of their weights, names as in the graphs.

Matrices are [inputs, outputs], and the scaling of attention lies in the queries' weights, as the graphs have them. An adapter is
beside its matrix, as peft writes it: y = x W + b + s (x A) B.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

Weights = Mapping[str, Tensor]


class Network:
    """Tiles [n, 3, side, side] to logits [n, classes]."""

    def __init__(self, weights: Weights, heads: int, lora_scale: float) -> None:
        self.w, self.heads, self.scale = weights, heads, lora_scale
        self.depth = sum(name.endswith(".q.weight") for name in weights)

    def __call__(self, tiles: Tensor) -> Tensor:
        return self.linear("head", self.features(tiles))

    def features(self, tiles: Tensor) -> Tensor:
        """[n, width]: what the head reads."""
        x = self.tokens(tiles) + self.w["position"]
        for i in range(self.depth):
            x = self.block(f"blocks.{i}", x)
        return self.norm("norm", x).mean(1)

    def tokens(self, tiles: Tensor) -> Tensor:
        """[n, tokens, width]."""
        raise NotImplementedError

    epsilon = 1e-5

    def block(self, name: str, x: Tensor) -> Tensor:
        n, tokens, width = x.shape

        def heads_of(part: str, h: Tensor) -> Tensor:
            return self.linear(f"{name}.{part}", h).view(n, tokens, self.heads, width // self.heads).transpose(1, 2)

        h = self.norm(f"{name}.norm1", x)
        q, k, v = (heads_of(part, h) for part in "qkv")
        mixed = F.scaled_dot_product_attention(q, k, v, scale=1.0).transpose(1, 2).reshape(n, tokens, width)
        x = x + self.linear(f"{name}.out", mixed)
        return x + self.linear(f"{name}.down", F.gelu(self.linear(f"{name}.up", self.norm(f"{name}.norm2", x))))

    def linear(self, name: str, x: Tensor) -> Tensor:
        matrix = f"{name}.weight"
        y = F.linear(x, self.w[matrix].t(), self.w[f"{name}.bias"])
        if f"{matrix}.lora_a" in self.w:
            y = y + self.scale * ((x @ self.w[f"{matrix}.lora_a"]) @ self.w[f"{matrix}.lora_b"])
        return y

    def norm(self, name: str, x: Tensor) -> Tensor:
        return F.layer_norm(x, x.shape[-1:], self.w[f"{name}.weight"], self.w[f"{name}.bias"], self.epsilon)


class VitTiny(Network):
    epsilon = 1e-6

    def tokens(self, tiles: Tensor) -> Tensor:
        patch = self.w["patch.weight"].shape[-1]
        return F.conv2d(tiles, self.w["patch.weight"], self.w["patch.bias"], stride=patch).flatten(2).transpose(1, 2)


class LandCover(Network):
    """The shipped one: three strided convolutions, with group normalisation between them."""

    groups = 4

    def tokens(self, tiles: Tensor) -> Tensor:
        x = self.conv(0, (tiles - self.w["input.mean"]) * self.w["input.scale"])
        x = self.conv(3, F.gelu(self.group_norm(1, x)))
        x = self.conv(6, F.gelu(self.group_norm(4, x)))
        return x.flatten(2).transpose(1, 2)

    def conv(self, layer: int, x: Tensor) -> Tensor:
        return F.conv2d(x, self.w[f"stem.{layer}.weight"], self.w[f"stem.{layer}.bias"], stride=2, padding=1)

    def group_norm(self, layer: int, x: Tensor) -> Tensor:
        weight, bias = (self.w[f"stem.{layer}.{part}"].flatten() for part in ("weight", "bias"))
        return F.group_norm(x, self.groups, weight, bias, 1e-5)


NETWORKS: dict[str, Callable[[Weights, int, float], Network]] = {"vit-tiny": VitTiny, "land-cover": LandCover}
