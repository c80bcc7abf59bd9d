"""Generated clouds over real ground, with their shadows.

The cloud's optical depth is noise with a power-law spectrum, cut off below a level that sets its cover. Reflectance follows the
two-stream solution for a layer that absorbs nothing, R = g t / (1 + g t) with g = 0.13 (asymmetry 0.85; C. Bohren 1987), over
ground that reflects; in the short-wave infrared, where droplets and more so ice absorb, R is lowered by a factor per band.
"""

from __future__ import annotations

import numpy as np

SCATTER = 0.13
# Factor on the reflectance of the cloud in swir16 and swir22: water droplets, ice.
WATER, ICE = (0.85, 0.65), (0.5, 0.3)
# Cloud fields by seed; no two scenes share one.
LANDSAT_FIELDS, PORT_FIELDS, SENTINEL_FIELDS, SENTINEL_TEST_FIELDS = range(6), range(100, 116), range(200, 208), range(300, 304)


def layer(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Reflectance of the cloud alone, [height, width]."""
    depth = _depth(shape, rng)
    return SCATTER * depth / (1 + SCATTER * depth)


def clouded(ground: np.ndarray, seed: int, cloud: np.ndarray | None = None) -> np.ndarray:
    """[6, height, width]: the ground under the cloud field of this seed, or under a `cloud` of its own."""
    rng = np.random.default_rng(seed)
    if cloud is None:
        cloud = layer(ground.shape[1:], rng)
    mix = rng.random()
    band = np.ones(6)
    band[4:] = mix * np.array(WATER) + (1 - mix) * np.array(ICE)
    shift = rng.integers(-30, 31, 2)
    shadow = 1 - rng.uniform(0.4, 0.8) * np.roll(cloud, tuple(shift), (0, 1)) / max(float(cloud.max()), 0.3)
    lit = ground * shadow
    through = (1 - cloud) ** 2
    return (band[:, None, None] * cloud * rng.uniform(0.85, 1.0) + through * lit / (1 - cloud * lit)).astype(np.float32)


def _depth(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Optical depth: sheets and wisps, or cells, by the spectrum; thin (2) to thick (30) where it is one deviation above the level."""
    field = noise(shape, rng.uniform(1.6, 2.2), rng)
    if rng.random() < 0.5:
        field = field + rng.uniform(0.3, 0.8) * noise(shape, rng.uniform(2.0, 2.6), rng, longest=rng.uniform(25, 80))
    level = np.quantile(field, 1 - rng.uniform(0.15, 0.85))
    return np.exp(rng.uniform(np.log(2), np.log(30))) * np.clip(field - level, 0, None) ** rng.uniform(0.8, 1.4)


def noise(shape: tuple[int, int], exponent: float, rng: np.random.Generator, longest: float = 1e9) -> np.ndarray:
    """Mean 0, deviation 1; amplitude falls as frequency ** -exponent, and nothing is longer than `longest` pixels."""
    y, x = np.meshgrid(np.fft.fftfreq(shape[0]), np.fft.rfftfreq(shape[1]), indexing="ij")
    frequency = np.hypot(y, x * np.exp(rng.uniform(-0.7, 0.7)))
    amplitude = np.where(frequency > 1 / longest, np.maximum(frequency, 1e-6) ** -exponent, 0)
    amplitude[0, 0] = 0
    field = np.fft.irfft2(np.fft.rfft2(rng.standard_normal(shape)) * amplitude, s=shape)
    return (field - field.mean()) / field.std()
