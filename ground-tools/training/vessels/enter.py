"""Puts the vessel detector into the mission's list of models: `python enter.py MODELS`. It may be run again at any time.

Writes its entries of manifest.json and golden.json from the graph, the weights and vessel-detector.metrics.json that lie there. The
golden tile is generated, sea and all, so no picture of anyone's is in it; its outputs are onnxruntime's.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import onnxruntime

from data import SIDE
from export import INPUTS, NAME, OUTPUTS
from generate import Vessel, add_points, add_vessels
from listing import Numbers, enter, files_of, golden_input, golden_outputs

VERSION = "0.1.1"
# Grows with every version that is published: a spacecraft refuses one that is not newer than any before.
SERIAL = 2
WATER = (14.0, 24.0, 28.0)
FLEET = ((22, 24, 30, 0.4, 0.0), (68, 30, 14, 2.2, 0.8), (30, 70, 9, 4.0, 0.0), (70, 72, 22, 5.2, 0.0))
"""x, y, length, heading, wake."""


def golden_tile() -> np.ndarray:
    """uint8 [1, 3, 96, 96]: four vessels, one with a wake, and some points on a dark sea."""
    rng = np.random.default_rng(7)
    sea = np.array(WATER) + rng.normal(0, 1.2, (SIDE, SIDE, 3)) + np.linspace(0, 6, SIDE)[:, None, None]
    deck = np.array([[130, 130, 125], [95, 50, 45], [80, 80, 85]], float)
    fleet = [Vessel(x, y, length, length / 6 + 1, heading, deck, wake) for x, y, length, heading, wake in FLEET]
    return np.round(add_vessels(add_points(sea, rng), fleet, rng)).astype(np.uint8).transpose(2, 0, 1)[None]


def outputs_of(graph: Path, tile: np.ndarray) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    return dict(zip(OUTPUTS, session.run(list(OUTPUTS), {"tiles": tile.astype(np.float32)}), strict=True))


def manifest_entry(folder: Path, metrics: Numbers) -> Numbers:
    tiles = {"name": "tiles", "type": "float32", "shape": INPUTS["tiles"], "layout": "NCHW, RGB", "range": [0, 255]}
    return {
        "name": NAME,
        "version": VERSION,
        "serial": SERIAL,
        "license": "Apache-2.0",
        "parameters": metrics["parameters"],
        "files": files_of(folder, NAME),
        "inputs": [{**tiles, "reflectanceAt255": metrics["reflectanceAt255"]}],
        "outputs": [{"name": name, "type": "float32", "shape": shape} for name, shape in OUTPUTS.items()],
        "thresholds": {"vessel": metrics["threshold"]},
        "validFor": {"gsdM": 10},
        "trainingData": metrics["trainingData"],
        "metrics": metrics["summary"],
    }


def list_model(folder: Path) -> None:
    metrics = json.loads((folder / f"{NAME}.metrics.json").read_text())
    tile = golden_tile()
    flat = {name: values.reshape(len(values), -1) for name, values in outputs_of(folder / f"{NAME}.onnx", tile).items()}
    enter(folder, manifest_entry(folder, metrics), {f"{NAME}.tiles": golden_input(tile), NAME: golden_outputs(flat, 5)})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=Path)
    list_model(parser.parse_args().models)
