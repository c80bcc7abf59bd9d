"""Puts the cloud screener into the mission's list of models: `python enter.py MODELS`. It may be run again at any time.

Writes its entries of manifest.json and golden.json from the graph, the weights and cloud-mask.metrics.json that lie there. The golden
tile is generated, ground and all, so no picture of anyone's is in it; its outputs are onnxruntime's.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime

from clouds import clouded, noise
from data import BANDS, SIDE

sys.path.insert(1, str(Path(__file__).parents[1]))
from listing import Numbers, enter, files_of, golden_input, golden_outputs  # noqa: E402

NAME, VERSION = "cloud-mask", "0.2.0"
# Grows with every version that is published: a spacecraft refuses one that is not newer than any before.
SERIAL = 2
INPUT, OUTPUT = "reflectance", "cloud"
# A golden tile's values are steps of this, 0 to 255, so that each takes a byte of the signed manifest.
STEP, GOLDEN_FIELD = 0.005, 401
WATER, FIELD = (0.09, 0.07, 0.05, 0.03, 0.01, 0.01), (0.10, 0.09, 0.08, 0.30, 0.20, 0.11)


def golden_steps() -> np.ndarray:
    """uint8 [1, 6, 96, 96]: water and fields under a broken cloud."""
    rng = np.random.default_rng(GOLDEN_FIELD)
    land = np.clip(3 * noise((SIDE, SIDE), 1.8, rng), 0, 1)
    ground = (np.multiply.outer(WATER, 1 - land) + np.multiply.outer(FIELD, land)).astype(np.float32)
    return np.clip(np.round(clouded(ground, GOLDEN_FIELD) / STEP), 0, 255).astype(np.uint8)[None]


def outputs_of(graph: Path, steps: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    return session.run([OUTPUT], {INPUT: (steps * STEP).astype(np.float32)})[0]


def manifest_entry(folder: Path, metrics: Numbers) -> Numbers:
    bands = {"layout": f"NCHW, {', '.join(BANDS)}", "quantity": "top-of-atmosphere reflectance", "range": [0, 1.5]}
    return {
        "name": NAME,
        "version": VERSION,
        "serial": SERIAL,
        "license": "Apache-2.0",
        "parameters": metrics["parameters"],
        "files": files_of(folder, NAME),
        "inputs": [{"name": INPUT, "type": "float32", "shape": ["N", len(BANDS), SIDE, SIDE], **bands}],
        "outputs": [{"name": OUTPUT, "type": "float32", "shape": ["N", SIDE, SIDE]}],
        "thresholds": {"cloud": 0.5},
        "validFor": {"gsdM": [20, 30]},
        "trainingData": metrics["trainingData"],
        "metrics": metrics["summary"],
    }


def list_model(folder: Path) -> None:
    metrics = json.loads((folder / f"{NAME}.metrics.json").read_text())
    steps = golden_steps()
    outputs = outputs_of(folder / f"{NAME}.onnx", steps)
    flat = {OUTPUT: outputs.reshape(len(outputs), -1)}
    enter(folder, manifest_entry(folder, metrics), {INPUT: golden_input(steps, STEP), NAME: golden_outputs(flat, 5)})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=Path)
    list_model(parser.parse_args().models)
