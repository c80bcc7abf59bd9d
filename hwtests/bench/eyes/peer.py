"""The steps of the eyes bench as Python does them: Pillow, numpy, onnxruntime, one thread.

peer.py <folder of models> <screener> <classifier>, names without their endings; then a line of JSON on the standard input for each task, and one on the standard output for
each answer. {"files": [...]}: decode, tile, screen, classify, pack; answers seconds of the wall and of the processor, the
class of each tile (255: not kept) and the bytes packed. {"tune": [...]}: the same with several batch sizes, of which it
keeps the fastest.
"""

from __future__ import annotations

import base64
import json
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime as ort
from PIL import Image

TILE = 32
CLOUDED = 0.5
DARK = 8.0
NOT_KEPT = 255
RECORD = np.dtype(
    [("frame", ">u2"), ("tile", ">u2"), ("class", "u1"), ("confidence", "u1"), ("water", "u1"), ("x", ">u2"), ("y", ">u2")]
)


def session(models: Path, name: str) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4
    return ort.InferenceSession(str(models / f"{name}.onnx"), options, providers=["CPUExecutionProvider"])


class Eyes:
    """Both networks and the batch size that serves them best here."""

    def __init__(self, models: Path, screener: str, classifier: str) -> None:
        self.screener = session(models, screener)
        self.classifier = session(models, classifier)
        self.batch = 64

    def frame(self, file: str, number: int) -> tuple[np.ndarray, bytes]:
        """The class of each tile and the records of those that were kept."""
        with Image.open(file) as picture:
            pixels = np.asarray(picture.convert("RGB") if picture.mode != "RGB" else picture)
        rows, columns = pixels.shape[0] // TILE, pixels.shape[1] // TILE
        blocks = pixels[: rows * TILE, : columns * TILE].reshape(rows, TILE, columns, TILE, 3)
        # Still bytes: a transposition of bytes moves a quarter of what one of floats would.
        tiles = np.ascontiguousarray(blocks.transpose(0, 2, 4, 1, 3)).reshape(-1, 3, TILE, TILE)
        bright = np.flatnonzero(tiles.mean(axis=(1, 2, 3), dtype=np.float32) >= DARK)
        cloud = self.run(self.screener, ["cloud_fraction"], tiles, bright)[0]
        kept = bright[cloud < CLOUDED]
        classes = np.full(len(tiles), NOT_KEPT, np.uint8)
        if len(kept) == 0:
            return classes, b""
        probabilities, water = self.run(self.classifier, ["probabilities", "water_fraction"], tiles, kept)
        classes[kept] = probabilities.argmax(axis=1)
        records = np.empty(len(kept), RECORD)
        records["frame"] = number
        records["tile"] = kept
        records["class"] = classes[kept]
        records["confidence"] = np.rint(probabilities.max(axis=1) * 255)
        records["water"] = np.rint(water * 255)
        records["x"] = kept % columns * TILE + TILE // 2
        records["y"] = kept // columns * TILE + TILE // 2
        return classes, records.tobytes()

    def run(self, model: ort.InferenceSession, names: list[str], tiles: np.ndarray, which: np.ndarray) -> list[np.ndarray]:
        """A network over the chosen tiles, a batch at a time: floats are made only of what is asked about."""
        parts = [
            model.run(names, {"tiles": tiles[which[at : at + self.batch]].astype(np.float32)})
            for at in range(0, len(which), self.batch)
        ]
        if not parts:
            return [np.empty(0, np.float32) for _ in names]
        return [np.concatenate([part[i] for part in parts]) for i in range(len(names))]

    def tune(self, files: list[str]) -> None:
        seconds = {}
        for self.batch in (16, 32, 64, 128, 256):
            self.frame(files[0], 0)
            start = time.process_time()
            for number, file in enumerate(files):
                self.frame(file, number)
            seconds[self.batch] = time.process_time() - start
        self.batch = min(seconds, key=seconds.__getitem__)


def main() -> None:
    eyes = Eyes(Path(sys.argv[1]), *sys.argv[2:4])
    for line in sys.stdin:
        task = json.loads(line)
        if "tune" in task:
            eyes.tune(task["tune"])
            print(json.dumps({"batch": eyes.batch, "versions": versions()}), flush=True)
            continue
        wall, processor = time.perf_counter(), time.process_time()
        frames = [eyes.frame(file, number) for number, file in enumerate(task["files"])]
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        classes = base64.b64encode(b"".join(found.tobytes() for found, _ in frames)).decode()
        packed = sum(len(records) for _, records in frames)
        print(json.dumps({"wall": wall, "processor": processor, "classes": classes, "packed": packed}), flush=True)


def versions() -> str:
    import PIL

    return f"Pillow {PIL.__version__}, numpy {np.__version__}, onnxruntime {ort.__version__}"


if __name__ == "__main__":
    main()
