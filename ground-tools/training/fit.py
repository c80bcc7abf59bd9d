"""One training loop for both networks: AdamW on a cosine, best epoch by validation loss."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from models import FROZEN, Weights

Loss = Callable[[Weights, jax.Array, jax.Array], jax.Array]
"""(weights, tiles float32 [B,3,32,32], targets float32 [B,...]) -> mean loss."""

EVALUATION_BATCH = 512


class Recipe(NamedTuple):
    epochs: int
    batch: int = 128
    peak_rate: float = 1e-3
    weight_decay: float = 0.05


@dataclass(frozen=True)
class Fit:
    weights: Weights
    validation_loss: float
    epoch: int


def fit(
    loss: Loss,
    weights: Weights,
    train: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    recipe: Recipe,
    seed: int,
    log: Callable[[str], None] = print,
) -> Fit:
    """Trains every weight but the input normalisation. Pixels are uint8, targets float32; order and flips come from `seed`."""
    pixels, targets = train
    steps = len(pixels) // recipe.batch
    schedule = optax.warmup_cosine_decay_schedule(0.0, recipe.peak_rate, steps, steps * recipe.epochs)
    optimiser = optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.adamw(schedule, weight_decay=recipe.weight_decay, mask=lambda w: {k: v.ndim > 1 for k, v in w.items()}),
    )
    frozen = {name: weights[name] for name in FROZEN}
    trainable = {name: value for name, value in weights.items() if name not in FROZEN}
    state = optimiser.init(trainable)

    @jax.jit
    def step(trainable, state, x, y):
        gradient = jax.grad(lambda t: loss({**t, **frozen}, x.astype(jnp.float32), y))(trainable)
        updates, state = optimiser.update(gradient, state, trainable)
        return optax.apply_updates(trainable, updates), state

    evaluate = jax.jit(lambda t, x, y: loss({**t, **frozen}, x.astype(jnp.float32), y))
    rng = np.random.default_rng(seed)
    best = Fit(weights, float("inf"), 0)
    for epoch in range(1, recipe.epochs + 1):
        start = time.monotonic()
        order = rng.permutation(len(pixels))
        for at in range(0, steps * recipe.batch, recipe.batch):
            chosen = order[at : at + recipe.batch]
            trainable, state = step(trainable, state, turned(pixels[chosen], rng), targets[chosen])
        score = _mean_loss(lambda x, y: evaluate(trainable, x, y), *validation)
        log(f"  epoch {epoch}/{recipe.epochs}: validation loss {score:.4f}, {time.monotonic() - start:.0f} s")
        if score < best.validation_loss:
            best = Fit({**trainable, **frozen}, score, epoch)
    return best


def turned(batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The whole batch in one of the eight orientations of a square: north is nowhere special to an orbiting camera."""
    batch = np.rot90(batch, int(rng.integers(4)), axes=(2, 3))
    return np.ascontiguousarray(batch[..., ::-1] if rng.integers(2) else batch)


def predict(forward: Callable[[jax.Array], object], pixels: np.ndarray) -> list[np.ndarray]:
    """Runs `forward` (one output or a tuple of them) over uint8 tiles in batches; each output as float32 [N,...]."""
    run = jax.jit(lambda x: forward(x.astype(jnp.float32)))
    rows = []
    for at in range(0, len(pixels), EVALUATION_BATCH):
        out = run(pixels[at : at + EVALUATION_BATCH])
        rows.append([np.asarray(o) for o in (out if isinstance(out, tuple) else (out,))])
    return [np.concatenate(column) for column in zip(*rows, strict=True)]


def _mean_loss(evaluate: Callable[[np.ndarray, np.ndarray], jax.Array], pixels: np.ndarray, targets: np.ndarray) -> float:
    total = 0.0
    for at in range(0, len(pixels), EVALUATION_BATCH):
        x = pixels[at : at + EVALUATION_BATCH]
        total += float(evaluate(x, targets[at : at + EVALUATION_BATCH])) * len(x)
    return total / len(pixels)
