"""Tiles rendered by the simulator, their truth, and the split by place."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

TILE_PX = 32
TILE_KM = 160.0
STRIP_DEG = 15.0
MIN_GUARD_DEG = 2.0
KM_PER_DEG = 111.32
LABELS = ("cloud_fraction", "water_fraction", "elevation", "lat", "lon", "sun_elevation")


@dataclass(frozen=True)
class Tiles:
    """N tiles. `pixels` is uint8 [N,3,32,32] (RGB), every label float32 [N]; angles in degrees."""

    pixels: np.ndarray
    cloud_fraction: np.ndarray
    water_fraction: np.ndarray
    elevation: np.ndarray
    lat: np.ndarray
    lon: np.ndarray
    sun_elevation: np.ndarray

    def __len__(self) -> int:
        return len(self.pixels)

    def where(self, keep: np.ndarray) -> Tiles:
        return Tiles(self.pixels[keep], *(getattr(self, name)[keep] for name in LABELS))


@dataclass(frozen=True)
class Split:
    train: Tiles
    validation: Tiles
    test: Tiles


def load(folder: Path) -> tuple[Tiles, dict[str, object]]:
    """Reads tiles.u8 (N x 32 x 32 x RGB), labels.f32 (N x 6) and meta.json as the tile maker wrote them."""
    meta = json.loads((folder / "meta.json").read_text())
    labels = np.fromfile(folder / "labels.f32", "<f4").reshape(-1, len(LABELS))
    pixels = np.fromfile(folder / "tiles.u8", np.uint8).reshape(-1, TILE_PX, TILE_PX, 3)
    if len(pixels) != len(labels):
        raise ValueError(f"{folder}: {len(pixels)} tiles but {len(labels)} labels")
    columns = [np.ascontiguousarray(labels[:, i]) for i in range(len(LABELS))]
    return Tiles(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)), *columns), meta


def split_by_place(tiles: Tiles) -> Split:
    """15-degree strips of longitude: 6 of 24 are test, 3 validation, 15 training.

    Tiles closer to a strip of another role than half the guard are dropped. The guard is 2 degrees or the
    diagonal of a tile, whichever is wider at that latitude, so no pixel is seen on both sides.
    """
    strips = round(360 / STRIP_DEG)
    role_of = np.array([_role(s) for s in range(strips)])
    position = ((tiles.lon + 180.0) % 360.0) / STRIP_DEG
    strip = np.minimum(position.astype(int), strips - 1)
    role = role_of[strip]

    west_deg = (position - strip) * STRIP_DEG
    east_deg = STRIP_DEG - west_deg
    diagonal_deg = TILE_KM * np.sqrt(2) / (KM_PER_DEG * np.maximum(np.cos(np.radians(tiles.lat)), 1e-3))
    half_guard = np.maximum(MIN_GUARD_DEG, diagonal_deg) / 2
    clear_west = (role_of[(strip - 1) % strips] == role) | (west_deg >= half_guard)
    clear_east = (role_of[(strip + 1) % strips] == role) | (east_deg >= half_guard)
    keep = clear_west & clear_east
    return Split(*(tiles.where(keep & (role == name)) for name in ("train", "validation", "test")))


def _role(strip: int) -> str:
    if strip % 4 == 1:
        return "test"
    return "validation" if strip % 8 == 3 else "train"


def colour_statistics(tiles: Tiles) -> np.ndarray:
    """Mean and standard deviation of each colour, float32 [N,6] in 0..255: what the trivial baselines see."""
    flat = tiles.pixels.reshape(len(tiles), 3, -1).astype(np.float32)
    return np.concatenate([flat.mean(axis=2), flat.std(axis=2)], axis=1)
