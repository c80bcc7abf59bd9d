"""Scores of decisions and of probabilities. Every function takes and returns plain numbers and arrays."""

from __future__ import annotations

import numpy as np


def confusion(truth: np.ndarray, decided: np.ndarray, classes: int) -> np.ndarray:
    """Counts [classes, classes]: row = truth, column = decision."""
    return np.bincount(truth.astype(int) * classes + decided.astype(int), minlength=classes**2).reshape(classes, classes)


def decision_scores(truth: np.ndarray, decided: np.ndarray, classes: int) -> dict[str, object]:
    """Accuracy, balanced accuracy (mean recall of the classes that occur), and precision, recall, F1 per class."""
    counts = confusion(truth, decided, classes)
    hits = np.diag(counts)
    precision = hits / np.maximum(counts.sum(axis=0), 1)
    recall = hits / np.maximum(counts.sum(axis=1), 1)
    return {
        "tiles": int(counts.sum()),
        "accuracy": float(hits.sum() / counts.sum()),
        "balancedAccuracy": float(recall[counts.sum(axis=1) > 0].mean()),
        "precision": precision.tolist(),
        "recall": recall.tolist(),
        "f1": (2 * precision * recall / np.maximum(precision + recall, 1e-12)).tolist(),
        "confusion": counts.tolist(),
    }


def expected_calibration_error(confidence: np.ndarray, right: np.ndarray, bins: int = 15) -> float:
    """Guo et al. 2017: the gap between confidence and accuracy, averaged over equal-width bins by their share."""
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [abs(confidence[which == b].mean() - right[which == b].mean()) * (which == b).mean() for b in np.unique(which)]
    return float(np.sum(gaps))


def area_under_roc(truth: np.ndarray, score: np.ndarray) -> float:
    """Chance that a positive scores above a negative (Mann-Whitney; ties by average rank)."""
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positive = truth.astype(bool)
    p, n = positive.sum(), (~positive).sum()
    return float((ranks[positive].sum() - p * (p + 1) / 2) / (p * n))


def recall_at_false_alarm(truth: np.ndarray, score: np.ndarray, rates: tuple[float, ...]) -> list[float]:
    """Share of positives above the cut that at most `rate` of the negatives reach, for each rate."""
    negatives = np.sort(score[truth == 0])
    cuts = [negatives[min(int(np.ceil(len(negatives) * (1 - rate))), len(negatives) - 1)] for rate in rates]
    return [float((score[truth == 1] > cut).mean()) for cut in cuts]


def best_threshold(truth: np.ndarray, score: np.ndarray) -> float:
    """The cut (decide 1 at or above it) with the highest F1 of the positives."""
    order = np.argsort(score)
    ranked, positive = score[order], truth[order].astype(bool)
    hits = positive[::-1].cumsum()[::-1]
    f1 = 2 * hits / (positive.sum() + np.arange(len(ranked), 0, -1))
    best = int(f1.argmax())
    return float((ranked[best] + ranked[max(best - 1, 0)]) / 2)
