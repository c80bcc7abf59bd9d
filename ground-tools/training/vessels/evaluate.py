"""Leave-one-port-out: `python evaluate.py SEN2SHIPS NETS OUT`. NETS holds PORT-SEED.pt of `train.py --without PORT`.

Every port is scored by the net that had not seen it, at the threshold that the other nine ports give, each of which was searched by
the net that had not seen that one: the lowest with at most 0.7 false alarms on 100 km2 of checked sea.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from calibration import calibration
from data import hulls, ports
from detect import by_cfar, by_net
from judge import HIT, KM2, Judged, at_sea, judge, threshold
from model import load

SHIPPED_SEED = "0"
TO_EUROSAT = 1 / (3 * 0.275)
"""sen2ships is reflectance x 3 x 255, EuroSAT's scaling is reflectance / 0.275 x 255."""
HAZE = np.array([19, 37, 70])
"""What the air adds above the surface's reflectance in a clear sky, red, green, blue: 0.02, 0.04, 0.075, in EuroSAT's levels."""
Numbers = dict[str, object]
SCALINGS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "eurosat": lambda pixels: np.clip(pixels * TO_EUROSAT, 0, 255).round().astype(np.uint8),
    "eurosatWithHaze": lambda pixels: np.clip(pixels * TO_EUROSAT + HAZE, 0, 255).round().astype(np.uint8),
}


def cuts(judged: list[Judged]) -> list[float]:
    """For each port the threshold of the other nine."""
    return [threshold([one for one in judged if one is not held]) for held in judged]


def study(judged: list[Judged], thresholds: list[float] | None = None) -> Numbers:
    """Each port at the threshold of the other nine (or at that given), and all together."""
    rows: list[Numbers] = []
    found: list[np.ndarray] = []
    for held, cut in zip(judged, thresholds or cuts(judged), strict=True):
        above = held.found[:, 4] >= cut
        hit, sea = held.ships_found(cut), at_sea(held.port)
        found.append(hit)
        kinds = ("hits", "false", "points", "ignored", "elsewhere")
        count = {name: int((above & (held.kind == kind)).sum()) for kind, name in enumerate(kinds)}
        rest = held.port.sea.size * KM2 - held.km2
        rows.append({"port": held.port.name, "threshold": cut, "ships": len(hit), "found": int(hit.sum()), "shipsAtSea": int(sea.sum()),
                     "foundAtSea": int((hit & sea).sum()), "checkedKm2": held.km2, "otherKm2": rest, **count})  # fmt: skip
    total = {key: sum(row[key] for row in rows) for key in rows[0] if key not in ("port", "threshold")}
    total["falseAlarmsPer100Km2"] = 100 * (total["false"] + total["points"]) / total["checkedKm2"]
    total["recall"], total["recallAtSea"] = total["found"] / total["ships"], total["foundAtSea"] / total["shipsAtSea"]
    total["recallInHarbour"] = (total["found"] - total["foundAtSea"]) / (total["ships"] - total["shipsAtSea"])
    total["elsewherePer100Km2"] = 100 * total["elsewhere"] / total["otherKm2"]
    return {"ports": rows, "total": total, "byLength": by_length(judged, found), "curve": curve(judged), "lengthError": length_error(judged)}


def length_error(judged: list[Judged]) -> float:
    """Median of |length found - length of a usual hull in the box| / that length, over all hits."""
    errors = [np.abs(one.found[hit, 2] / hulls(one.port.boxes)[one.ship[hit], 2] - 1) for one in judged for hit in [one.kind == HIT]]
    return float(np.median(np.concatenate(errors)))


def by_length(judged: list[Judged], found: list[np.ndarray]) -> list[Numbers]:
    length = np.concatenate([(one.port.boxes[:, 2:] - one.port.boxes[:, :2]).max(1) for one in judged])
    hit, edges = np.concatenate(found), [0, 9, 12, 18, 25, 50]
    bins = [(a, b, (length >= a) & (length < b)) for a, b in zip(edges, edges[1:])]
    return [{"fromPx": a, "toPx": b, "ships": int(chosen.sum()), "found": int(hit[chosen].sum())} for a, b, chosen in bins]


def curve(judged: list[Judged]) -> list[Numbers]:
    """Recall, all and at sea, at one threshold for all ports, for false alarm rates from 0.2 to 20 on 100 km2."""
    sea = np.concatenate([at_sea(one.port) for one in judged])
    points = []
    for rate in (0.2, 0.5, 1, 2, 5, 10, 20):
        cut = threshold(judged, rate)
        hit = np.concatenate([one.ships_found(cut) for one in judged])
        points.append({"per100Km2": rate, "threshold": cut, "recall": float(hit.mean()), "recallAtSea": float(hit[sea].mean())})
    return points


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("data", "nets", "out"):
        parser.add_argument(name, type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    all_ports = ports(args.data)
    result: Numbers = {"cfar": study([judge(port, by_cfar(port.pixels)) for port in all_ports]), "seeds": {}, "scalings": {}}
    report("cfar", result["cfar"])
    for seed in sorted({path.stem.rsplit("-", 1)[1] for path in args.nets.glob("*.pt")}):
        paths = [args.nets / f"{port.name}-{seed}.pt" for port in all_ports]
        if not all(path.exists() for path in paths):
            print(f"seed {seed}: not every port has a net, left out")
            continue
        nets = [load(path) for path in paths]
        judged = [judge(port, by_net(net, port.pixels)) for port, net in zip(all_ports, nets, strict=True)]
        result["seeds"][seed] = study(judged)
        report(f"seed {seed}", result["seeds"][seed])
        if seed != SHIPPED_SEED:
            continue
        result["shipped"] = {"threshold": threshold(judged), "calibration": calibration(judged)}
        for name, scaled in SCALINGS.items():
            again = [judge(port, by_net(net, scaled(port.pixels))) for port, net in zip(all_ports, nets, strict=True)]
            result["scalings"][name] = study(again, cuts(judged))["total"]
            print(f"    {name}: {result['scalings'][name]}", flush=True)
    args.out.write_text(json.dumps(result, indent=2) + "\n")


def report(name: str, numbers: Numbers) -> None:
    t = numbers["total"]
    print(f"{name}: found {t['found']} of {t['ships']} ({t['recall']:.3f}), at sea {t['foundAtSea']} of {t['shipsAtSea']}, "
          f"{t['falseAlarmsPer100Km2']:.2f} false alarms per 100 km2 on {t['checkedKm2']:.0f} km2 ({t['points']} of them points), "
          f"{t['elsewherePer100Km2']:.0f} detections without a label per 100 km2 elsewhere")  # fmt: skip
    for row in numbers["ports"]:
        print("   ", {key: round(value, 3) if isinstance(value, float) else value for key, value in row.items()})
    print("   ", [(c["per100Km2"], round(c["recall"], 2), round(c["recallAtSea"], 2)) for c in numbers["curve"]], flush=True)


if __name__ == "__main__":
    main()
