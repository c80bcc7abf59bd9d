"""Scores the land-cover seeds: `python evaluate.py EUROSAT FITS METRICS [--test]`; prints a table, writes the JSON.

Validation: each vit-N on the fold that it was not trained on. The temperature is fitted on those answers. --test reads the test
split, for the last number; of all-N (trained on the whole train split) where there are any, else of vit-N.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from baselines import baselines
from data import FOLDS, fold, tiles
from duplicates import NEAR, distance
from scores import Numbers, calibration, scored, softmax, spread, temperature
from trained import TURNS, Trained, load_all, logits


def validation(seeds: list[Trained], pixels: np.ndarray, labels: np.ndarray) -> Numbers:
    held = [fold(len(pixels), one.seed)[1] for one in seeds]
    rest = [fold(len(pixels), one.seed)[0] for one in seeds]
    truths, ways = [labels[h] for h in held], [logits(one, pixels[h], TURNS) for one, h in zip(seeds, held, strict=True)]
    near = [distance(pixels[h], pixels[r]) for h, r in zip(held, rest, strict=True)]
    straight, every = [w[0] for w in ways], temperature(np.concatenate([w[0] for w in ways]), np.concatenate(truths))
    plain = scored([softmax(s) for s in straight], truths, near, NEAR)
    # Each fold's answers with the temperature of the other folds: what fitting it is worth on tiles that it was not fitted on.
    others = [[j for j in range(len(seeds)) if j != i] or [i] for i in range(len(seeds))]
    fitted = [temperature(np.concatenate([straight[j] for j in o]), np.concatenate([truths[j] for j in o])) for o in others]
    cooled = np.concatenate([softmax(s, t) for s, t in zip(straight, fitted, strict=True)])
    return {
        **plain,
        "folds": [one.seed for one in seeds],
        "turned": _turned(ways, truths),
        "temperature": every,
        "calibrated": calibration(cooled, np.concatenate(truths)),
        "baselines": _baselines([(pixels[r], labels[r], pixels[h], labels[h]) for r, h in zip(rest, held, strict=True)]),
    }


def test(seeds: list[Trained], train: tuple[np.ndarray, np.ndarray], held: tuple[np.ndarray, np.ndarray], cool: float) -> Numbers:
    near, ways = distance(held[0], train[0]), [logits(one, held[0], TURNS) for one in seeds]
    truths = [held[1]] * len(seeds)
    return {
        **scored([softmax(w[0], cool) for w in ways], truths, [near] * len(seeds), NEAR),
        "nearByClass": [[float((near[held[1] == c] < limit).mean()) for c in range(len(seeds[0].classes))] for limit in NEAR],
        "uncalibrated": calibration(softmax(np.concatenate([w[0] for w in ways])), np.concatenate(truths)),
        "turned": _turned(ways, truths),
        "baselines": _baselines([(*train, *held)]),
    }


def _turned(ways: list[np.ndarray], truths: list[np.ndarray]) -> Numbers:
    """Accuracy with the mean answer to the tile's eight turnings. Information: it costs eight runs, and nothing flies it."""
    return spread([float((softmax(w).mean(0).argmax(1) == t).mean()) for w, t in zip(ways, truths, strict=True)])


def _baselines(parts: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]) -> Numbers:
    answers = [(baselines(pixels, labels, seen), truth) for pixels, labels, seen, truth in parts]
    return {name: spread([float((found[name] == truth).mean()) for found, truth in answers]) for name in answers[0][0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("eurosat", "fits", "metrics"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--test", action="store_true", help="read the test split: once, when nothing will be changed any more")
    args = parser.parse_args()
    torch.set_num_threads(1)
    pixels, labels, classes = tiles(args.eurosat, "train")
    seeds = load_all(args.fits, "vit")[:FOLDS]
    found: Numbers = {
        "classes": classes,
        "parameters": sum(p.numel() for p in seeds[0].net.parameters()),
        "train": np.bincount(labels, minlength=len(classes)).tolist(),
        "validation": validation(seeds, pixels, labels),
    }
    if args.test:
        held = tiles(args.eurosat, "test")[:2]
        kind = "all" if load_all(args.fits, "all") else "vit"
        found["test"] = {"kind": kind, **test(load_all(args.fits, kind), (pixels, labels), held, found["validation"]["temperature"])}
        if kind == "all":
            # The folds' fits on the same tiles: what a fifth less to learn from costs, and more seeds for the spread.
            found["test"]["fourFifths"] = spread([float((logits(one, held[0])[0].argmax(1) == held[1]).mean()) for one in seeds])
    args.metrics.write_text(json.dumps(found, indent=2) + "\n")
    for part in ("validation", "test"):
        if part in found:
            _print(part, found[part], classes)


def _print(part: str, found: Numbers, classes: list[str]) -> None:
    fewer = {"trained on four fifths": found["fourFifths"]} if "fourFifths" in found else {}
    rows = {"land-cover ViT": found["accuracy"], **fewer, "with eight turnings": found["turned"], **found["baselines"]}
    print(f"\n{part}: {len(found['seeds'])} seeds")
    for name, row in rows.items():
        print(f"  {name:42} {row['mean']:.4f}  ({row['least']:.4f} to {row['most']:.4f})")
    for row in found["withoutNearDuplicates"]:
        print(f"  without tiles nearer than {row['distance']:4.1f} ({row['left']:.0%} left)  {row['accuracy']['mean']:.4f}")
    own = found["classes"]
    for i, name in enumerate(classes):
        print(f"  {name:22} precision {own['precision'][i]:.3f} recall {own['recall'][i]:.3f}", *(f"{n:4}" for n in own["confusion"][i]))
    before, after = (found.get("uncalibrated", found["calibration"]), found.get("calibrated", found["calibration"]))
    print(f"  calibration error {before['expectedCalibrationError']:.3f}, with temperature {after['expectedCalibrationError']:.3f}")


if __name__ == "__main__":
    main()
