"""Rules from colour alone, that a network which sees shapes must beat."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SHARES = (5, 25, 50, 75, 95)


def baselines(pixels: np.ndarray, labels: np.ndarray, seen: np.ndarray) -> dict[str, np.ndarray]:
    """Class indices that each rule, fitted on `pixels` and `labels`, gives for the tiles `seen`."""
    mean, mean_seen = _moments(pixels)[:, :3], _moments(seen)[:, :3]
    centres = np.stack([mean[labels == c].mean(0) for c in np.unique(labels)])
    many, many_seen = _statistics(pixels), _statistics(seen)
    logistic = make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000)).fit(many, labels)
    forest = RandomForestClassifier(500, random_state=0, n_jobs=1).fit(many, labels)
    return {
        "nearest class mean colour": _nearest(centres, mean_seen),
        "1-NN on colour mean and deviation": labels[_nearest(_moments(pixels), _moments(seen))],
        "logistic regression on colour statistics": logistic.predict(many_seen),
        "random forest on colour statistics": forest.predict(many_seen),
    }


def _moments(tiles: np.ndarray) -> np.ndarray:
    flat = tiles.reshape(len(tiles), -1, 3).astype(np.float64)
    return np.concatenate([flat.mean(1), flat.std(1)], 1)


def _statistics(tiles: np.ndarray) -> np.ndarray:
    """Mean, deviation and five percentiles of each colour, how the colours vary together, and how much neighbours differ."""
    flat = tiles.reshape(len(tiles), -1, 3).astype(np.float64)
    shares = np.percentile(flat, SHARES, axis=1).transpose(1, 0, 2).reshape(len(tiles), -1)
    centred = flat - flat.mean(1, keepdims=True)
    together = np.einsum("npa,npb->nab", centred, centred)[:, [0, 0, 1], [1, 2, 2]] / flat.shape[1]
    rough = [np.abs(np.diff(tiles.astype(np.float64), axis=axis)).mean((1, 2)) for axis in (1, 2)]
    return np.concatenate([_moments(tiles), shares, together, *rough], 1)


def _nearest(known: np.ndarray, seen: np.ndarray) -> np.ndarray:
    return np.array([((known - one) ** 2).sum(1).argmin() for one in seen])
