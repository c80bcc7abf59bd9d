"""What may happen to a tile without changing what it shows: turned, mirrored, nearer, another sun, another detector."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F

MIXUP, CUTMIX = 0.30, 0.35


def views(x: torch.Tensor) -> torch.Tensor:
    """Random affine views, gains and offsets by image and by channel, and noise; normalised tiles (n, 3, side, side)."""
    n = len(x)
    angle, flip = torch.rand(n) * 2 * math.pi, (torch.rand(n) < 0.5).float() * 2 - 1
    zoom = torch.exp(torch.empty(n).uniform_(math.log(0.55), 0.0))
    turned = _matrix(angle, zoom, flip)
    # half of the tiles keep their whole area: quarter turns need no corners from outside
    quarter = _matrix(torch.randint(0, 4, (n,)).float() * math.pi / 2, zoom.clamp(min=0.8), flip)
    matrix = torch.where((torch.rand(n) < 0.5)[:, None, None], quarter, turned)
    shift = (torch.rand(n, 2, 1) * 2 - 1) * (1 - zoom.view(n, 1, 1)) * 0.9
    grid = F.affine_grid(torch.cat([matrix, shift], 2), list(x.shape), align_corners=False)
    x = F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)
    gain = 1 + 0.12 * torch.randn(n, 1, 1, 1) + 0.05 * torch.randn(n, 3, 1, 1)
    offset = 0.15 * torch.randn(n, 1, 1, 1) + 0.06 * torch.randn(n, 3, 1, 1)
    return x * gain + offset + torch.rand(n, 1, 1, 1) * 0.06 * torch.randn_like(x)


def blended(x: torch.Tensor, y: torch.Tensor, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Mixup (H. Zhang et al. 2017) or CutMix (S. Yun et al. 2019) of pairs of the batch, or neither; `y` are class weights."""
    draw, other, side = rng.random(), torch.randperm(len(x)), x.shape[-1]
    if draw < MIXUP:
        share = rng.beta(0.4, 0.4)
        return share * x + (1 - share) * x[other], share * y + (1 - share) * y[other]
    if draw < MIXUP + CUTMIX:
        width = int(side * math.sqrt(1 - rng.beta(1, 1)))
        top, left = rng.integers(0, side - width + 1, 2)
        x = x.clone()
        x[:, :, top : top + width, left : left + width] = x[other][:, :, top : top + width, left : left + width]
        share = 1 - width * width / side**2
        return x, share * y + (1 - share) * y[other]
    return x, y


def _matrix(angle: torch.Tensor, zoom: torch.Tensor, flip: torch.Tensor) -> torch.Tensor:
    cos, sin = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    return torch.stack([torch.stack([cos * flip, -sin], 1), torch.stack([sin * flip, cos], 1)], 1)
