"""The picture of the card, SVG: recall over false alarms, and ships found and missed by length."""

from __future__ import annotations

import math

WIDTH, HEIGHT, PLOT = 860, 330, (60, 40, 320, 230)
FROM, TO = 0.2, 20.0
COLOURS = {"net": "#0b6e99", "cfar": "#c8562b", "missed": "#d8d8d8"}
Numbers = dict[str, object]


def picture(study: Numbers, seed: str) -> str:
    left, top, wide, high = PLOT
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
             "<title>Ships found over false alarms, and by length</title>",
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             f'<text x="{left}" y="22">Ships found over false alarms on 100 km² of checked sea</text>']  # fmt: skip
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = top + high * (1 - share)
        parts.append(f'<path d="M{left} {y}h{wide}" stroke="#e4e4e4"/><text x="{left - 8}" y="{y + 4}" text-anchor="end">{share:g}</text>')
    for rate in (0.2, 0.5, 1, 2, 5, 10, 20):
        parts.append(f'<text x="{_x(rate):.1f}" y="{top + high + 18}" text-anchor="middle">{rate:g}</text>')
    parts.append(f'<path d="M{_x(1):.1f} {top}v{high}" stroke="#999" stroke-dasharray="4 3"/>')
    lines = [(numbers, "net", 1.0 if name == seed else 0.35) for name, numbers in study["seeds"].items()] + [(study["cfar"], "cfar", 1.0)]
    for numbers, kind, strength in lines:
        for key, dash in (("recall", ""), ("recallAtSea", ' stroke-dasharray="5 4"')):
            points = " ".join(f"{_x(p['per100Km2']):.1f},{top + high * (1 - p[key]):.1f}" for p in numbers["curve"])
            parts.append(f'<polyline points="{points}" fill="none" stroke="{COLOURS[kind]}" stroke-width="2" stroke-opacity="{strength}"{dash}/>')
    legend = (("net", "net"), ("CFAR", "cfar"))
    for i, (name, kind) in enumerate(legend):
        parts.append(f'<path d="M{left + 90 * i} {HEIGHT - 22}h22" stroke="{COLOURS[kind]}" stroke-width="2"/><text x="{left + 90 * i + 28}" y="{HEIGHT - 18}">{name}</text>')
    parts.append(f'<text x="{left + 175}" y="{HEIGHT - 18}">dashed: only ships at sea</text>')
    return "\n".join([*parts, *_bars(study["seeds"][seed]["byLength"]), "</svg>", ""])


def _x(rate: float) -> float:
    left, _, wide, _ = PLOT
    return left + wide * math.log(rate / FROM) / math.log(TO / FROM)


def _bars(bins: list[Numbers]) -> list[str]:
    """Found below, missed above, one bar for each range of lengths."""
    left, top, wide, high = 460, PLOT[1], 360, PLOT[3]
    most, step = max(one["ships"] for one in bins), wide / len(bins)
    parts = [f'<text x="{left}" y="22">Ships by the long side of their box (10 m pixels): found, missed</text>']
    for i, one in enumerate(bins):
        found, missed = (high * count / most for count in (one["found"], one["ships"] - one["found"]))
        x, base = left + i * step, top + high
        parts += [f'<rect x="{x + 8:.1f}" y="{base - found:.1f}" width="{step - 16:.1f}" height="{found:.1f}" fill="{COLOURS["net"]}"/>',
                  f'<rect x="{x + 8:.1f}" y="{base - found - missed:.1f}" width="{step - 16:.1f}" height="{missed:.1f}" fill="{COLOURS["missed"]}"/>',
                  f'<text x="{x + step / 2:.1f}" y="{base + 18}" text-anchor="middle">{one["fromPx"]}–{one["toPx"] - 1}</text>',
                  f'<text x="{x + step / 2:.1f}" y="{base + 34}" text-anchor="middle">{one["found"]} of {one["ships"]}</text>']  # fmt: skip
    return parts
