"""The card's picture: masks side by side, network, teacher, and where there is one the quality band. No pixel of a scene is in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from data import PARTS

CLEAR, CLOUD, EDGE = (24, 60, 92), (245, 245, 245), (230, 120, 30)
HEADER, GAP = 16, 6


def panel(title: str, cloud: np.ndarray, edges: tuple[int, ...] = ()) -> Image.Image:
    """White where cloud; upright lines at `edges`; half size."""
    colours = np.where(cloud[..., None], CLOUD, CLEAR).astype(np.uint8)
    for at in edges:
        colours[:, at : at + 2] = EDGE
    small = Image.fromarray(colours).resize((cloud.shape[1] // 2, cloud.shape[0] // 2), Image.Resampling.BOX)
    framed = Image.new("RGB", (small.width, small.height + HEADER), "white")
    framed.paste(small, (0, HEADER))
    ImageDraw.Draw(framed).text((2, 2), title, "black")
    return framed


def draw(path: Path, rows: list[list[Image.Image]]) -> None:
    """All panels on one sheet, as WebP."""
    width = max(sum(p.width + GAP for p in row) for row in rows) - GAP
    sheet = Image.new("RGB", (width, sum(row[0].height + GAP for row in rows) - GAP), "white")
    top = 0
    for row in rows:
        left = 0
        for part in row:
            sheet.paste(part, (left, top))
            left += part.width + GAP
        top += row[0].height + GAP
    sheet.save(path, "WEBP", quality=60, method=6)


def part_edges() -> tuple[int, ...]:
    """Where the parts of the Landsat scene begin and end."""
    return tuple(edge for part in PARTS.values() for edge in (part.start, part.stop) if 0 < edge < PARTS["test"].stop)
