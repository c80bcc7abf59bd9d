"""Writes model.json: a signed manifest as cbor2 encodes it canonically and the cryptography package signs it.

    python3 -m venv VENV && VENV/bin/pip install cbor2==6.3.0 cryptography==50.0.2
    VENV/bin/python hwtests/vectors/makeModelVectors.py
"""

import hashlib
import json
import struct
from importlib.metadata import version
from pathlib import Path

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

# The secret key of test 1 of RFC 8032, 7.1.
SECRET = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")

graph = bytes(range(100))
weights = bytes(i * 7 & 255 for i in range(5000))
manifest = {
    "format": "perigee-model/1",
    "name": "mean",
    "version": "1.2.3",
    "serial": 70_000,
    "files": {
        role: {"path": path, "bytes": len(data), "sha256": hashlib.sha256(data).digest()}
        for role, path, data in (("graph", "mean.onnx", graph), ("weights", "mean.safetensors", weights))
    },
    "inputs": [{"name": "x", "shape": ["N", 3]}],
    "outputs": [{"name": "y", "shape": ["N"]}, {"name": "other", "shape": ["N", 2]}],
    "classes": ["bright", "größer"],
    "canary": {
        "count": 2,
        "input": {"type": "u8", "data": bytes([0, 1, 2, 253, 254, 255])},
        "outputs": {
            "y": struct.pack("<2f", 0.5, -1.25),
            "other": struct.pack("<4f", 1, 2, 3, 4),
        },
        "tolerance": 0.1,
    },
    "protection": {
        "eccBytes": 4000,
        "eccSha256": hashlib.sha256(weights[:4000]).digest(),
        "exponent": [{"tensor": "w", "bound": 0.3}],
    },
    "about": {"license": "Apache-2.0", "metrics": {"accuracy": 0.983, "tiles": 8308}},
}

key = Ed25519PrivateKey.from_private_bytes(SECRET)
public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
encoded = cbor2.dumps(manifest, canonical=True)
key_id = hashlib.sha256(public).digest()[:8]
envelope = b"PGEMODEL" + struct.pack(">II", 1, len(encoded)) + key_id + key.sign(encoded) + encoded

out = {
    "made by": f"cbor2 {version('cbor2')}, cryptography {version('cryptography')}",
    "privatePem": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    "publicPem": key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
    "keyId": key_id.hex(),
    "envelope": envelope.hex(),
}
Path(__file__).with_name("model.json").write_text(json.dumps(out, indent=2) + "\n")
