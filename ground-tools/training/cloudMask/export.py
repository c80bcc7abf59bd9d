"""The cloud screener as an ONNX graph whose weights lie in a safetensors file."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch

from data import SIDE
from model import CloudMask

sys.path.insert(1, str(Path(__file__).parents[1]))
from graph import Arrays, Graph, Shapes, Stored, write_safetensors  # noqa: E402

NAME = "cloud-mask"
INPUTS: Shapes = {"reflectance": ["N", 6, SIDE, SIDE]}
OUTPUTS: Shapes = {"cloud": ["N", SIDE, SIDE]}


def export(folder: Path, net: CloudMask, version: str) -> None:
    """Writes NAME.safetensors and NAME.onnx."""
    weights: Arrays = {name.removeprefix("layers."): value.numpy() for name, value in net.state_dict().items()}
    weights["input.mean"], weights["input.scale"] = (np.asarray(weights.pop(name)) for name in ("mean", "scale"))
    places = write_safetensors(folder / f"{NAME}.safetensors", weights, {"model": NAME, "version": version})
    _graph(net).save(folder / f"{NAME}.onnx", INPUTS, OUTPUTS, Stored(f"{NAME}.safetensors", weights, places))


def _graph(net: CloudMask) -> Graph:
    g = Graph()

    def conv(name: str, x: str) -> str:
        layer = net.layers[name]
        window = {"kernel_shape": list(layer.kernel_size), "strides": list(layer.stride), "pads": list(layer.padding) * 2, "dilations": list(layer.dilation)}
        return g.add("Conv", x, f"{name}.weight", f"{name}.bias", **window)

    def relu(x: str) -> str:
        return g.add("Relu", x)

    def raised(x: str) -> str:
        # With whole factors, "asymmetric" and "floor" repeat each value, as torch's nearest does.
        how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        return g.add("Resize", x, "", g.floats(1, 1, 2, 2), **how)

    half = relu(conv("stem", g.normalised("reflectance")))
    quarter = relu(conv("quarter", half))
    eighth = relu(conv("eighth", quarter))
    low = relu(conv("sixteenth", eighth))
    x = relu(g.add("Add", low, conv("around", low)))
    for level, below in (("eighth", eighth), ("quarter", quarter), ("half", half)):
        x = relu(conv(f"mix_{level}", relu(g.add("Add", below, raised(conv(f"up_{level}", x))))))
    # Logits of a cell are in the order of torch's pixel_shuffle.
    logits = g.add("DepthToSpace", conv("head", x), blocksize=2, mode="CRD")
    g.add("Sigmoid", g.reshape(logits, -1, SIDE, SIDE), output="cloud")
    return g


def load(path: Path) -> tuple[CloudMask, dict[str, float]]:
    """A network that train.py wrote, and what it says of itself."""
    saved = torch.load(path, weights_only=True)
    net = CloudMask(torch.zeros(6), torch.ones(6))
    net.load_state_dict(saved["net"])
    return net.eval(), saved["about"]
