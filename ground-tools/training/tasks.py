"""What each network learns: its tiles, its labels, its loss, its recipe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from data import Tiles
from fit import Loss, Recipe
from models import ScreenerShape, VitShape, Weights, init_screener, init_vit, screener, vit

CLOUDED = 0.5
MOSTLY_WATER = 0.5
SHORE = (0.05, 0.95)
CLASSES = ("land", "shore", "open-water")

SCREENER_SHAPE = ScreenerShape()
VIT_SHAPE = VitShape(classes=len(CLASSES))


@dataclass(frozen=True)
class Task:
    use: Callable[[Tiles], Tiles]
    """Which tiles it sees."""
    targets: Callable[[Tiles], np.ndarray]
    start: Callable[[int, np.ndarray, np.ndarray], Weights]
    """Untrained weights from a seed and the mean and deviation [3] of the colours."""
    loss: Loss
    recipe: Recipe


def unclouded(tiles: Tiles) -> Tiles:
    return tiles.where(tiles.cloud_fraction < CLOUDED)


def surface_class(tiles: Tiles) -> np.ndarray:
    """Index into CLASSES from the share of water: less than 5 % is land, at least 95 % open water."""
    return np.digitize(tiles.water_fraction, SHORE).astype(np.int64)


def surface_targets(tiles: Tiles) -> np.ndarray:
    """float32 [N,2]: class index, water fraction."""
    return np.stack([surface_class(tiles), tiles.water_fraction], axis=1).astype(np.float32)


def screener_loss(weights: Weights, tiles: jax.Array, cloud_fraction: jax.Array) -> jax.Array:
    return share_entropy(screener(SCREENER_SHAPE, weights, tiles), cloud_fraction)


def surface_loss(weights: Weights, tiles: jax.Array, targets: jax.Array) -> jax.Array:
    logits, water = vit(VIT_SHAPE, weights, tiles)
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), targets[:, :1].astype(int), axis=1)
    return share_entropy(water, targets[:, 1]) - chosen.mean()


def share_entropy(predicted: jax.Array, share: jax.Array) -> jax.Array:
    """Cross-entropy of a predicted share (0..1) against the true one."""
    p = jnp.clip(predicted, 1e-6, 1 - 1e-6)
    return -(share * jnp.log(p) + (1 - share) * jnp.log(1 - p)).mean()


TASKS = {
    "cloud-screener": Task(
        use=lambda tiles: tiles,
        targets=lambda tiles: tiles.cloud_fraction,
        start=lambda seed, mean, deviation: init_screener(SCREENER_SHAPE, seed, mean, deviation),
        loss=screener_loss,
        recipe=Recipe(epochs=32, batch=64, peak_rate=3e-3, weight_decay=0.01),
    ),
    "surface-vit": Task(
        use=unclouded,
        targets=surface_targets,
        start=lambda seed, mean, deviation: init_vit(VIT_SHAPE, seed, mean, deviation),
        loss=surface_loss,
        recipe=Recipe(epochs=8),
    ),
}
