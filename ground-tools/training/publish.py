"""Scores every seed on the test strips and writes what ships: `python publish.py --tiles DIR --work DIR --out DIR`.

Of each network the seed with the lowest validation loss ships: weights, graph, manifest, golden tiles, card.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jax
import numpy as np
import onnxruntime

import evaluate
import tasks
from card import write_card
from data import Split, load, split_by_place
from export import export_screener, export_vit
from fit import predict
from models import Weights, parameter_count, screener, vit

VERSION = "0.1.0"
# Grows with every version that is published: a spacecraft refuses one that is not newer than any before.
SERIAL = 1
SAME_WITHIN = 1e-4
Numbers = dict[str, object]
Forward = Callable[[Weights], Callable[[jax.Array], tuple[jax.Array, ...]]]


@dataclass(frozen=True)
class Product:
    """How one network is run, scored and exported. Outputs are in the order of the graph's."""

    forward: Forward
    export: Callable[[Path, str, Weights, dict[str, str]], None]
    outputs: dict[str, list[object]]
    threshold: str
    cut: Callable[[Split, list[np.ndarray]], float]
    score: Callable[[Split, list[np.ndarray], float], Numbers]
    baselines: Callable[[Split], Numbers]


def run_vit(weights: Weights) -> Callable[[jax.Array], tuple[jax.Array, ...]]:
    def run(tiles: jax.Array) -> tuple[jax.Array, ...]:
        logits, water = vit(tasks.VIT_SHAPE, weights, tiles)
        return jax.nn.softmax(logits), water

    return run


PRODUCTS = {
    "cloud-screener": Product(
        forward=lambda weights: lambda tiles: (screener(tasks.SCREENER_SHAPE, weights, tiles),),
        export=lambda folder, name, weights, meta: export_screener(folder, name, tasks.SCREENER_SHAPE, weights, meta),
        outputs={"cloud_fraction": ["N"]},
        threshold="clouded",
        cut=lambda split, out: evaluate.share_threshold(evaluate.clouded(split.validation), out[0]),
        score=lambda split, out, cut: evaluate.cloud_scores(split.test, out[0], cut),
        baselines=evaluate.cloud_baselines,
    ),
    "surface-vit": Product(
        forward=run_vit,
        export=lambda folder, name, weights, meta: export_vit(folder, name, tasks.VIT_SHAPE, weights, meta),
        outputs={"probabilities": ["N", len(tasks.CLASSES)], "water_fraction": ["N"]},
        threshold="mostlyWater",
        cut=lambda split, out: evaluate.share_threshold(evaluate.mostly_water(split.validation), out[1]),
        score=lambda split, out, cut: evaluate.surface_scores(split.test, *out, cut),
        baselines=evaluate.surface_baselines,
    ),
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    for name in ("tiles", "work", "out"):
        arguments.add_argument(f"--{name}", type=Path, required=True)
    options = arguments.parse_args()

    tiles, meta = load(options.tiles)
    split = split_by_place(tiles)
    chosen = golden_tiles(split)
    options.out.mkdir(parents=True, exist_ok=True)
    metrics: Numbers = {"data": describe(split, meta)}
    golden: Numbers = {"tiles": {"shape": list(chosen.shape), "u8Base64": base64.b64encode(chosen.tobytes()).decode()}}
    manifest: list[Numbers] = []
    for name, product in PRODUCTS.items():
        seen = Split(*(tasks.TASKS[name].use(part) for part in (split.train, split.validation, split.test)))
        seeds = [score_seed(product, seen, path) for path in sorted(options.work.glob(f"{name}-seed*.json"))]
        best = min(seeds, key=lambda s: s["validationLoss"])
        weights = load_weights(options.work, name, best["seed"])
        product.export(options.out, name, weights, {"model": name, "version": VERSION})
        difference = check_export(options.out / f"{name}.onnx", product.forward(weights), seen.test.pixels)
        metrics[name] = {
            "parameters": parameter_count(weights),
            "tiles": {part: len(getattr(seen, part)) for part in ("train", "validation", "test")},
            "shippedSeed": best["seed"],
            "seeds": seeds,
            "baselines": product.baselines(seen),
            "onnxMaxDifference": difference,
        }
        outputs = predict(product.forward(weights), chosen)
        golden[name] = {key: np.round(value, 7).tolist() for key, value in zip(product.outputs, outputs, strict=True)}
        manifest.append(manifest_entry(options.out, name, metrics, meta))
        print(f"{name}: seed {best['seed']} ships, ONNX differs by {difference:.1e} at most")

    write_json(options.out / "metrics.json", metrics)
    write_json(options.out / "golden.json", golden)
    write_json(options.out / "manifest.json", {"mission": "earth-watch", "models": manifest})
    write_card(options.out / "MODEL_CARD.md", metrics)


def score_seed(product: Product, split: Split, history_file: Path) -> Numbers:
    history = json.loads(history_file.read_text())
    name = history_file.stem.rsplit("-seed", 1)[0]
    forward = product.forward(load_weights(history_file.parent, name, history["seed"]))
    cut = product.cut(split, predict(forward, split.validation.pixels))
    return {**history, "threshold": cut, "test": product.score(split, predict(forward, split.test.pixels), cut)}


def check_export(graph: Path, forward: Callable[[jax.Array], tuple[jax.Array, ...]], pixels: np.ndarray) -> float:
    """Largest difference between onnxruntime and JAX over test tiles; more than SAME_WITHIN stops the release."""
    sample = pixels[:: max(1, len(pixels) // 1000)]
    session = onnxruntime.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    found = session.run(None, {"tiles": sample.astype(np.float32)})
    difference = max(float(np.abs(a - b).max()) for a, b in zip(found, predict(forward, sample), strict=True))
    if difference > SAME_WITHIN:
        raise ValueError(f"{graph}: onnxruntime differs from JAX by {difference}")
    return difference


def golden_tiles(split: Split) -> np.ndarray:
    """uint8 [8,3,32,32]: from the test strips, two clear tiles of each class and two clouded ones."""
    kind = np.where(evaluate.clouded(split.test) == 1, len(tasks.CLASSES), tasks.surface_class(split.test))
    picks = [np.flatnonzero(kind == k)[[0, -1]] for k in range(len(tasks.CLASSES) + 1)]
    return split.test.pixels[np.concatenate(picks)]


def manifest_entry(folder: Path, name: str, metrics: Numbers, meta: Numbers) -> Numbers:
    own = metrics[name]
    shipped = next(s for s in own["seeds"] if s["seed"] == own["shippedSeed"])
    product = PRODUCTS[name]
    files = {role: file_entry(folder / f"{name}.{ext}") for role, ext in (("graph", "onnx"), ("weights", "safetensors"))}
    tiles = {"name": "tiles", "type": "float32", "shape": ["N", 3, 32, 32], "layout": "NCHW, RGB", "range": [0, 255]}
    made = {key: meta[key] for key in ("source", "tiles", "seed")}
    entry: Numbers = {
        "name": name,
        "version": VERSION,
        "serial": SERIAL,
        "license": "Apache-2.0",
        "parameters": own["parameters"],
        "files": files,
        "inputs": [tiles],
        "outputs": [{"name": key, "type": "float32", "shape": shape} for key, shape in product.outputs.items()],
        "thresholds": {product.threshold: shipped["threshold"]},
        "validFor": {"gsdM": meta["gsdM"], "minSunElevationDeg": meta["minSunElevationDeg"]},
        "trainingData": {**made, "maker": "hwtests/datasets/makeTiles.ts"},
        "metrics": summary(shipped["test"]),
    }
    if name == "surface-vit":
        entry["classes"] = list(tasks.CLASSES)
    return entry


def summary(scores: Numbers) -> Numbers:
    """Only the headline numbers, of each decision if there are several."""
    if "accuracy" not in scores:
        return {key: summary(value) for key, value in scores.items()}
    return {key: round(scores[key], 4) for key in ("tiles", "accuracy", "balancedAccuracy")}


def describe(split: Split, meta: Numbers) -> Numbers:
    parts = {
        part: {
            "tiles": len(tiles),
            "clouded": float(evaluate.clouded(tiles).mean()),
            "classes": (np.bincount(tasks.surface_class(tiles), minlength=len(tasks.CLASSES)) / len(tiles)).tolist(),
        }
        for part, tiles in (("train", split.train), ("validation", split.validation), ("test", split.test))
    }
    return {"meta": meta, "classes": list(tasks.CLASSES), "split": parts}


def load_weights(folder: Path, name: str, seed: int) -> Weights:
    with np.load(folder / f"{name}-seed{seed}.npz") as file:
        return dict(file)


def file_entry(path: Path) -> Numbers:
    data = path.read_bytes()
    return {"path": path.name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def write_json(path: Path, value: Numbers) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n")


if __name__ == "__main__":
    main()
