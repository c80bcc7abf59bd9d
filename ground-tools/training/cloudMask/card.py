"""The cloud screener's card: CARD.template.md with its tables filled from the measured numbers."""

from __future__ import annotations

from pathlib import Path
from string import Template

from parts import GROUNDS

Numbers = dict[str, object]
WANTED = 0.95
TEMPLATE = Path(__file__).with_name("CARD.template.md")
NOTICE = "<!-- Written by ground-tools/training/cloudMask/publish.py: change the template there, not this file. -->\n"


def write_card(path: Path, metrics: Numbers) -> None:
    values = {
        "parameters": f"{metrics['parameters']:,}",
        "seeds": len(metrics["both"]["seeds"]),
        "shipped_seed": metrics["both"]["shippedSeed"],
        "cuts": ", ".join(f"{seed['cut']:g}" for seed in metrics["both"]["seeds"]),
        "difference": f"{metrics['onnxMaxDifference']:.0e}",
        "train_pixels": f"{metrics['trainingData']['pixels']['train'] / 1e6:.1f}",
        "validation_pixels": f"{metrics['trainingData']['pixels']['validation'] / 1e6:.1f}",
        "cpu_minutes": f"{sum(seed['cpuS'] for ground in GROUNDS for seed in metrics[ground]['seeds']) / 60:.0f}",
        **reached(metrics["both"]),
        "both_confusion": confusion_table(metrics["both"]),
        "ceiling_table": ceiling_table(metrics["teacherOnTiles"]),
        "weak_table": weak_table(metrics["weakTruth"]),
        "variant_tiles": metrics["variantTiles"],
        "variant_table": variant_table(metrics["variants"]),
    }
    for ground in GROUNDS:
        values[f"{ground}_table"] = scene_table(metrics[ground])
        values[f"{ground}_baselines"] = baseline_table(metrics[ground])
        values[f"{ground}_seeds"] = len(metrics[ground]["seeds"])
    path.write_text(NOTICE + Template(TEMPLATE.read_text()).substitute(values))


def shipped(result: Numbers) -> Numbers:
    return next(seed for seed in result["seeds"] if seed["seed"] == result["shippedSeed"])["scenes"]


def reached(result: Numbers) -> Numbers:
    """How many of the clouded scenes come up to WANTED, and where a baseline does better than the network."""
    own = {name: found["agreement"] for name, found in shipped(result).items() if result["scenes"][name]["classes"][1] > 0.01}
    best = {name: max(found[name]["agreement"] for found in result["baselines"].values()) for name in own}
    beaten = [f"`{name}` ({best[name]:.3f})" for name in own if best[name] > own[name]]
    good = sum(agreement >= WANTED for agreement in own.values())
    return {"reached": good, "clouded": len(own), "beaten": ", ".join(beaten) or "none"}


def scene_table(result: Numbers) -> str:
    head = ["scene", "cloud by csmask", "agreement", "all seeds", "balanced", "all seeds", "ECE", "all clear", "csmask, turned"]
    rows = []
    for name, own in shipped(result).items():
        about = result["scenes"][name]
        every = [seed["scenes"][name] for seed in result["seeds"]]
        rows.append([
            name, f"{about['classes'][1]:.1%}", f"**{own['agreement']:.4f}**", spread([s["agreement"] for s in every]),
            ratio(own["balanced"]), spread([s["balanced"] for s in every]), f"{own['calibrationError']:.3f}",
            f"{1 - about['classes'][1]:.4f}", f"{about['teacherTurned']:.4f}",
        ])  # fmt: skip
    return table(head, rows)


def confusion_table(result: Numbers) -> str:
    rows = [[name, *(f"{count:,}" for row in own["confusion"] for count in row)] for name, own in shipped(result).items()]
    return table(["scene", "clear, kept", "clear, called cloud", "cloud, called clear", "cloud, found"], rows)


def baseline_table(result: Numbers) -> str:
    names = list(result["scenes"])

    def cells(found: Numbers) -> list[str]:
        return [f"{found[name]['agreement']:.3f} / {ratio(found[name]['balanced'], 3)}" for name in names]

    rows = [["**cloud-mask**", *cells(shipped(result))]]
    rows += [[rule, *cells(found)] for rule, found in result["baselines"].items()]
    return table(["agreement / balanced", *names], rows)


def ceiling_table(found: Numbers) -> str:
    return table(["Landsat columns, sine of the Sun's elevation", "csmask on tiles alone"], [[name, f"{value:.4f}"] for name, value in found.items()])


def weak_table(weak: Numbers) -> str:
    rows = [
        [name, *(f"{weak[key][score]:.4f}" for score in ("agreement", "balanced", "cloudFound", "clearKept"))]
        for name, key in (("cloud-mask", "network"), ("csmask", "csmask"))
    ]
    return table([f"against the quality band ({weak['cloud']:.1%} cloud)", "agreement", "balanced", "cloud found", "clear kept"], rows)


def variant_table(variants: Numbers) -> str:
    names = list(variants["fp32"]["agreement"])
    rows = [
        [
            kind, f"{own['bytes'] / 1024:.0f}", *(f"{own['agreement'][name]:.4f}" for name in names),
            f"{100 * max(variants['fp32']['agreement'][n] - own['agreement'][n] for n in names):.2f}",
            f"{own['meanDifference']:.4f}", f"{own['otherDecisions']:.2%}",
        ]
        for kind, own in variants.items()
    ]  # fmt: skip
    return table(["", "KiB", *names, "largest drop, points", "mean difference", "other decisions"], rows)


def ratio(value: float | None, digits: int = 4) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def spread(values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{min(known):.4f}–{max(known):.4f}" if known else "–"


def table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])
