"""Golden vectors of the Reed-Solomon code, made by PyPI reed-solomon-ccsds.

    python3 -m venv /tmp/coding && /tmp/coding/bin/pip install reed-solomon-ccsds==1.0.3
    /tmp/coding/bin/python hwtests/vectors/makeCodingVectors.py    # rewrites coding.json beside this file
"""

import hashlib
import json
from importlib.metadata import version
from pathlib import Path

from reed_solomon_ccsds import decode, encode


def data_of(seed: int, length: int) -> bytes:
    """`length` bytes of SHA-256 in counter mode: any language can make them again."""
    blocks = (hashlib.sha256(f"{seed}:{i}".encode()).digest() for i in range(length // 32 + 1))
    return b"".join(blocks)[:length]


vectors = []
for interleave in range(1, 6):
    for seed, data in ((0, bytes(223 * interleave)), (interleave, data_of(interleave, 223 * interleave))):
        block = encode(data, dual_basis=True, interleaving=interleave)
        wrong = bytearray(block)
        for word in range(interleave):
            for k in range(16):
                wrong[word + interleave * ((k * 37 + word * 11 + seed) % 255)] ^= (k * 29 + 1) & 0xFF
        status, back = decode(bytes(wrong), dual_basis=True, interleaving=interleave)
        assert back == data
        vectors.append(
            {
                "interleave": interleave,
                "data": data.hex(),
                "parity": block[len(data):].hex(),
                "wrong": bytes(wrong).hex(),
                "corrected": sum(status),
            }
        )

out = {"madeBy": {"reed-solomon-ccsds": version("reed-solomon-ccsds")}, "blocks": vectors}
Path(__file__).with_name("coding.json").write_text(json.dumps(out, indent=1) + "\n")
