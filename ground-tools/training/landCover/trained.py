"""Networks that train.py wrote, and what they answer."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from model import LandCover

# Files of every network's training lie one folder up: after ours, before onnxruntime's, which has a `metrics` too.
sys.path.insert(1, str(Path(__file__).parents[1]))
BATCH = 128
TURNS = [(mirror, quarter) for mirror in (False, True) for quarter in range(4)]


@dataclass(frozen=True)
class Trained:
    """A seed's network with the normalisation that it was trained with. `mean` and `std` are (3,)."""

    seed: int
    net: LandCover
    mean: torch.Tensor
    std: torch.Tensor
    classes: list[str]


def load(path: Path) -> Trained:
    saved = torch.load(path, weights_only=True)
    net = LandCover(len(saved["classes"]), saved["net"]["norm.weight"].numel())
    net.load_state_dict(saved["net"])
    return Trained(int(re.findall(r"\d+", path.stem)[-1]), net.eval(), saved["mean"], saved["std"], saved["classes"])


def load_all(folder: Path, kind: str) -> list[Trained]:
    """All seeds of a kind: `vit` (a fold held out) or `all` (nothing held out)."""
    return [load(path) for path in sorted(folder.glob(f"{kind}-[0-9]*.pt"))]


@torch.no_grad()
def logits(trained: Trained, pixels: np.ndarray, turns: list[tuple[bool, int]] = TURNS[:1]) -> np.ndarray:
    """Scores [turns, n, classes] of uint8 tiles [n, 64, 64, 3], of each way to turn them."""
    tiles = torch.tensor(pixels).permute(0, 3, 1, 2).float()
    tiles = (tiles - trained.mean.view(1, 3, 1, 1)) / trained.std.view(1, 3, 1, 1)
    ways = []
    for mirror, quarter in turns:
        turned = torch.rot90(tiles.flip(3) if mirror else tiles, quarter, (2, 3))
        ways.append(torch.cat([trained.net(part) for part in turned.split(BATCH)]).numpy())
    return np.stack(ways)


@torch.no_grad()
def rollout(trained: Trained, pixels: np.ndarray) -> np.ndarray:
    """Attention rollout [n, tokens] the plain way, matrices multiplied as its paper writes it: what the graph is held against."""
    net, flow = trained.net, None
    tiles = torch.tensor(pixels).permute(0, 3, 1, 2).float()
    x = net.stem((tiles - trained.mean.view(1, 3, 1, 1)) / trained.std.view(1, 3, 1, 1)).flatten(2).transpose(1, 2) + net.position
    for block in net.blocks:
        q, k, _ = block.qkv(block.norm1(x)).chunk(3, -1)
        q, k = (part.unflatten(-1, (block.heads, -1)).transpose(1, 2) for part in (q, k))
        look = (q @ k.transpose(2, 3) / q.shape[-1] ** 0.5).softmax(-1).mean(1)
        layer = 0.5 * (look + torch.eye(look.shape[-1]))
        flow = layer if flow is None else layer @ flow
        x = block(x, 0.0)
    return flow.mean(1).numpy()
