"""The EuroSAT tiles: read, and split into folds.

EuroSAT (P. Helber, B. Bischke, A. Dengel, D. Borth, 2018, 2019; MIT; contains modified Copernicus Sentinel data) gives Sentinel-2
tiles of 64 x 64 pixels at 10 m, ten classes, labelled by people. The folder holds `manifest.csv` (path, label, split, sha256).
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from PIL import Image

FOLDS = 5


def tiles(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Pixels (n, 64, 64, 3) uint8, class indices (n,), and the names of the classes in order. `split` is train or test."""
    rows = list(csv.DictReader((folder / "manifest.csv").open()))
    classes = sorted({row["label"] for row in rows})
    chosen = [row for row in rows if row["split"] == split]
    pixels = np.stack([np.asarray(Image.open(folder / row["path"]).convert("RGB")) for row in chosen])
    return pixels, np.array([classes.index(row["label"]) for row in chosen]), classes


def fold(count: int, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices to train on and to validate on: one of five parts of a fixed shuffle is held out."""
    parts = np.array_split(np.random.default_rng(0).permutation(count), FOLDS)
    held = parts[number % FOLDS]
    return np.setdiff1d(np.arange(count), held), held
