"""Arrays in a safetensors file, float32 alone: what Perigee's models come in."""

import json
from pathlib import Path

import numpy as np
from flwr.app import Array, ArrayRecord


def read_arrays(path: Path) -> ArrayRecord:
    """The tensors of a file, in the order of its header."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    record = ArrayRecord()
    for name, about in json.loads(data[8:start]).items():
        if name == "__metadata__":
            continue
        if about["dtype"] != "F32":
            raise ValueError(f"{path}: {name} is {about['dtype']}, F32 expected")
        first, end = about["data_offsets"]
        values = np.frombuffer(data[start + first : start + end], "<f4").reshape(about["shape"])
        record[name] = Array(values)
    return record


def write_arrays(path: Path, arrays: ArrayRecord) -> None:
    """Writes them whole or not at all."""
    header: dict[str, dict[str, object]] = {}
    parts: list[bytes] = []
    at = 0
    for name, array in arrays.items():
        values = np.ascontiguousarray(array.numpy(), "<f4")
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [at, at + values.nbytes]}
        parts.append(values.tobytes())
        at += values.nbytes
    head = json.dumps(header).encode()
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(len(head).to_bytes(8, "little") + head + b"".join(parts))
    temporary.replace(path)
