"""Scores of the seeds and of the baselines, scene by scene, against the teacher."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from baselines import fitted
from data import PARTS, SUN_ASSUMED, Scene, joined, tiles
from export import load
from model import CloudMask
from parts import Scenes, learned, tested

sys.path.insert(1, str(Path(__file__).parents[1]))
from metrics import decision_scores, expected_calibration_error  # noqa: E402

Numbers = dict[str, object]
CUT = 0.5


def probability(net: CloudMask, scene: Scene) -> np.ndarray:
    """[height, width], tile by tile as in flight, in float32."""
    parts, corners = tiles(scene.reflectance)
    with torch.no_grad():
        found = torch.cat([torch.sigmoid(net(part)) for part in torch.from_numpy(parts).split(32)])
    return joined(found.numpy(), corners, scene.label.shape)


def by_graph(graph: Path, scene: Scene) -> np.ndarray:
    """The same by onnxruntime."""
    parts, corners = tiles(scene.reflectance)
    session = onnxruntime.InferenceSession(str(graph), one_thread(), providers=["CPUExecutionProvider"])
    found = [session.run(None, {"reflectance": parts[at : at + 32]})[0] for at in range(0, len(parts), 32)]
    return joined(np.concatenate(found), corners, scene.label.shape)


def one_thread() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return options


def scores(truth: np.ndarray, decided: np.ndarray) -> Numbers:
    """Agreement overall and balanced (mean of the shares found of clear and of cloud), and the counts."""
    found = decision_scores(truth.ravel(), decided.ravel(), 2)
    return {
        "pixels": found["tiles"],
        "agreement": found["accuracy"],
        "balanced": found["balancedAccuracy"] if 0 < truth.mean() < 1 else None,
        "clearKept": found["recall"][0],
        "cloudFound": found["recall"][1],
        "confusion": found["confusion"],
    }


def calibration(truth: np.ndarray, chance: np.ndarray) -> float:
    decided = chance >= CUT
    return expected_calibration_error(np.where(decided, chance, 1 - chance).ravel(), (decided == truth).ravel())


def evaluated(scenes: Scenes, ground: str, fits: Path) -> Numbers:
    """Each seed and each baseline on each test scene, and what the scenes are like."""
    test = tested(scenes, ground)
    seeds = []
    for path in sorted(fits.glob(f"{ground}-*.pt")):
        net, about = load(path)
        found = {}
        for scene in test:
            chance = probability(net, scene)
            found[scene.name] = {**scores(scene.cloud, chance >= CUT), "calibrationError": calibration(scene.cloud, chance)}
        seeds.append({**about, "scenes": found})
    rules = fitted(learned(scenes, ground))
    return {
        "scenes": {scene.name: _about(scene) for scene in test},
        "shippedSeed": min(seeds, key=lambda seed: seed["validationLoss"])["seed"],
        "seeds": seeds,
        "baselines": {
            name: {scene.name: scores(scene.cloud, rule(scene.reflectance)) for scene in test} for name, rule in rules.items()
        },
    }


def weak_truth(scenes: Scenes, quality: np.ndarray, net: CloudMask) -> Numbers:
    """The test columns of the Landsat scene against its quality band, network and teacher."""
    scene = scenes[f"landsat-sun{SUN_ASSUMED}"].columns(PARTS["test"], "test")
    truth = quality[:, PARTS["test"]]
    return {
        "cloud": float(truth.mean()),
        "network": scores(truth, probability(net, scene) >= CUT),
        "csmask": scores(truth, scene.cloud),
    }


def _about(scene: Scene) -> Numbers:
    """Share of each of the teacher's classes, and how often it agrees with itself when the scene is turned."""
    return {
        "classes": [float((scene.label == kind).mean()) for kind in range(3)],
        "teacherTurned": float((((scene.votes - scene.cloud) / 3) * scene.cloud + (1 - scene.votes / 3) * ~scene.cloud).mean()),
    }
