"""The model card: MODEL_CARD.template.md with its tables filled from the measured numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from string import Template

import numpy as np

Numbers = dict[str, object]
Columns = dict[str, Callable[[Numbers], float]]
TEMPLATE = Path(__file__).with_name("MODEL_CARD.template.md")
SUN = "Sun's elevation"
NOTICE = "<!-- Written by ground-tools/training/quantise.py: change the template there, not this file. -->\n"


def write_card(path: Path, metrics: Numbers) -> None:
    cloud, surface, data = metrics["cloud-screener"], metrics["surface-vit"], metrics["data"]
    classes = data["classes"]
    cloud_test, surface_test = shipped(cloud)["test"], shipped(surface)["test"]
    values = {
        "tiles": f"{data['meta']['tiles']:,}",
        "source": data["meta"]["source"],
        "tile_seed": data["meta"]["seed"],
        "min_sun": data["meta"]["minSunElevationDeg"],
        "split_table": split_table(data),
        "seed_count": len(cloud["seeds"]),
        "screener_parameters": f"{cloud['parameters']:,}",
        "vit_parameters": f"{surface['parameters']:,}",
        "clouded_threshold": shipped(cloud)["threshold"],
        "water_threshold": shipped(surface)["threshold"],
        "cloud_table": score_table(
            "cloud screener", [s["test"] for s in cloud["seeds"]], cloud_test, cloud["baselines"], CLOUD_COLUMNS
        ),
        "cloud_false_alarms": false_alarm_table(cloud_test),
        "cloud_auc": f"{cloud_test['areaUnderRoc']:.3f}",
        "cloud_error": f"{cloud_test['meanAbsoluteError']:.3f}",
        "cloud_confusion": confusion_table(cloud_test, ["clear", "clouded"]),
        "cloud_sun": band_table(SUN, cloud_test["bySunElevation"]),
        "cloud_latitude": band_table("latitude, north or south", cloud_test["byLatitude"]),
        "class_table": score_table(
            "ViT", [s["test"]["classes"] for s in surface["seeds"]], surface_test["classes"], surface["baselines"]["classes"]
        ),
        "class_detail": class_table(surface_test["classes"], surface["baselines"]["classes"], classes),
        "class_confusion": confusion_table(surface_test["classes"], classes),
        "class_calibration": f"{surface_test['classes']['expectedCalibrationError']:.3f}",
        "water_table": score_table(
            "ViT", [s["test"]["water"] for s in surface["seeds"]], surface_test["water"], surface["baselines"]["water"]
        ),
        "water_error": f"{surface_test['water']['meanAbsoluteError']:.3f}",
        "water_sun": band_table(SUN, surface_test["water"]["bySunElevation"]),
        "forms_tiles": forms_tiles({"cloud screener": cloud, "surface ViT": surface}),
        "forms_table": forms_table({"cloud screener": cloud["int8"], "surface ViT": surface["int8"]}),
    }
    path.write_text(NOTICE + Template(TEMPLATE.read_text()).substitute(values))


def shipped(model: Numbers) -> Numbers:
    return next(s for s in model["seeds"] if s["seed"] == model["shippedSeed"])


COLUMNS: Columns = {
    "accuracy": lambda s: s["accuracy"],
    "balanced accuracy": lambda s: s["balancedAccuracy"],
}
CLOUD_COLUMNS: Columns = {
    **COLUMNS,
    "clouded found": lambda s: s["recall"][1],
    "clear lost": lambda s: 1 - s["recall"][0],
    "F1 of clouded": lambda s: s["f1"][1],
}


def score_table(name: str, seeds: list[Numbers], chosen: Numbers, baselines: Numbers, columns: Columns = COLUMNS) -> str:
    rows = [
        [f"**{name}, shipped**", *(f"**{of(chosen):.4f}**" for of in columns.values())],
        [f"{name}, {len(seeds)} seeds: least–most", *(spread([of(s) for s in seeds]) for of in columns.values())],
    ]
    rows += [[key, *(f"{of(scores):.4f}" for of in columns.values())] for key, scores in baselines.items()]
    return table(["", *columns], rows)


def spread(values: list[float]) -> str:
    return f"{min(values):.4f}–{max(values):.4f}"


def false_alarm_table(scores: Numbers) -> str:
    found = [f"{share:.3f}" for share in scores["recallAtFalseAlarm"]]
    rates = [f"{rate:.0%}" for rate in scores["falseAlarmRates"]]
    return table(["clear tiles lost, at most", *rates], [["clouded tiles found", *found]])


def class_table(scores: Numbers, baselines: Numbers, classes: list[str]) -> str:
    best = np.max([b["f1"] for b in baselines.values()], axis=0)
    rows = [
        [name, *(f"{scores[key][i]:.3f}" for key in ("precision", "recall", "f1")), f"{best[i]:.3f}"]
        for i, name in enumerate(classes)
    ]
    return table(["class", "precision", "recall", "F1", "best baseline's F1"], rows)


def confusion_table(scores: Numbers, classes: list[str]) -> str:
    rows = [[f"**{name}**", *map(str, counts)] for name, counts in zip(classes, scores["confusion"], strict=True)]
    return table(["truth ↓ decided →", *classes], rows)


def band_table(name: str, bands: list[Numbers]) -> str:
    rows = [[f"{b['fromDeg']}–{b['toDeg']}°", str(b["tiles"]), f"{b['accuracy']:.4f}"] for b in bands]
    return table([name, "tiles", "accuracy"], rows)


def forms_tiles(networks: dict[str, Numbers]) -> str:
    """Whether the two forms were compared on the tiles of the other tables: the simulator may have changed since the training."""
    if all(own["int8"]["tiles"] == own["tiles"]["test"] for own in networks.values()):
        return "on the tiles of the tables above"
    return "on tiles of the same test strips, made anew: the simulated sky has changed since the training, so they are not the very tiles of the tables above"


def forms_table(networks: dict[str, Numbers]) -> str:
    rows = [
        [
            f"{name}: {decision}",
            str(own["tiles"]),
            *(f"{forms[form][key]:.4f}" for key in ("accuracy", "balancedAccuracy") for form in ("float32", "int8")),
            f"{own['differsOnAverage']:.4f}, at most {own['differsAtMost']:.2f}",
            " → ".join(f"{size:,}" for size in own["bytes"].values()),
        ]
        for name, own in networks.items()
        for decision, forms in own["decisions"].items()
    ]
    both = ["accuracy, float32", "int8", "balanced, float32", "int8"]
    return table(["decision", "tiles", *both, "outputs differ by", "bytes of weights"], rows)


def split_table(data: Numbers) -> str:
    rows = [
        [part, str(v["tiles"]), f"{v['clouded']:.1%}", *(f"{share:.1%}" for share in v["classes"])]
        for part, v in data["split"].items()
    ]
    return table(["", "tiles", "clouded", *data["classes"]], rows)


def table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])
