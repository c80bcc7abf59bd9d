"""Writes flower.json: messages as the object code of flwr itself takes them apart, and arrays as NumPy writes them.

    python3 -m venv VENV && VENV/bin/pip install flwr==1.41.0
    VENV/bin/python hwtests/vectors/makeFlowerVectors.py
"""

import json
from base64 import b64encode
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from flwr.app import Array, ArrayRecord, ConfigRecord, Error, Message, MetricRecord, RecordDict
from flwr.app.message.message import make_message
from flwr.app.metadata import Metadata
from flwr.proto.message_pb2 import ObjectTree
from flwr.supercore.inflatable.inflatable_object import get_all_nested_objects, get_object_tree

METADATA = {
    "run_id": 2**64 - 3,
    "message_id": "",
    "src_node_id": 11,
    "dst_node_id": 1,
    "reply_to_message_id": "ab" * 32,
    "group_id": "3",
    "created_at": 1_795_524_142.309346,
    "ttl": 43_100.25,
    "message_type": "train",
}


def records() -> RecordDict:
    """Every kind of record and of value; two equal arrays, and a name that JSON escapes."""
    first = np.arange(6, dtype=np.float32).reshape(2, 3) / 7
    arrays = {"head.w": first, "head.b": np.array([-1.5, 0.0, 2.0e-30], np.float32), "größe \u2028": first}
    metrics = {"num-examples": 200, "loss": 0.25, "small": -3, "large": 2**64 - 1, "per-class": [0.5, 1.0], "n": [1, 2]}
    config = {
        "server-round": 1,
        "rate": 0.01,
        "model": "land-cover",
        "shadow": True,
        "key": b"\x00\xff",
        "flags": [True, False],
        "names": ["a", "b"],
        "parts": [b"\x01", b""],
        "big": [2**63, 1],
    }
    return RecordDict(
        {
            "arrays": ArrayRecord({name: Array(values) for name, values in arrays.items()}),
            "metrics": MetricRecord(metrics),
            "config": ConfigRecord(config),
        }
    )


def tree_of(tree: ObjectTree) -> dict[str, object]:
    """A tree in the form of ours."""
    return {"object_id": tree.object_id, "children": [tree_of(child) for child in tree.children]}


def taken_apart(message: Message) -> dict[str, object]:
    """A message's tree, and its objects in base64 by their ids."""
    objects = get_all_nested_objects(message)
    return {
        "tree": tree_of(get_object_tree(message)),
        "objects": {name: b64encode(part.deflate()).decode() for name, part in objects.items()},
    }


def chunked() -> dict[str, object]:
    """An array in three objects, of which two are equal: its tree alone, whose ids are hashes of all."""
    values = np.zeros(3_000_000, np.float32)
    values[-1] = 1
    record = RecordDict({"arrays": ArrayRecord({"zeros": Array(values)})})
    return {"size": values.size, "tree": tree_of(get_object_tree(record))}


def key() -> dict[str, str]:
    """A key on P-384, and its public half as OpenSSH writes it."""
    private = ec.derive_private_key(7**100, ec.SECP384R1())
    ssh = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {"pem": pem.decode(), "ssh": ssh.decode()}


def npy(values: np.ndarray) -> str:
    """A .npy file in base64."""
    file = BytesIO()
    np.save(file, values, allow_pickle=False)
    return b64encode(file.getvalue()).decode()


def main() -> None:
    """Writes the file beside this one."""
    shapes: list[tuple[int, ...]] = [(), (3,), (2, 3), (1, 1, 4), (123_456_789, 0)]
    vectors = {
        "madeWith": {"flwr": version("flwr"), "numpy": version("numpy")},
        "content": taken_apart(make_message(Metadata(**METADATA), records())),
        "error": taken_apart(make_message(Metadata(**METADATA), error=Error(code=3, reason="FED_NORM: too far"))),
        "chunked": chunked(),
        "key": key(),
        "npy": [
            {"dims": list(shape), "file": npy(np.arange(np.prod(shape), dtype=np.float32).reshape(shape))}
            for shape in shapes
        ],
        "float64": npy(np.array([0.1, -2.5])),
    }
    path = Path(__file__).with_name("flower.json")
    path.write_text(json.dumps(vectors, indent=1) + "\n")


main()
