"""The numbers of the model card: each network beside the baselines, on tiles from places it never saw."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import tasks
from baselines import brightness_baseline, colour_baselines
from data import Split, Tiles
from metrics import area_under_roc, best_threshold, decision_scores, expected_calibration_error, recall_at_false_alarm

FALSE_ALARM_RATES = (0.01, 0.02, 0.05, 0.1)
SUN_EDGES_DEG = (8, 15, 30, 90)
LATITUDE_EDGES_DEG = (0, 30, 65, 90)
Numbers = dict[str, object]


def clouded(tiles: Tiles) -> np.ndarray:
    return (tiles.cloud_fraction >= tasks.CLOUDED).astype(np.int64)


def mostly_water(tiles: Tiles) -> np.ndarray:
    return (tiles.water_fraction >= tasks.MOSTLY_WATER).astype(np.int64)


def share_threshold(truth: np.ndarray, predicted: np.ndarray) -> float:
    """The cut with the best F1 on the validation tiles, to two decimals."""
    return round(best_threshold(truth, predicted), 2)


def cloud_scores(tiles: Tiles, fraction: np.ndarray, threshold: float) -> Numbers:
    truth, decided = clouded(tiles), (fraction >= threshold).astype(np.int64)
    return {
        **decision_scores(truth, decided, 2),
        "areaUnderRoc": area_under_roc(truth, fraction),
        "falseAlarmRates": FALSE_ALARM_RATES,
        "recallAtFalseAlarm": recall_at_false_alarm(truth, fraction, FALSE_ALARM_RATES),
        "meanAbsoluteError": float(np.abs(fraction - tiles.cloud_fraction).mean()),
        "bySunElevation": _by_band(tiles.sun_elevation, SUN_EDGES_DEG, truth == decided),
        "byLatitude": _by_band(np.abs(tiles.lat), LATITUDE_EDGES_DEG, truth == decided),
    }


def surface_scores(tiles: Tiles, probabilities: np.ndarray, water: np.ndarray, threshold: float) -> Numbers:
    """Of tiles less than half clouded: the classes, and the decision `mostly water`."""
    truth, decided = tasks.surface_class(tiles), probabilities.argmax(axis=1)
    wet = (water >= threshold).astype(np.int64)
    return {
        "classes": {
            **decision_scores(truth, decided, len(tasks.CLASSES)),
            "expectedCalibrationError": expected_calibration_error(probabilities.max(axis=1), truth == decided),
            "bySunElevation": _by_band(tiles.sun_elevation, SUN_EDGES_DEG, truth == decided),
        },
        "water": {
            **decision_scores(mostly_water(tiles), wet, 2),
            "areaUnderRoc": area_under_roc(mostly_water(tiles), water),
            "meanAbsoluteError": float(np.abs(water - tiles.water_fraction).mean()),
            "bySunElevation": _by_band(tiles.sun_elevation, SUN_EDGES_DEG, mostly_water(tiles) == wet),
        },
    }


def cloud_baselines(split: Split) -> Numbers:
    truth = _each(split, clouded)
    return {**colour_baselines(split, truth, 2), **brightness_baseline(split, truth)}


def surface_baselines(split: Split) -> Numbers:
    return {
        "classes": colour_baselines(split, _each(split, tasks.surface_class), len(tasks.CLASSES)),
        "water": colour_baselines(split, _each(split, mostly_water), 2),
    }


def _each(split: Split, label: Callable[[Tiles], np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return label(split.train), label(split.validation), label(split.test)


def _by_band(value: np.ndarray, edges: tuple[int, ...], right: np.ndarray) -> list[Numbers]:
    """Accuracy where `value`, in degrees, lies between neighbouring edges."""
    rows = []
    for low, high in zip(edges, edges[1:]):
        chosen = (value >= low) & (value < high)
        if chosen.any():
            share = float(right[chosen].mean())
            rows.append({"fromDeg": low, "toDeg": high, "tiles": int(chosen.sum()), "accuracy": share})
    return rows
