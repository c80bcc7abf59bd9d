"""Tiles that nearly match a training tile: what they add to an accuracy says little about new ground."""

from __future__ import annotations

import numpy as np

from trained import TURNS

NEAR = (5.0, 10.0)
"""Root mean square of the difference of all pixels, in counts of 255."""


def distance(pixels: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Of each tile (n, 64, 64, 3), the least root-mean-square difference to a known one, over all ways to turn and mirror it."""
    flat = known.reshape(len(known), -1).astype(np.float32)
    squares, least = (flat**2).sum(1), np.full(len(pixels), np.inf)
    for mirror, quarter in TURNS:
        turned = np.rot90(pixels[:, :, ::-1] if mirror else pixels, quarter, (1, 2)).reshape(len(pixels), -1).astype(np.float32)
        apart = (turned**2).sum(1)[:, None] + squares - 2 * turned @ flat.T
        least = np.minimum(least, apart.min(1))
    return np.sqrt(np.maximum(least, 0) / flat.shape[1])
