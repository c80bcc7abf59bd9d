"""Validates XTCE files against the schema that fprime-xtce ships, and lists what each holds by path, as JSON."""

import json
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import fprime_xtce
import xmlschema

XTCE = "{http://www.omg.org/spec/XTCE/20180204}"
SCHEMA = xmlschema.XMLSchema(str(Path(fprime_xtce.__file__).parent / "data" / "xtce.xsd"))


def contents(system, path=""):
    path = f"{path}/{system.get('name')}"
    found = []
    for kind in ("Parameter", "SequenceContainer", "MetaCommand"):
        for item in system.iterfind(f"./*/*/{XTCE}{kind}"):
            arguments = [argument.get("name") for argument in item.iterfind(f"./{XTCE}ArgumentList/{XTCE}Argument")]
            found.append(f"{kind} {path}/{item.get('name')}({', '.join(arguments)})")
    for inner in system.iterfind(f"{XTCE}SpaceSystem"):
        found += contents(inner, path)
    return found


print(
    json.dumps(
        [
            {
                "errors": [f"{error.path}: {error.reason}" for error in SCHEMA.iter_errors(file)],
                "contents": sorted(contents(ET.parse(file).getroot())),
            }
            for file in sys.argv[1:]
        ]
    )
)
