"""From the float32 networks to those that fly: `python quantise.py --tiles DIR --models DIR`. It may be run again at any time.

Reads NAME.safetensors of publish.py, takes ranges of activations from training tiles, writes NAME-int8, scores both on the test strips,
and enters what flies into manifest.json, golden.json, metrics.json and the card. A network that loses more than half a point stays out.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from onnxruntime import GraphOptimizationLevel
from safetensors.numpy import load_file

import evaluate
import tasks
from card import shipped, write_card
from data import Split, Tiles, load, split_by_place
from flight import FlightGraph, Ranges, flying_screener, flying_vit
from graph import Arrays, Shapes
from listing import Numbers, enter, files_of, golden_input, golden_outputs, write_json

VERSION = "0.2.0"
# Grows with every version that is published: a spacecraft refuses one that is not newer than any before.
SERIAL = 2
CALIBRATION_TILES, BATCH = 1000, 256
MOST_POINTS_LOST = 0.5
TOLERANCE = 0.02
"""Of the golden outputs: another processor rounds its floats otherwise, and a value on an edge then takes the next of 256 steps. Half of
it is the most that they may change where the runtime computes each operator by itself, another way of rounding."""
Scores = Callable[[Tiles, list[np.ndarray], float], Numbers]


@dataclass(frozen=True)
class Network:
    draw: Callable[[FlightGraph, Arrays], Shapes]
    score: Scores
    """By decision, each with its accuracy."""
    threshold: str


NETWORKS = {
    "cloud-screener": Network(
        draw=lambda g, weights: flying_screener(g, tasks.SCREENER_SHAPE, weights),
        score=lambda tiles, out, cut: {"clouded": evaluate.cloud_scores(tiles, out[0], cut)},
        threshold="clouded",
    ),
    "surface-vit": Network(
        draw=lambda g, weights: flying_vit(g, tasks.VIT_SHAPE, weights),
        score=lambda tiles, out, cut: evaluate.surface_scores(tiles, *out, cut),
        threshold="mostlyWater",
    ),
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    for name in ("tiles", "models"):
        arguments.add_argument(f"--{name}", type=Path, required=True)
    options = arguments.parse_args()
    tiles, meta = load(options.tiles)
    split = split_by_place(tiles)
    chosen = golden_tiles(split)
    metrics = json.loads((options.models / "metrics.json").read_text())
    for name, network in NETWORKS.items():
        use = tasks.TASKS[name].use
        outputs = write_int8(network, options.models, name, use(split.train).pixels)
        cut = shipped(metrics[name])["threshold"]
        forms = compare(network, options.models, name, use(split.test), cut)
        metrics[name]["int8"] = forms
        golden = golden_outputs(dict(zip(outputs, canary(options.models / f"{name}-int8.onnx", chosen), strict=True)), 7)
        entry = manifest_entry(options.models, name, {"metrics": metrics[name], "cut": cut, "meta": meta, "outputs": outputs})
        enter(options.models, entry, {"tiles": golden_input(chosen), name: golden, f"{name}.tolerance": TOLERANCE})
        print(f"{name}: {json.dumps(forms)}")
    write_json(options.models / "metrics.json", metrics)
    write_card(options.models / "MODEL_CARD.md", metrics)


def write_int8(network: Network, folder: Path, name: str, pixels: np.ndarray) -> Shapes:
    """Writes NAME-int8; returns its outputs."""
    weights = load_file(folder / f"{name}.safetensors")
    flying = FlightGraph(ranges(network, weights, pixels[:: max(1, len(pixels) // CALIBRATION_TILES)]))
    outputs = network.draw(flying, weights)
    flying.write(folder, f"{name}-int8", outputs, {"model": name, "version": VERSION})
    return outputs


def ranges(network: Network, weights: Arrays, pixels: np.ndarray) -> Ranges:
    """Least and largest of each activation over some training tiles."""
    graph = FlightGraph()
    outputs = network.draw(graph, weights)
    with tempfile.TemporaryDirectory() as folder:
        graph.write(Path(folder), "observed", outputs, {})
        seen = run(Path(folder) / "observed.onnx", pixels, graph.observed)
    return {key: (float(values.min()), float(values.max())) for key, values in zip(graph.observed, seen, strict=True)}


def canary(graph: Path, tiles: np.ndarray) -> list[np.ndarray]:
    """The outputs for the golden tiles. Raises ValueError where they hang on a rounding."""
    found, apart = run(graph, tiles), run(graph, tiles, level=GraphOptimizationLevel.ORT_DISABLE_ALL)
    most = max(float(np.abs(a - b).max()) for a, b in zip(found, apart, strict=True))
    if most > TOLERANCE / 2:
        raise ValueError(f"{graph}: the golden tiles' outputs differ by {most} with another rounding")
    return found


def run(
    graph: Path,
    pixels: np.ndarray,
    outputs: list[str] | None = None,
    level: GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
) -> list[np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    parts = [session.run(outputs, {"tiles": pixels[at : at + BATCH].astype(np.float32)}) for at in range(0, len(pixels), BATCH)]
    return [np.concatenate(column) for column in zip(*parts, strict=True)]


def compare(network: Network, folder: Path, name: str, test: Tiles, cut: float) -> Numbers:
    """Both forms on the same tiles. Raises ValueError where int8 loses more than may be."""
    found = {form: run(folder / f"{file}.onnx", test.pixels) for form, file in (("float32", name), ("int8", f"{name}-int8"))}
    scores = {form: network.score(test, out, cut) for form, out in found.items()}
    decisions = {
        decision: {form: {key: scores[form][decision][key] for key in ("accuracy", "balancedAccuracy")} for form in scores}
        for decision in scores["int8"]
    }
    for decision, by_form in decisions.items():
        lost = 100 * (by_form["float32"]["accuracy"] - by_form["int8"]["accuracy"])
        if lost > MOST_POINTS_LOST:
            raise ValueError(f"{name}, {decision}: int8 loses {lost:.2f} points")
    differences = np.concatenate([np.abs(a - b).ravel() for a, b in zip(found["float32"], found["int8"], strict=True)])
    bytes_of = {form: (folder / f"{file}.safetensors").stat().st_size for form, file in (("float32", name), ("int8", f"{name}-int8"))}
    return {
        "tiles": len(test),
        "decisions": decisions,
        "differsAtMost": float(differences.max()),
        "differsOnAverage": float(differences.mean()),
        "bytes": bytes_of,
    }


def golden_tiles(split: Split) -> np.ndarray:
    """uint8 [8,3,32,32]: from the test strips, two clear tiles of each class and two clouded ones."""
    kind = np.where(evaluate.clouded(split.test) == 1, len(tasks.CLASSES), tasks.surface_class(split.test))
    picks = [np.flatnonzero(kind == k)[[0, -1]] for k in range(len(tasks.CLASSES) + 1)]
    return split.test.pixels[np.concatenate(picks)]


def manifest_entry(folder: Path, name: str, about: Numbers) -> Numbers:
    metrics, meta, found = about["metrics"], about["meta"], about["metrics"]["int8"]
    tiles = {"name": "tiles", "type": "float32", "shape": ["N", 3, 32, 32], "layout": "NCHW, RGB, whole numbers", "range": [0, 255]}
    summary = {
        decision: {"tiles": found["tiles"], **{key: round(value, 4) for key, value in forms["int8"].items()}}
        for decision, forms in found["decisions"].items()
    }
    entry: Numbers = {
        "name": name,
        "version": VERSION,
        "serial": SERIAL,
        "license": "Apache-2.0",
        "parameters": metrics["parameters"],
        "precision": "int8",
        "files": files_of(folder, f"{name}-int8"),
        "madeFrom": files_of(folder, name),
        "inputs": [tiles],
        "outputs": [{"name": key, "type": "float32", "shape": shape} for key, shape in about["outputs"].items()],
        "thresholds": {NETWORKS[name].threshold: about["cut"]},
        "validFor": {"gsdM": meta["gsdM"], "minSunElevationDeg": meta["minSunElevationDeg"]},
        "trainingData": {**{key: meta[key] for key in ("source", "tiles", "seed")}, "maker": "hwtests/datasets/makeTiles.ts"},
        "metrics": summary,
    }
    if name == "surface-vit":
        entry["classes"] = list(tasks.CLASSES)
    return entry


if __name__ == "__main__":
    main()
