"""Scores every seed on the test strips and writes the best as trained, float32: `python publish.py --tiles DIR --work DIR --out DIR`.

Of each network the seed with the lowest validation loss ships: weights, graph, and metrics.json. `quantise.py` makes of it what flies.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jax
import numpy as np
import onnxruntime

import evaluate
import tasks
from data import Split, load, split_by_place
from export import export_screener, export_vit
from fit import predict
from listing import Numbers, write_json
from models import Weights, parameter_count, screener, vit

VERSION = "0.1.0"
SAME_WITHIN = 1e-4
Forward = Callable[[Weights], Callable[[jax.Array], tuple[jax.Array, ...]]]


@dataclass(frozen=True)
class Product:
    """How one network is run, scored and exported. Outputs are in the order of the graph's."""

    forward: Forward
    export: Callable[[Path, str, Weights, dict[str, str]], None]
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
        cut=lambda split, out: evaluate.share_threshold(evaluate.clouded(split.validation), out[0]),
        score=lambda split, out, cut: evaluate.cloud_scores(split.test, out[0], cut),
        baselines=evaluate.cloud_baselines,
    ),
    "surface-vit": Product(
        forward=run_vit,
        export=lambda folder, name, weights, meta: export_vit(folder, name, tasks.VIT_SHAPE, weights, meta),
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
    options.out.mkdir(parents=True, exist_ok=True)
    metrics: Numbers = {"data": describe(split, meta)}
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
        print(f"{name}: seed {best['seed']} ships, ONNX differs by {difference:.1e} at most")

    write_json(options.out / "metrics.json", metrics)


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


if __name__ == "__main__":
    main()
