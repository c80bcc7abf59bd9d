"""What a set of networks is worth: accuracy by class and by seed, calibration, near-duplicates apart."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar

import trained  # noqa: F401  (finds metrics.py)
from metrics import decision_scores, expected_calibration_error

BINS = 15
Numbers = dict[str, object]


def softmax(scores: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    shifted = (scores - scores.max(-1, keepdims=True)) / temperature
    return np.exp(shifted) / np.exp(shifted).sum(-1, keepdims=True)


def log_loss(probabilities: np.ndarray, truth: np.ndarray) -> float:
    return float(-np.log(np.maximum(probabilities[np.arange(len(truth)), truth], 1e-12)).mean())


def temperature(scores: np.ndarray, truth: np.ndarray) -> float:
    """The divisor of the scores with the least log loss (C. Guo et al., "On Calibration of Modern Neural Networks", 2017)."""
    found = minimize_scalar(lambda t: log_loss(softmax(scores, np.exp(t)), truth), bounds=(-2, 2), method="bounded")
    return float(np.exp(found.x))


def calibration(probabilities: np.ndarray, truth: np.ndarray) -> Numbers:
    """Expected calibration error of 15 bins, log loss, and the reliability curve: of each bin its tiles, confidence, accuracy."""
    sure, right = probabilities.max(1), probabilities.argmax(1) == truth
    which = np.minimum((sure * BINS).astype(int), BINS - 1)
    curve = [
        {"tiles": int((which == b).sum()), "confidence": float(sure[which == b].mean()), "accuracy": float(right[which == b].mean())}
        for b in np.unique(which)
    ]
    return {"expectedCalibrationError": expected_calibration_error(sure, right, BINS), "logLoss": log_loss(probabilities, truth), "curve": curve}


def spread(values: list[float]) -> Numbers:
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {"mean": float(np.mean(values)), "deviation": deviation, "least": min(values), "most": max(values)}


def scored(answers: list[np.ndarray], truths: list[np.ndarray], distances: list[np.ndarray], near: tuple[float, ...]) -> Numbers:
    """`answers` are probabilities [n, classes] of each seed. The confusion and the classes' scores are of all seeds together.

    `distances` are those of duplicates.py; accuracy is given again without the tiles nearer than each of `near`.
    """
    right = [a.argmax(1) == t for a, t in zip(answers, truths, strict=True)]
    apart = [
        {
            "distance": limit,
            "left": float(np.mean(np.concatenate(distances) >= limit)),
            "accuracy": spread([float(r[d >= limit].mean()) for r, d in zip(right, distances, strict=True)]),
        }
        for limit in near
    ]
    together, truth = np.concatenate(answers), np.concatenate(truths)
    return {
        "seeds": [float(r.mean()) for r in right],
        "accuracy": spread([float(r.mean()) for r in right]),
        "withoutNearDuplicates": apart,
        "classes": decision_scores(truth, together.argmax(1), together.shape[1]),
        "calibration": calibration(together, truth),
    }
