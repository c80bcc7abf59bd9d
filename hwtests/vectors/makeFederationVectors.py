"""Writes federation.json: vectors packed by numpy and zlib, what must be read from them, and means of updates.

    python3 -m venv VENV && VENV/bin/pip install numpy==2.4.6
    VENV/bin/python hwtests/vectors/makeFederationVectors.py
"""

import hashlib
import json
import zlib
from pathlib import Path

import numpy as np

N, BLOCK, KEEP = 300, 64, 0.1


def varint(value: int) -> bytes:
    """Unsigned LEB128."""
    out = bytearray()
    while value >= 0x80:
        out.append(value % 0x80 | 0x80)
        value //= 0x80
    return bytes([*out, value])


def section(data: bytes) -> bytes:
    """Deflated where that is shorter, with run lengths and Huffman codes alone."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15, 8, zlib.Z_RLE)
    deflated = deflater.compress(data) + deflater.flush()
    pays = len(deflated) < len(data)
    body = deflated if pays else data
    return varint(len(body) * 2 + pays) + body


def quantised(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Steps (int8) and scales (float32) of blocks; halves go up."""
    scales = np.array(
        [np.abs(values[i : i + BLOCK]).max() for i in range(0, len(values), BLOCK)], dtype=np.float64
    )
    scales = (scales / 127).astype("<f4")
    each = np.repeat(scales, BLOCK)[: len(values)].astype(np.float64)
    steps = np.floor(np.divide(values, each, out=np.zeros(len(values)), where=each > 0) + 0.5)
    return np.clip(steps, -127, 127).astype("i1"), scales


def read(steps: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """What the receiver has."""
    each = np.repeat(scales, BLOCK)[: len(steps)]
    return (steps.astype(np.float64) * each.astype(np.float64)).astype("<f4")


def hexed(values: np.ndarray) -> str:
    """Little-endian float32 in hex."""
    return values.astype("<f4").tobytes().hex()


rng = np.random.default_rng(7)
values = (rng.standard_normal(N) ** 3 * 0.01).astype("<f4")
values[BLOCK : 2 * BLOCK] = 0
places = np.sort(np.argsort(-np.abs(values), kind="stable")[: int(np.ceil(N * KEEP))])
gaps = np.diff(places, prepend=-1) - 1
steps, scales = quantised(values)
kept_steps, kept_scales = quantised(values[places])
sparse = np.zeros(N, "<f4")
sparse[places] = read(kept_steps, kept_scales)
planes = values.view(np.uint8).reshape(N, 4).T.tobytes()

deltas = (rng.standard_normal((4, N)) * 0.1).astype("<f4")
examples, ages = [10, 30, 7, 200], [0, 2, 0, 5]
wide = deltas.astype(np.float64)
fresh = values + np.tensordot(np.array(examples) / sum(examples), wide, 1)
aged = values + np.tensordot(np.array(examples) * (1.0 + np.array(ages)) ** -0.5 / sum(examples), wide, 1)

out = {
    "made by": f"numpy {np.__version__}, zlib {zlib.ZLIB_RUNTIME_VERSION}",
    "values": hexed(values),
    "id": hashlib.sha256(values.tobytes()).hexdigest(),
    "float32": {"packed": (bytes([0]) + varint(N) + section(planes)).hex(), "read": hexed(values)},
    "int8": {
        "block": BLOCK,
        "packed": (
            bytes([1]) + varint(N) + varint(BLOCK) + section(steps.tobytes()) + section(scales.tobytes())
        ).hex(),
        "read": hexed(read(steps, scales)),
    },
    "sparse": {
        "block": BLOCK,
        "keep": KEEP,
        "packed": (
            bytes([2])
            + varint(N)
            + varint(BLOCK)
            + varint(len(places))
            + section(b"".join(varint(int(gap)) for gap in gaps))
            + section(kept_steps.tobytes())
            + section(kept_scales.tobytes())
        ).hex(),
        "read": hexed(sparse),
    },
    "mean": {
        "updates": [
            {"delta": hexed(delta), "examples": count, "age": age}
            for delta, count, age in zip(deltas, examples, ages)
        ],
        "fresh": hexed(fresh),
        "aged": hexed(aged),
    },
}
Path(__file__).with_name("federation.json").write_text(json.dumps(out, indent=2) + "\n")
