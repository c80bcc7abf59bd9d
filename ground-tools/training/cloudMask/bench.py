"""The cloud screener beside csmask on one thread, in one run: `python bench.py --scenes FILE --models DIR --variants DIR`.

CPU seconds a megapixel, the least of several turns taken one after the other, so that a busy machine disturbs all alike. csmask is
timed twice: its network alone on its own tiles of 256 x 256, and as its package runs it on a whole scene (loaded, normalised, tiles
overlapping by a fifth, blended). The ratio that counts is the first, which is the harder for us.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import ukis_csmask.mask as csmask

from data import BANDS, load, tiles
from evaluate import one_thread

TURNS, TILES, CSMASK_TILES, WANTED = 5, 16, 4, 20


def session(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(path), one_thread(), providers=["CPUExecutionProvider"])


def network(path: Path, image: np.ndarray) -> tuple[Callable[[], object], float]:
    """One run of the graph over `image` [n, bands, side, side], and its megapixels."""
    opened = session(path)
    name = opened.get_inputs()[0].name
    return lambda: opened.run(None, {name: image}), image[:, 0].size / 1e6


def measured(jobs: dict[str, tuple[Callable[[], object], float]]) -> dict[str, float]:
    """CPU seconds a megapixel, the least of TURNS after a first."""
    best = dict.fromkeys(jobs, float("inf"))
    for turn in range(TURNS + 1):
        for name, (run, megapixels) in jobs.items():
            started = time.process_time()
            run()
            if turn > 0:
                best[name] = min(best[name], (time.process_time() - started) / megapixels)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("scenes", "models", "variants"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    args = parser.parse_args()
    scene = load(args.scenes)["sentinel"].reflectance
    ours, theirs = tiles(scene)[0][:TILES], scene[None, :, :512, :512]
    theirs = np.concatenate([theirs[..., y : y + 256, x : x + 256] for y in (0, 256) for x in (0, 256)])[:CSMASK_TILES]
    image = np.ascontiguousarray(np.moveaxis(scene, 0, -1))
    reference = Path(csmask.__file__).with_name("model_6b_l1c.onnx")
    jobs = {
        "csmask, network alone": network(reference, theirs),
        "csmask as packaged": (
            lambda: csmask.CSmask(image.copy(), list(BANDS), "l1c", intra_op_num_threads=1, providers=["CPUExecutionProvider"]),
            image[:, :, 0].size / 1e6,
        ),
        "cloud-mask fp32": network(args.models / "cloud-mask.onnx", ours),
        **{f"cloud-mask {kind}": network(args.variants / f"{kind}.onnx", ours) for kind in ("fp16", "int8")},
    }
    found = measured(jobs)
    node = ["node", str(Path(__file__).with_name("bench.mjs")), str(args.models), str(TILES)]
    found["cloud-mask fp32, onnxruntime-node"] = float(subprocess.run(node, capture_output=True, text=True, check=True).stdout)
    base, packaged = found["csmask, network alone"], found["csmask as packaged"]
    print(f"{'CPU s/Mpx, one thread':36} {'':8} times csmask's network   times csmask as packaged")
    for name, seconds in found.items():
        print(f"{name:36} {seconds:8.4f} {base / seconds:8.1f} {packaged / seconds:24.1f}")
    print(json.dumps({"cpuSecondsPerMpx": {name: round(value, 5) for name, value in found.items()}}))
    ratio = base / found["cloud-mask fp32, onnxruntime-node"]
    print(f"cloud-mask in onnxruntime-node is {ratio:.1f} times as fast as csmask's network; {WANTED} wanted")
    raise SystemExit(0 if ratio >= WANTED else 1)


if __name__ == "__main__":
    main()
