"""The vessel detector as an ONNX graph whose weights lie in a safetensors file.

Batch normalisation is folded into the convolutions, the calibration of the heat into the head: the heat of the graph is
sigmoid(slope x logit + shift).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch

from data import GRID, SIDE
from model import CENTRE, DILATIONS, SCALE, VesselDetector

sys.path.insert(1, str(Path(__file__).parents[1]))
from graph import Arrays, Graph, Shapes, Stored, write_safetensors  # noqa: E402

NAME = "vessel-detector"
INPUTS: Shapes = {"tiles": ["N", 3, SIDE, SIDE]}
OUTPUTS: Shapes = {"heat": ["N", GRID, GRID], "offset": ["N", 2, GRID, GRID], "size": ["N", 2, GRID, GRID]}


def export(folder: Path, net: VesselDetector, calibration: tuple[float, float], version: str) -> None:
    """Writes NAME.safetensors and NAME.onnx. `calibration` is slope and shift of the heat's logit."""
    weights = folded(net, calibration)
    places = write_safetensors(folder / f"{NAME}.safetensors", weights, {"model": NAME, "version": version})
    _graph().save(folder / f"{NAME}.onnx", INPUTS, OUTPUTS, Stored(f"{NAME}.safetensors", weights, places))


def folded(net: VesselDetector, calibration: tuple[float, float]) -> Arrays:
    slope, shift = calibration
    weights: Arrays = {"input.mean": np.full((1, 3, 1, 1), CENTRE, np.float32), "input.scale": np.full((1, 3, 1, 1), 1 / SCALE, np.float32)}
    layers = {"stem": net.stem, "down": net.down, "mix": net.mix, **{f"blocks.{i}": block for i, block in enumerate(net.blocks)}}
    for name, (conv, norm) in layers.items():
        gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        weights[f"{name}.weight"] = (conv.weight * gain[:, None, None, None]).detach().numpy()
        weights[f"{name}.bias"] = (norm.bias - norm.running_mean * gain).detach().numpy()
    heat, rest = net.head.weight.detach(), net.head.bias.detach()
    weights["head.weight"] = torch.cat([heat[:1] * slope, heat[1:]]).numpy()
    weights["head.bias"] = torch.cat([rest[:1] * slope + shift, rest[1:]]).numpy()
    return weights


def _graph() -> Graph:
    g = Graph()

    def conv(name: str, x: str, kernel: int, stride: int = 1, dilation: int = 1) -> str:
        window = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "dilations": [dilation] * 2, "pads": [dilation * (kernel // 2)] * 4}
        return g.add("Conv", x, f"{name}.weight", f"{name}.bias", **window)

    x = g.add("Relu", conv("stem", g.normalised("tiles"), 5, 2))
    x = g.add("Relu", conv("down", x, 3, 2))
    for i, dilation in enumerate(DILATIONS):
        x = g.add("Add", x, g.add("Relu", conv(f"blocks.{i}", x, 3, dilation=dilation)))
    x = conv("head", g.add("Relu", conv("mix", x, 1)), 1)
    heat, offset, size = (g.add("Slice", x, g.ints(start), g.ints(end), g.ints(1)) for start, end in ((0, 1), (1, 3), (3, 5)))
    g.add("Sigmoid", g.reshape(heat, -1, GRID, GRID), output="heat")
    g.add("Sigmoid", offset, output="offset")
    g.add("Exp", size, output="size")
    return g


def reference(net: VesselDetector, calibration: tuple[float, float], tiles: np.ndarray) -> list[np.ndarray]:
    """What the graph must give for tiles (n, 3, 96, 96), by torch, float32."""
    with torch.no_grad():
        logits, offset, size = net(torch.tensor(tiles, dtype=torch.float32))
    return [part.numpy() for part in (torch.sigmoid(calibration[0] * logits + calibration[1]), offset, size.exp())]
