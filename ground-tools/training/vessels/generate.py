"""Generated vessels and their wakes over real sea, at the blur of a 10 m imager.

A hull is a box with a pointed bow, its deck a few stretches of different colours, its house a brighter stretch near the stern.
Behind it, sometimes, a turbulent wake and the two arms of a Kelvin wake, 19.5 degrees to each side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

KELVIN = np.tan(np.radians(19.5))
BLUR = 0.55
"""Standard deviation of the optics and the pixel together, in pixels: the modulation of Sentinel-2 at Nyquist is about 0.2."""


@dataclass(frozen=True)
class Vessel:
    """Centre, size in pixels, heading in radians, deck colours (k, 3) above the water, and the strength of its wake (0: none)."""

    x: float
    y: float
    length: float
    breadth: float
    heading: float
    deck: np.ndarray
    wake: float

    @staticmethod
    def drawn(rng: np.random.Generator, side: int) -> Vessel:
        """A vessel of 70 to 450 m somewhere in a cut-out, most of them short."""
        length = float(np.exp(rng.uniform(np.log(7), np.log(45))))
        contrast = float(np.exp(rng.uniform(np.log(14), np.log(170))))
        tint = 1 + rng.normal(0, 0.08, 3) + (rng.random() < 0.3) * np.array([0.25, -0.1, -0.15])
        stretches = int(rng.integers(2, 6))
        deck = contrast * rng.uniform(0.35, 1, (stretches, 1)) * tint
        deck[0] = contrast * rng.uniform(0.8, 1.6)
        wake = float(rng.uniform(0.2, 1)) if rng.random() < 0.45 else 0.0
        x, y = rng.uniform(4, side - 4, 2)
        return Vessel(x, y, length, max(1.3, length * rng.uniform(0.13, 0.24)), rng.uniform(0, 2 * np.pi), deck, wake)


def add_vessels(pixels: np.ndarray, vessels: list[Vessel], rng: np.random.Generator) -> np.ndarray:
    """The picture (h, w, 3) with the vessels in it, their wakes below them. 0 to 255."""
    out = pixels.astype(np.float32)
    rows, columns = np.mgrid[: out.shape[0], : out.shape[1]].astype(np.float32) + 0.5
    for vessel in vessels:
        along = (columns - vessel.x) * np.cos(vessel.heading) + (rows - vessel.y) * np.sin(vessel.heading)
        across = np.abs((rows - vessel.y) * np.cos(vessel.heading) - (columns - vessel.x) * np.sin(vessel.heading))
        if vessel.wake:
            out += _wake(along, across, vessel, rng)[..., None] * np.array([0.85, 1, 1], np.float32)
        inside = _hull(along, across, vessel)
        place = np.clip((along / vessel.length + 0.5) * len(vessel.deck), 0, len(vessel.deck) - 1).astype(int)
        water = np.median(out.reshape(-1, 3), 0)
        out = out * (1 - inside[..., None]) + (water + vessel.deck[place]) * inside[..., None]
    return np.clip(out, 0, 255).astype(np.float32)


def add_points(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The picture with up to six bright points of two pixels at most in it, buoys or boats: nothing that a net should report."""
    out = pixels.astype(np.float32)
    rows, columns = np.mgrid[:8, :8].astype(np.float32)
    for _ in range(int(rng.integers(1, 7))):
        x, y = rng.integers(0, out.shape[1] - 8, 2)
        wide, tall = rng.uniform(BLUR, 1.1, 2)
        at_x, at_y = rng.uniform(3, 4, 2)
        near = np.exp(-(((columns - at_x) / wide) ** 2 + ((rows - at_y) / tall) ** 2) / 2)
        colour = np.exp(rng.uniform(np.log(10), np.log(160))) * (1 + rng.normal(0, 0.1, 3))
        out[y : y + 8, x : x + 8] += near[..., None] * colour.astype(np.float32)
    return np.clip(out, 0, 255)


def add_whitecaps(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The picture of a rough sea: waves along one direction, and up to two hundred breakers of one to six pixels. No vessels."""
    side = pixels.shape[0]
    caps, waves = np.zeros((side, side), np.float32), rng.standard_normal((side, side), np.float32)
    count = int(np.exp(rng.uniform(np.log(5), np.log(200))))
    at = rng.uniform(0, side, (count, 2))
    bright = rng.exponential(np.exp(rng.uniform(np.log(6), np.log(60))), count)
    for size in range(6):
        here = at[rng.random(count) < 0.6**size]
        y, x = here.astype(int).T % side
        np.add.at(caps, (y, x), bright[: len(here)] * rng.uniform(0.3, 1, len(here)))
        at = at + rng.normal(0, 0.9, at.shape)
    along = int(rng.integers(2))
    for _ in range(int(rng.integers(1, 4))):
        waves = (waves + np.roll(waves, 1, along) + np.roll(waves, (1, int(rng.integers(-1, 2))), (along, 1 - along))) / 2
    haze = _soft(_soft(caps)) * 3 if rng.random() < 0.5 else 0
    return np.clip(pixels + (_soft(caps) + haze + waves * rng.uniform(0, 2))[..., None], 0, 255).astype(np.float32)


def _soft(plane: np.ndarray) -> np.ndarray:
    """Blurred by the imager: a standard deviation of about BLUR pixels each way."""
    for axis in (0, 1):
        plane = 0.7 * plane + 0.15 * (np.roll(plane, 1, axis) + np.roll(plane, -1, axis))
    return plane


def _edge(distance: np.ndarray) -> np.ndarray:
    """Share of a blurred edge: 0 far outside, 1 far inside, half on it (a logistic of the blur's width)."""
    return 1 / (1 + np.exp(-np.clip(distance * (1.7 / BLUR), -30, 30)))


def _hull(along: np.ndarray, across: np.ndarray, vessel: Vessel) -> np.ndarray:
    half, beam = vessel.length / 2, vessel.breadth / 2
    taper = np.clip((half - along) / (1.2 * vessel.breadth), 0.15, 1)
    return _edge(half - np.abs(along)) * _edge(beam * taper - across)


def _wake(along: np.ndarray, across: np.ndarray, vessel: Vessel, rng: np.random.Generator) -> np.ndarray:
    behind = -along - vessel.length / 2
    strength = vessel.wake * min(60.0, float(vessel.deck.mean()))
    fade = np.exp(-np.clip(behind, 0, None) / rng.uniform(6, 50)) * _edge(behind)
    width = 0.4 * vessel.breadth + 0.04 * np.clip(behind, 0, None) + 0.4
    arms = np.exp(-(((across - KELVIN * np.clip(behind + vessel.length / 2, 0, None)) / 0.8) ** 2)) * rng.uniform(0, 0.4)
    streaks = 1 + 0.3 * rng.standard_normal(along.shape, np.float32)
    return (strength * fade * (np.exp(-((across / width) ** 2)) + arms) * streaks).astype(np.float32)
