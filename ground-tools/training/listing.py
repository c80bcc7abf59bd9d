"""The mission's list of models: `manifest.json` names them with their files, `golden.json` has inputs and what each model gives for them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

Numbers = dict[str, object]


def files_of(folder: Path, name: str) -> Numbers:
    """Path, bytes and sha256 of a model's graph and weights, `name` without its ending."""
    return {role: _file(folder / f"{name}.{ending}") for role, ending in (("graph", "onnx"), ("weights", "safetensors"))}


def golden_input(values: np.ndarray, scale: float | None = None) -> Numbers:
    """Whole numbers of 0 to 255, times `scale` where it is given."""
    steps = {} if scale is None else {"scale": scale}
    return {"shape": list(values.shape), **steps, "u8Base64": base64.b64encode(values.astype(np.uint8).tobytes()).decode()}


def golden_outputs(outputs: Mapping[str, np.ndarray], digits: int) -> Numbers:
    return {name: np.round(values.astype(np.float64), digits).tolist() for name, values in outputs.items()}


def enter(folder: Path, entry: Numbers, golden: Numbers) -> None:
    """Puts a model's entry into the list, in the place that it had or last, and `golden` to what is there. Both files are made where absent."""
    manifest = _read(folder / "manifest.json", {"mission": "earth-watch", "models": []})
    models = manifest["models"]
    at = next((i for i, model in enumerate(models) if model["name"] == entry["name"]), len(models))
    models[at : at + 1] = [entry]
    write_json(folder / "manifest.json", manifest)
    write_json(folder / "golden.json", {**_read(folder / "golden.json", {}), **golden})


def write_json(path: Path, value: Numbers) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n")


def _read(path: Path, otherwise: Numbers) -> Numbers:
    return json.loads(path.read_text()) if path.exists() else otherwise


def _file(path: Path) -> Numbers:
    data = path.read_bytes()
    return {"path": path.name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
