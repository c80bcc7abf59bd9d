"""The model card: CARD.template.md with its tables filled from the measured numbers, and the picture."""

from __future__ import annotations

from pathlib import Path
from string import Template

import numpy as np

from evaluate import SHIPPED_SEED
from export import NAME
from judge import AIMED, ALLOWED
from picture import picture

WANTED = 0.7
TEMPLATE = Path(__file__).with_name("CARD.template.md")
NOTICE = "<!-- Written by ground-tools/training/vessels/publish.py: change the template there, not this file. -->\n"
Numbers = dict[str, object]


def write_card(folder: Path, metrics: Numbers) -> None:
    study = metrics["study"]
    net, cfar, seeds = study["seeds"][SHIPPED_SEED], study["cfar"], study["seeds"]
    total, calibration = net["total"], study["shipped"]["calibration"]
    values = {
        "parameters": f"{metrics['parameters']:,}",
        "threshold": f"{metrics['threshold']:.3f}",
        "checked": f"{total['checkedKm2']:.0f}",
        "ships": total["ships"],
        "at_sea": total["shipsAtSea"],
        "verdict": verdict(total, cfar["total"]),
        "aimed": f"{AIMED:g}",
        "spread": spread(seeds),
        "headline": headline(seeds, cfar, study["scalings"]),
        "ports": port_table(net, cfar),
        "lengths": table(["long side of the box, px", "ships", "found"],
                         [[f"{b['fromPx']}–{b['toPx'] - 1}", str(b["ships"]), str(b["found"])] for b in net["byLength"]]),  # fmt: skip
        "length_error": f"{net['lengthError']:.0%}",
        "curve": curve_table(net, cfar),
        "calibration": table(["score", "peaks", "mean score", "vessels among them"],
                             [[f"{b['from']:g}–{b['to']:g}", str(b["peaks"]), f"{b['meanScore']:.2f}", f"{b['vessels']:.2f}"] for b in calibration["bins"]]),  # fmt: skip
        "calibration_error": f"{calibration['expectedError']:.3f}",
        "elsewhere": table(["score", "peaks", "labelled ships among them"],
                           [[f"{b['from']:g}–{b['to']:g}", str(b["peaks"]), f"{b['labelled']:.2f}"] for b in calibration["elsewhere"]]),  # fmt: skip
        "variants": table(["", "heat differs by, at most", "on average", "cells above the threshold in fp32", "cells that change sides", "bytes"],
                          [[name, f"{v['heatMaxDifference']:.4f}", f"{v['heatMeanDifference']:.6f}", str(v["cellsAboveInFp32"]), str(v["cellsThatChangeSides"]), f"{v['bytes']:,}"]
                           for name, v in metrics["variants"].items()]),  # fmt: skip
        "on_land": f"{100 * metrics['onLand']['reports'] / metrics['onLand']['km2']:.1f}",
        "land_km2": f"{metrics['onLand']['km2']:.0f}",
        "onnx_difference": f"{metrics['onnxMaxDifference']:.1e}",
    }
    (folder / "VESSEL_DETECTOR.md").write_text(NOTICE + Template(TEMPLATE.read_text()).substitute(values))
    (folder / f"{NAME}.svg").write_text(picture(study, SHIPPED_SEED))


def verdict(total: Numbers, cfar: Numbers) -> str:
    """The requirement, met or not, in one sentence."""
    rate = total["falseAlarmsPer100Km2"]
    words = ["reached" if total[key] >= WANTED and rate <= ALLOWED else "not reached" for key in ("recallAtSea", "recall")]
    return (
        f"**The aim is {WANTED:.0%} of the ships at one false alarm on 100 km² of checked sea, at most. With the ships at sea it is {words[0]}: "
        f"{total['foundAtSea']} of {total['shipsAtSea']} ({total['recallAtSea']:.0%}) at {rate:.2f}. With all labelled ships, most of them in harbours, it is {words[1]}: "
        f"{total['found']} of {total['ships']} ({total['recall']:.0%}).** CFAR: {cfar['foundAtSea']} ({cfar['recallAtSea']:.0%}) at sea and "
        f"{cfar['found']} ({cfar['recall']:.0%}) of all at {cfar['falseAlarmsPer100Km2']:.2f}."
    )


def spread(seeds: Numbers) -> str:
    if len(seeds) == 1:
        return "One seed was run, so no spread is known."
    kept = sum(seed["total"]["recallAtSea"] >= WANTED and seed["total"]["falseAlarmsPer100Km2"] <= ALLOWED for seed in seeds.values())
    return f"{len(seeds)} seeds of all ten trainings were run; at sea {kept} of them reach the aim. Seed {SHIPPED_SEED} ships, as it did before the others were run."


def headline(seeds: Numbers, cfar: Numbers, scalings: Numbers) -> str:
    rows = [[f"**net, seed {SHIPPED_SEED}**", *_row(seeds[SHIPPED_SEED]["total"])]]
    if len(seeds) > 1:
        parts = [[part["total"][key] for part in seeds.values()] for key in KEYS]
        rows.append([f"net, {len(seeds)} seeds: mean (least–most)", *(f"{np.mean(p):.2f} ({min(p):.2f}–{max(p):.2f})" for p in parts)])
    names = {"eurosat": "the same pictures in EuroSAT's scaling", "eurosatWithHaze": "… with a clear sky's haze"}
    rows += [[names[key], *_row(total)] for key, total in scalings.items()]
    rows.append(["CFAR", *_row(cfar["total"])])
    return table(["", "recall", "at sea", "in harbours", "false alarms on 100 km² of checked sea", "detections without a label on 100 km² elsewhere"], rows)


KEYS = ("recall", "recallAtSea", "recallInHarbour", "falseAlarmsPer100Km2", "elsewherePer100Km2")


def _row(total: Numbers) -> list[str]:
    return [f"{total[key]:.2f}" for key in KEYS]


def port_table(net: Numbers, cfar: Numbers) -> str:
    rows = [
        [n["port"].replace("_", " "), f"{n['threshold']:.2f}", f"{n['found']} of {n['ships']}", f"{n['foundAtSea']} of {n['shipsAtSea']}", f"{n['checkedKm2']:.0f}",
         f"{n['false']} + {n['points']}", str(n["ignored"]), f"{n['elsewhere']} on {n['otherKm2']:.0f}", str(c["found"]), f"{c['false']} + {c['points']}"]
        for n, c in zip(net["ports"], cfar["ports"], strict=True)
    ]  # fmt: skip
    head = ["port", "raw threshold", "found", "at sea", "checked km²", "false alarms + points", "vessels without a label", "without a label elsewhere, on km²", "CFAR found", "CFAR false + points"]
    return table(head, rows)


def curve_table(net: Numbers, cfar: Numbers) -> str:
    head = ["false alarms on 100 km², at most", *(f"{p['per100Km2']:g}" for p in net["curve"])]
    pairs = (("net", net, "recall"), ("net, at sea", net, "recallAtSea"), ("CFAR", cfar, "recall"), ("CFAR, at sea", cfar, "recallAtSea"))
    return table(head, [[name, *(f"{p[key]:.2f}" for p in numbers["curve"])] for name, numbers, key in pairs])


def table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])
