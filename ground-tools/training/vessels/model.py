"""The vessel detector: a fully convolutional net that says of each cell of 4 pixels how likely a vessel's centre lies in it.

Centres as peaks of a heat map, with offset and size regressed beside, are of X. Zhou et al., "Objects as Points" (2019).
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F

WIDTH, CENTRE, SCALE = 48, 60.0, 50.0
DILATIONS = (1, 2, 4, 1)
RARE = -4.0
"""Where the heat starts: most cells hold no vessel."""


def layer(inputs: int, outputs: int, kernel: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, dilation * (kernel // 2), dilation, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs))


class VesselDetector(nn.Module):
    """Tiles (n, 3, 96, 96) RGB 0-255 to logits of heat (n, h, w), offset (n, 2, h, w) 0-1, log of size (n, 2, h, w); h = w = 24."""

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        self.stem = layer(3, width // 2, 5, 2)
        self.down = layer(width // 2, width, 3, 2)
        self.blocks = nn.ModuleList(layer(width, width, 3, dilation=d) for d in DILATIONS)
        self.mix = layer(width, width, 1)
        self.head = nn.Conv2d(width, 5, 1)
        nn.init.normal_(self.head.weight, std=0.01)
        with torch.no_grad():
            self.head.bias.copy_(torch.tensor([RARE, 0.0, 0.0, 2.7, 1.0]))

    def forward(self, tiles: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        x = F.relu(self.down(F.relu(self.stem((tiles - CENTRE) / SCALE))))
        for block in self.blocks:
            x = x + F.relu(block(x))
        x = self.head(F.relu(self.mix(x))).float()
        return x[:, 0], torch.sigmoid(x[:, 1:3]), x[:, 3:5]


def load(path: Path) -> VesselDetector:
    """A net that train.py wrote."""
    net = VesselDetector()
    net.load_state_dict(torch.load(path, weights_only=True))
    return net.eval()
