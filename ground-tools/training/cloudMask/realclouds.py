"""More of the one real cloud field that there is, from its training columns alone: thinner, thicker, at other scales and in other
light, and laid over other ground. csmask labels every one anew.

What the visible bands have in common above their surroundings' darkest is taken for the cloud's own light.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter, minimum_filter, zoom

from clouds import ICE, WATER, clouded

# Seeds of the variants of the Landsat columns, and of real cloud over the Sentinel-2 columns and the ports.
SAME_GROUND, OVER_SENTINEL, OVER_PORTS = range(500, 520), range(600, 606), range(700, 706)
WINDOW = 61
ZOOMS = (0.67, 1.0, 1.0, 1.5)


def white(reflectance: np.ndarray) -> np.ndarray:
    """Light of the cloud, [height, width]."""
    visible = reflectance[:3]
    ground = np.stack([gaussian_filter(minimum_filter(gaussian_filter(band, 1), WINDOW), WINDOW / 4) for band in visible])
    return np.clip((visible - ground).min(0), 0, None).astype(np.float32)


def varied(reflectance: np.ndarray, seed: int) -> np.ndarray:
    """The same place with 0.4 to 2.5 times the cloud, brighter or darker as a whole and by band, drawn larger or smaller."""
    rng = np.random.default_rng(seed)
    mix, band = rng.random(), np.ones(6, np.float32)
    band[4:] = mix * np.array(WATER) + (1 - mix) * np.array(ICE)
    more = np.exp(rng.uniform(np.log(0.4), np.log(2.5))) - 1
    gain = np.exp(rng.normal(0, 0.2) + rng.normal(0, 0.04, (6, 1, 1)))
    image = np.clip(reflectance + more * band[:, None, None] * white(reflectance), 0.002, 1.4) * gain
    scale = rng.choice(ZOOMS)
    return np.stack([zoom(layer, scale, order=1) for layer in image]).astype(np.float32)


def moved(ground: np.ndarray, cloudy: np.ndarray, seed: int) -> np.ndarray:
    """`ground` under the cloud of `cloudy`, turned, mirrored where it ends."""
    rng = np.random.default_rng(seed)
    field = np.rot90(white(cloudy), rng.integers(4)) * np.exp(rng.uniform(np.log(0.5), np.log(3)))
    missing = [(0, max(0, size - have)) for size, have in zip(ground.shape[1:], field.shape, strict=True)]
    whole = np.pad(field, missing, "symmetric")[: ground.shape[1], : ground.shape[2]]
    return clouded(ground, seed, np.clip(whole, 0, 0.9))
