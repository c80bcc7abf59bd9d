"""The cloud screener: a small U-net. Strided convolutions down to a sixteenth of the side, up again, four logits a cell of 2 x 2.

Down and up are joined by sums (LinkNet, A. Chaurasia and E. Culurciello 2017), the last step is a sub-pixel convolution (W. Shi et
al. 2016): no layer works at the full side, which is what makes it fast.
"""

from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F

# Name, channels from, to, kernel, stride, dilation; in the order of the graph. Multiples of 16 suit the vector units. `around` sees
# five cells of 16 pixels each way in its step of two, so the lowest level knows the whole tile.
LAYERS = (
    ("stem", 6, 16, 3, 2, 1),
    ("quarter", 16, 32, 3, 2, 1),
    ("eighth", 32, 48, 3, 2, 1),
    ("sixteenth", 48, 48, 3, 2, 1),
    ("around", 48, 48, 3, 1, 2),
    ("up_eighth", 48, 48, 1, 1, 1),
    ("mix_eighth", 48, 48, 3, 1, 1),
    ("up_quarter", 48, 32, 1, 1, 1),
    ("mix_quarter", 32, 32, 3, 1, 1),
    ("up_half", 32, 16, 1, 1, 1),
    ("mix_half", 16, 16, 3, 1, 1),
    ("head", 16, 4, 1, 1, 1),
)


class CloudMask(nn.Module):
    """Reflectance (n, 6, 96, 96) to logits of cloud (n, 96, 96)."""

    def __init__(self, mean: torch.Tensor, deviation: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean.view(1, 6, 1, 1))
        self.register_buffer("scale", 1 / deviation.view(1, 6, 1, 1))
        self.layers = nn.ModuleDict(
            {name: nn.Conv2d(a, b, size, stride, size // 2 * apart, apart) for name, a, b, size, stride, apart in LAYERS}
        )
        for layer in self.layers.values():
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)

    def forward(self, reflectance: torch.Tensor) -> torch.Tensor:
        half = self._on("stem", (reflectance - self.mean) * self.scale)
        quarter = self._on("quarter", half)
        eighth = self._on("eighth", quarter)
        low = self._on("sixteenth", eighth)
        x = F.relu(low + self.layers["around"](low))
        for level, below in (("eighth", eighth), ("quarter", quarter), ("half", half)):
            raised = F.interpolate(self.layers[f"up_{level}"](x), scale_factor=2.0, mode="nearest")
            x = self._on(f"mix_{level}", F.relu(below + raised))
        return F.pixel_shuffle(self.layers["head"](x), 2)[:, 0]

    def _on(self, layer: str, x: torch.Tensor) -> torch.Tensor:
        return F.relu(self.layers[layer](x))
