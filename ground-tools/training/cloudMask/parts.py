"""What is learned from, validated on, and tested on: three ways to hold places out."""

from __future__ import annotations

from clouds import LANDSAT_FIELDS, PORT_FIELDS, SENTINEL_FIELDS, SENTINEL_TEST_FIELDS
from data import PARTS, SENTINEL_PARTS, SUN_ASSUMED, SUN_TRIED, Scene
from realclouds import OVER_PORTS, OVER_SENTINEL, SAME_GROUND

Scenes = dict[str, Scene]
Weighted = list[tuple[Scene, float]]
# `both` ships. The other two never see one of the scenes at all.
GROUNDS = ("both", "landsat", "sentinel")
VALIDATION_PORT_FIELDS = PORT_FIELDS[-2:]


def learned(scenes: Scenes, ground: str) -> Weighted:
    """Scenes to train on, with the share of the crops that each gives."""
    if ground == "both":
        real = [(scenes[f"sentinel-real{field}"], 0.6) for field in OVER_SENTINEL]
        return [*_learned_landsat(scenes), *_learned_sentinel(scenes), *real]
    return _learned_landsat(scenes) if ground == "landsat" else _learned_sentinel(scenes)


def validated(scenes: Scenes, ground: str) -> list[Scene]:
    """Scenes that choose the step and the seed."""
    landsat = [
        *(_part(scenes, name, PARTS["validation"]) for name in _suns()),
        *(scenes[f"ports-clouds{field}"] for field in VALIDATION_PORT_FIELDS),
    ]
    sentinel = [_part(scenes, name, SENTINEL_PARTS["validation"]) for name in _sentinel(SENTINEL_FIELDS)]
    return {"both": [*landsat, *sentinel], "landsat": landsat, "sentinel": sentinel}[ground]


def tested(scenes: Scenes, ground: str) -> list[Scene]:
    """Scenes that only the tables have seen: whole ones where the network knows nothing of the place, else the test columns."""
    clouded = _sentinel(SENTINEL_TEST_FIELDS)
    if ground == "landsat":
        return [scenes[name] for name in clouded]
    if ground == "sentinel":
        return [scenes[name] for name in _suns()]
    columns = [_part(scenes, name, SENTINEL_PARTS["test"]) for name in clouded]
    return [*(_part(scenes, name, PARTS["test"]) for name in _suns()), *columns]


def _learned_landsat(scenes: Scenes) -> Weighted:
    real = [(_part(scenes, name, PARTS["train"]), 2.5) for name in _suns()]
    over = [(_part(scenes, f"landsat-clouds{field}", PARTS["train"]), 0.5) for field in LANDSAT_FIELDS]
    more = [(scenes[f"landsat-real{seed}"], 0.6) for seed in SAME_GROUND]
    more += [(scenes[f"ports-real{seed}"], 0.5) for seed in OVER_PORTS]
    fields = [field for field in PORT_FIELDS if field not in VALIDATION_PORT_FIELDS]
    return [*real, *over, *more, (scenes["ports"], 1.5), *((scenes[f"ports-clouds{field}"], 0.4) for field in fields)]


def _learned_sentinel(scenes: Scenes) -> Weighted:
    return [(_part(scenes, name, SENTINEL_PARTS["train"]), 1.5 if name == "sentinel" else 1.0) for name in _sentinel(SENTINEL_FIELDS)]


def _part(scenes: Scenes, name: str, columns: slice) -> Scene:
    return scenes[name].columns(columns, name)


def _suns() -> list[str]:
    """The assumed Sun first."""
    return [f"landsat-sun{sun}" for sun in sorted(SUN_TRIED, key=lambda sun: sun != SUN_ASSUMED)]


def _sentinel(fields: range) -> list[str]:
    return ["sentinel", *(f"sentinel-clouds{field}" for field in fields)]
