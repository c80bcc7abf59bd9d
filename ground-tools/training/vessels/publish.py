"""Writes what ships: `python publish.py SEN2SHIPS EUROSAT NETS STUDY MODELS`. STUDY is what evaluate.py wrote, NETS has all-0.pt.

Weights, graph, vessel-detector.metrics.json, the card with its picture, and the entries of the mission's list.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from pathlib import Path

import numpy as np
import torch

from card import write_card
from data import land, ports
from detect import by_net
from enter import VERSION, list_model
from evaluate import SHIPPED_SEED
from export import NAME, export, folded, reference
from model import load
from variants import compared, made, session, tiles_of

SAME_WITHIN = 1e-4
REFLECTANCE_AT_255 = {"trained": round(1 / 3, 4), "alsoGoodFor": 0.275}
Numbers = dict[str, object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("data", "eurosat", "nets", "study", "models"):
        parser.add_argument(name, type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    study = json.loads(args.study.read_text())
    line = (study["shipped"]["calibration"]["slope"], study["shipped"]["calibration"]["shift"])
    net = load(args.nets / f"all-{SHIPPED_SEED}.pt")
    export(args.models, net, line, VERSION)
    graph, tiles = args.models / f"{NAME}.onnx", tiles_of(ports(args.data))
    found, wanted = session(graph).run(None, {"tiles": tiles[::20]}), reference(net, line, tiles[::20])
    # sizes are compared by ratio, the rest as it is
    found[2], wanted[2] = np.log(found[2]), np.log(wanted[2])
    difference = max(float(np.abs(a - b).max()) for a, b in zip(found, wanted, strict=True))
    if difference > SAME_WITHIN:
        raise ValueError(f"{graph}: onnxruntime differs from torch by {difference}")
    raw = study["shipped"]["threshold"]
    cut = 1 / (1 + math.exp(-(line[0] * math.log(raw / (1 - raw)) + line[1])))
    with tempfile.TemporaryDirectory() as folder:
        places = made(graph, tiles, Path(folder))
        variants = compared(places, tiles, cut)
        sizes = {name: path.stat().st_size for name, path in places.items() if name != "fp32"}
    ashore = land(args.eurosat, "test")
    on_land = sum(int((by_net(net, tile)[:, 4] >= raw).sum()) for tile in ashore)
    total = study["seeds"][SHIPPED_SEED]["total"]
    keys = ("recall", "recallAtSea", "falseAlarmsPer100Km2", "checkedKm2")
    metrics: Numbers = {
        "parameters": sum(value.size for value in folded(net, line).values()),
        "threshold": round(cut, 4),
        "reflectanceAt255": REFLECTANCE_AT_255,
        "trainingData": {"source": "sen2ships (ten ports) and land tiles of EuroSAT, both MIT; contain modified Copernicus Sentinel data", "ships": total["ships"]},
        "summary": {"study": "leave one port out", **{key: round(total[key], 4) for key in keys}},
        "onLand": {"tiles": len(ashore), "km2": ashore[..., 0].size / 1e4, "reports": on_land},
        "study": study,
        "onnxMaxDifference": difference,
        "variants": {name: {**values, "bytes": sizes[name]} for name, values in variants.items()},
    }
    (args.models / f"{NAME}.metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    write_card(args.models, metrics)
    list_model(args.models)
    print(f"{NAME}: threshold {cut:.3f}, ONNX differs by {difference:.1e} at most")


if __name__ == "__main__":
    main()
