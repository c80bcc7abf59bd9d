"""Rules that a network must beat; each is fitted on the training part alone, and decides every pixel by itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from data import Scene

Rule = Callable[[np.ndarray], np.ndarray]
"""Reflectance [6, ...] to bool [...]: cloud."""
SAMPLE, NEWTON_STEPS = 400_000, 25


def fitted(train: list[tuple[Scene, float]]) -> dict[str, Rule]:
    """All rules, by name, from a sample of the training pixels in the shares that the network sees them."""
    x, y = _sample(train)
    rules: dict[str, Rule] = {"all clear": lambda pixels: np.zeros(pixels.shape[1:], bool)}
    for name, index in INDICES.items():
        cut = _best_cut(index(x), y)
        rules[f"{name} >= {cut:.3f}"] = lambda pixels, index=index, cut=cut: index(pixels) >= cut
    weights = _logistic(x, y)
    rules["logistic regression on six bands"] = lambda pixels: np.tensordot(weights[:6], pixels, 1) + weights[6] >= 0
    return rules


def _haze(x: np.ndarray) -> np.ndarray:
    """Haze-optimised transform (Y. Zhang, B. Guindon, J. Cihlar 2002) with the constants of Fmask (Z. Zhu, C. Woodcock 2012)."""
    return x[0] - 0.5 * x[2] - 0.08


INDICES: dict[str, Rule] = {"blue": lambda x: x[0], "haze-optimised transform": _haze}


def _sample(train: list[tuple[Scene, float]]) -> tuple[np.ndarray, np.ndarray]:
    rng, total = np.random.default_rng(0), sum(weight for _, weight in train)
    x, y = [], []
    for scene, weight in train:
        chosen = rng.integers(0, scene.label.size, int(SAMPLE * weight / total))
        x.append(scene.reflectance.reshape(6, -1)[:, chosen])
        y.append(scene.cloud.ravel()[chosen])
    return np.concatenate(x, 1), np.concatenate(y)


def _best_cut(score: np.ndarray, cloud: np.ndarray) -> float:
    """The cut with the most pixels decided as the teacher does."""
    order = np.argsort(score)
    right = cloud.sum() + np.cumsum(1 - 2 * cloud[order].astype(int))
    return float(score[order][int(right.argmax())])


def _logistic(x: np.ndarray, cloud: np.ndarray) -> np.ndarray:
    """Newton's method, a trace of ridge."""
    design, weights = np.concatenate([x, np.ones((1, x.shape[1]))]).astype(np.float64), np.zeros(7)
    for _ in range(NEWTON_STEPS):
        p = 1 / (1 + np.exp(-np.clip(weights @ design, -30, 30)))
        curvature = (design * (p * (1 - p))) @ design.T + 1e-3 * np.eye(7)
        weights = weights + np.linalg.solve(curvature, design @ (cloud - p))
    return weights
