"""How far csmask agrees with itself where it sees no more than we do: `python ceiling.py SCENES.npz OUT.json`.

csmask has the whole scene around a pixel; a tile of 96 x 96 has not. Its answers to the tiles of the Landsat columns, one by one,
against its answers to the scene. It was made for 256 x 256, so that is a mark for a student that sees tiles, not a bound.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from data import PARTS, SUN_ASSUMED, SUN_TRIED, Scene, joined, load, tiles
from teacher import classes


def alone(scene: Scene) -> float:
    """Share of pixels on which csmask decides cloud or not as with the scene around."""
    parts, corners = tiles(scene.reflectance)
    decided = np.stack([classes(part) == 1 for part in parts])
    return float((joined(decided, corners, scene.label.shape) == scene.cloud).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenes", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    scenes = load(args.scenes)
    wanted = [("validation", SUN_ASSUMED), *(("test", sun) for sun in sorted(SUN_TRIED))]
    found = {f"{part} {sun}": alone(scenes[f"landsat-sun{sun}"].columns(PARTS[part], "")) for part, sun in wanted}
    args.out.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
