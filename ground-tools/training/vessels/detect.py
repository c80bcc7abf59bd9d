"""From a picture to detections: by the net, as flight does it, and by CFAR, the rule that the net must beat.

Detections are rows of x, y, length, breadth, score, in pixels of the picture, the highest score first.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from data import GRID, SIDE, STRIDE
from model import VesselDetector

Run = Callable[[np.ndarray], list[np.ndarray]]
"""Tiles (n, 3, 96, 96) float32 to heat, offset and size."""

STEP, MARGIN, NEAR, SAME_IOU = 64, 16, 8.0, 0.3
FLOOR = 0.02
"""Peaks below this are not kept: no threshold lies there."""


def by_net(net: VesselDetector, pixels: np.ndarray) -> np.ndarray:
    """By a net of `train.py`, float32."""

    def run(tiles: np.ndarray) -> list[np.ndarray]:
        with torch.no_grad():
            logits, offset, size = net(torch.tensor(tiles))
        return [torch.sigmoid(logits).numpy(), offset.numpy(), size.exp().numpy()]

    return by_tiles(run, pixels)


def by_tiles(run: Run, pixels: np.ndarray) -> np.ndarray:
    """Tiles of 96 every 64 pixels; a peak counts where its centre is in the middle 64 pixels of the tile."""
    height, width = pixels.shape[:2]
    down, across = -(-height // STEP), -(-width // STEP)
    wide = ((MARGIN, down * STEP - height + MARGIN), (MARGIN, across * STEP - width + MARGIN), (0, 0))
    padded = np.pad(pixels, wide, mode="edge")
    corners = [(row * STEP, column * STEP) for row in range(down) for column in range(across)]
    rows = []
    for at in range(0, len(corners), 64):
        part = corners[at : at + 64]
        tiles = np.stack([padded[y : y + SIDE, x : x + SIDE] for y, x in part]).transpose(0, 3, 1, 2).astype(np.float32)
        for found, (y, x) in zip(_peaks(*run(np.ascontiguousarray(tiles))), part, strict=True):
            middle = ((found[:, :2] >= MARGIN) & (found[:, :2] < MARGIN + STEP)).all(1)
            rows.append(found[middle] + np.array([x - MARGIN, y - MARGIN, 0, 0, 0]))
    found = np.concatenate(rows)
    return _distinct(found[(found[:, 0] < width) & (found[:, 1] < height)])


def _peaks(heat: np.ndarray, offset: np.ndarray, size: np.ndarray) -> list[np.ndarray]:
    """Of each tile the cells that are no less than their eight neighbours."""
    edged = np.pad(heat, ((0, 0), (1, 1), (1, 1)))
    top = np.lib.stride_tricks.sliding_window_view(edged, (3, 3), (1, 2)).max((3, 4))
    rows, columns = np.mgrid[:GRID, :GRID]
    planes = np.stack([(columns + offset[:, 0]) * STRIDE, (rows + offset[:, 1]) * STRIDE, size[:, 0], size[:, 1], heat], -1)
    return [plane[peak].astype(float) for plane, peak in zip(planes, (heat == top) & (heat >= FLOOR), strict=True)]


def _distinct(found: np.ndarray) -> np.ndarray:
    """Of squares of half a length (8 px at least) around the centres that overlap by 0.3, the higher score stays."""
    found = found[np.argsort(-found[:, 4], kind="stable")]
    side = np.maximum(NEAR, found[:, 2] / 2)
    kept: list[int] = []
    for i in range(len(found)):
        k = np.array(kept, int)
        gap = np.abs(found[k, :2] - found[i, :2])
        both = np.clip((side[k, None] + side[i]) / 2 - gap, 0, np.minimum(side[k], side[i])[:, None]).prod(1)
        if not (both / (side[k] ** 2 + side[i] ** 2 - both) > SAME_IOU).any():
            kept.append(i)
    return found[kept]


def by_cfar(pixels: np.ndarray, guard: int = 12, ring: int = 20) -> np.ndarray:
    """Brightest band, mean of 3 x 3, above the ring around it, over the ring's standard deviation (1 level at least).

    The cell-averaging detector with a constant false alarm rate of radar, on brightness; lengths are not measured.
    """
    bright = pixels.max(2).astype(float)
    inner, outer = (2 * guard + 1) ** 2, (2 * ring + 1) ** 2
    mean, square = (
        (_box(plane, ring) * outer - _box(plane, guard) * inner) / (outer - inner) for plane in (bright, bright**2)
    )
    score = (_box(bright, 1) - mean) / np.maximum(np.sqrt(np.maximum(square - mean**2, 0)), 1)
    top = np.lib.stride_tricks.sliding_window_view(np.pad(score, 4, constant_values=-np.inf), (9, 9)).max((2, 3))
    y, x = np.nonzero((score == top) & (score > 1.5))
    found = np.stack([x + 0.5, y + 0.5, np.zeros(len(x)), np.zeros(len(x)), score[y, x]], 1)
    return found[np.argsort(-found[:, 4], kind="stable")]


def _box(plane: np.ndarray, half: int) -> np.ndarray:
    """Mean over a square of 2 half + 1 pixels, the edge repeated."""
    total = np.pad(plane, ((half + 1, half), (half + 1, half)), mode="edge").cumsum(0).cumsum(1)
    n = 2 * half + 1
    return (total[n:, n:] - total[:-n, n:] - total[n:, :-n] + total[:-n, :-n]) / n**2
