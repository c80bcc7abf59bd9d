"""What a network must beat: decisions from colour statistics alone, on the same split."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from data import Split, colour_statistics
from metrics import best_threshold, decision_scores

Scores = dict[str, dict[str, object]]


def colour_baselines(split: Split, truth: tuple[np.ndarray, np.ndarray, np.ndarray], classes: int, on: str = "test") -> Scores:
    """Majority class, nearest mean colour, 1-NN on mean and deviation of colour.

    `truth` holds the classes of the train, validation and test tiles; fitted on train, scored on `on`.
    """
    known = truth[0]
    scored = truth[2] if on == "test" else truth[1]
    fitted, asked = colour_statistics(split.train), colour_statistics(getattr(split, on))

    majority = np.full(len(scored), np.bincount(known, minlength=classes).argmax())
    centres = np.stack([fitted[known == c, :3].mean(axis=0) for c in range(classes)])
    nearest_mean = np.linalg.norm(asked[:, None, :3] - centres, axis=2).argmin(axis=1)
    scale = fitted.std(axis=0)
    nearest = known[cKDTree(fitted / scale).query(asked / scale)[1]]
    return {
        "majority class": decision_scores(scored, majority, classes),
        "nearest mean colour": decision_scores(scored, nearest_mean, classes),
        "1-NN on mean and deviation of colour": decision_scores(scored, nearest, classes),
    }


def brightness_baseline(split: Split, truth: tuple[np.ndarray, np.ndarray, np.ndarray]) -> Scores:
    """Clouded where the mean brightness passes the threshold that has the best F1 on the validation tiles."""
    brightness = [colour_statistics(part)[:, :3].mean(axis=1) for part in (split.validation, split.test)]
    cut = best_threshold(truth[1], brightness[0])
    return {f"brightness >= {cut:.0f}": decision_scores(truth[2], (brightness[1] >= cut).astype(int), 2)}
