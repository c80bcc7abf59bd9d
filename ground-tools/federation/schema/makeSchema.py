"""Prints the wire schema of the Fleet API of the flwr that is installed, as flwr.json keeps it.

The wheel carries no .proto files, but its generated modules carry their descriptors: what the Fleet service needs of
them is put into one FileDescriptorSet, dependencies first.

    python3 -m venv VENV && VENV/bin/pip install flwr==1.41.0
    VENV/bin/python ground-tools/federation/schema/makeSchema.py > ground-tools/federation/schema/flwr.json
"""

import json
from base64 import b64encode
from importlib.metadata import version

from flwr.proto import fleet_pb2
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet


def add(file: FileDescriptor, to: FileDescriptorSet, done: set[str]) -> None:
    """Adds a file after all that it imports."""
    if file.name in done:
        return
    done.add(file.name)
    for dependency in file.dependencies:
        add(dependency, to, done)
    file.CopyToProto(to.file.add())


def main() -> None:
    """Prints one JSON object: the version of flwr, and the set in base64."""
    files = FileDescriptorSet()
    add(fleet_pb2.DESCRIPTOR, files, set())
    text = b64encode(files.SerializeToString(deterministic=True)).decode()
    print(json.dumps({"flwr": version("flwr"), "descriptors": text}, indent=1))


main()
