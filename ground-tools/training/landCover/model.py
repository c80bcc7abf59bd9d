"""The land-cover ViT: three strided convolutions, then transformer blocks over 64 tokens.

The convolutional stem in place of one 8 x 8 patch projection is of T. Xiao et al., "Early Convolutions Help Transformers See
Better" (2021); the scaled residual branches are LayerScale of H. Touvron et al., "Going deeper with Image Transformers" (2021).
"""

from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F

SIDE, TOKENS, DROP_PATH = 64, 64, 0.1


class Block(nn.Module):
    """Pre-norm attention and MLP, each scaled by channel and dropped whole, by sample, while training."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 3 * width), nn.Linear(3 * width, width)
        self.scale1, self.scale2 = (nn.Parameter(torch.full((width,), 0.1)) for _ in range(2))

    def forward(self, x: torch.Tensor, drop: float) -> torch.Tensor:
        n, tokens, width = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(n, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        # in float32: torch's attention is ten times slower in bfloat16 on a CPU (measured, torch 2.13)
        with torch.autocast("cpu", enabled=False):
            mixed = F.scaled_dot_product_attention(q.float(), k.float(), v.float())
        x = x + self._kept(self.scale1 * self.out(mixed.transpose(1, 2).reshape(n, tokens, width)), drop)
        return x + self._kept(self.scale2 * self.down(F.gelu(self.up(self.norm2(x)))), drop)

    def _kept(self, branch: torch.Tensor, drop: float) -> torch.Tensor:
        if not self.training or drop == 0:
            return branch
        return branch * (torch.rand(len(branch), 1, 1) > drop) / (1 - drop)


class LandCover(nn.Module):
    """Normalised tiles (n, 3, 64, 64) to scores (n, classes)."""

    def __init__(self, classes: int, width: int = 144, depth: int = 6, heads: int = 6) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 32, 3, 2, 1), nn.GroupNorm(4, 32), nn.GELU(),
            nn.Conv2d(32, 64, 3, 2, 1), nn.GroupNorm(4, 64), nn.GELU(),
            nn.Conv2d(64, width, 3, 2, 1),
        )  # fmt: skip
        self.position = nn.Parameter(torch.randn(1, TOKENS, width) * 0.02)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, classes)

    def forward(self, tiles: torch.Tensor) -> torch.Tensor:
        x = self.stem(tiles).flatten(2).transpose(1, 2) + self.position
        for index, block in enumerate(self.blocks):
            x = block(x, DROP_PATH * index / len(self.blocks))
        return self.head(self.norm(x).mean(1))
