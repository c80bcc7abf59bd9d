"""The card's pictures, drawn with Pillow: the map of a scene, attention, the confusion matrix, the reliability curve."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from scene import tile

COLOURS = {
    "AnnualCrop": "#e3c94b",
    "Forest": "#1b6b33",
    "HerbaceousVegetation": "#9ccb5d",
    "Highway": "#8c8c8c",
    "Industrial": "#b04ac2",
    "Pasture": "#5fd39a",
    "PermanentCrop": "#e58a2f",
    "Residential": "#d63b3b",
    "River": "#4aa8e8",
    "SeaLake": "#173f8a",
}
PANEL, GAP, ROW = 460, 12, 22
INK, PAPER = "#202020", "#ffffff"


def land_map(scene: np.ndarray, probabilities: np.ndarray, classes: list[str]) -> Image.Image:
    """True colour beside the most probable class of each cell, paler where less probable; the legend has each class's share."""
    best, sure = probabilities.argmax(-1), probabilities.max(-1)[..., None]
    paint = np.array([_colour(name) for name in classes])[best]
    pale = (paint * (0.25 + 0.75 * sure) + 255 * (0.75 - 0.75 * sure)).astype(np.uint8)
    sheet = Image.new("RGB", (2 * PANEL + GAP, PANEL + GAP + ROW * 2 + 4), PAPER)
    sheet.paste(Image.fromarray(scene).resize((PANEL, PANEL), Image.Resampling.BOX), (0, 0))
    sheet.paste(Image.fromarray(pale).resize((PANEL, PANEL), Image.Resampling.NEAREST), (PANEL + GAP, 0))
    draw = ImageDraw.Draw(sheet)
    for i, name in enumerate(classes):
        x, y = (i % 5) * ((2 * PANEL + GAP) // 5), PANEL + GAP + ROW * (i // 5)
        draw.rectangle((x, y + 3, x + 12, y + 15), COLOURS[name])
        draw.text((x + 18, y + 2), f"{name} {(best == i).mean():.1%}", INK, _font(12))
    return sheet


def attention(scene: np.ndarray, picks: list[tuple[int, int, str]], looks: list[np.ndarray]) -> Image.Image:
    """Tiles over their attention: bright where it is more than even, dark where less. A pick is row, column, caption."""
    side = 136
    sheet = Image.new("RGB", (len(picks) * (side + GAP) - GAP, 2 * side + ROW + 4), PAPER)
    draw = ImageDraw.Draw(sheet)
    for i, ((row, column, caption), look) in enumerate(zip(picks, looks, strict=True)):
        shown = Image.fromarray(tile(scene, row, column)).resize((side, side), Image.Resampling.BICUBIC)
        heat = Image.fromarray((look.reshape(8, 8) * look.size).astype(np.float32)).resize((side, side), Image.Resampling.BICUBIC)
        lit = np.asarray(shown) * np.clip(np.asarray(heat), 0.15, 2.5)[..., None]
        sheet.paste(shown, (i * (side + GAP), ROW))
        sheet.paste(Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8)), (i * (side + GAP), ROW + side + 4))
        draw.text((i * (side + GAP), 3), caption, INK, _font(11))
    return sheet


def quality(confusion: np.ndarray, curve: list[dict[str, float]], classes: list[str]) -> Image.Image:
    """Confusion by share of the true class, and accuracy against confidence with the share of tiles as the dot's size."""
    cell, left, top = 34, 140, 24
    side = cell * len(classes)
    sheet = Image.new("RGB", (left + side + 70 + side + 10, top + side + 90), PAPER)
    draw = ImageDraw.Draw(sheet)
    share = confusion / np.maximum(confusion.sum(1, keepdims=True), 1)
    for i, name in enumerate(classes):
        draw.text((left - 6, top + i * cell + cell // 2), name, INK, _font(11), anchor="rm")
        for j in range(len(classes)):
            x, y, depth = left + j * cell, top + i * cell, share[i, j]
            tone = tuple(int(255 - depth * (255 - c)) for c in (23, 63, 138))
            draw.rectangle((x, y, x + cell - 2, y + cell - 2), tone)
            if depth >= 0.005:
                draw.text((x + cell // 2 - 1, y + cell // 2 - 1), f"{100 * depth:.0f}", PAPER if depth > 0.5 else INK, _font(11), anchor="mm")
        label = Image.new("RGB", (84, 14), PAPER)
        ImageDraw.Draw(label).text((83, 7), name[:13], INK, _font(11), anchor="rm")
        sheet.paste(label.rotate(90, expand=True), (left + i * cell + cell // 2 - 8, top + side + 2))
    draw.text((left, 5), "percent of the true class (row) by decision (column)", INK, _font(12))
    x0, y0 = left + side + 70, top
    draw.rectangle((x0, y0, x0 + side, y0 + side), outline="#a0a0a0")
    draw.line((x0, y0 + side, x0 + side, y0), "#a0a0a0")
    total = sum(point["tiles"] for point in curve)
    for point in curve:
        x, y = x0 + point["confidence"] * side, y0 + side - point["accuracy"] * side
        radius = 2.5 + 14 * (point["tiles"] / total) ** 0.5
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), "#d63b3b")
    draw.text((x0, 5), "share right (up) against stated probability", INK, _font(12))
    for step in (0, 0.5, 1):
        draw.text((x0 + step * side, y0 + side + 10), f"{step:g}", INK, _font(11), anchor="mm")
        draw.text((x0 - 8, y0 + side - step * side), f"{step:g}", INK, _font(11), anchor="rm")
    return sheet


def _colour(name: str) -> tuple[int, ...]:
    value = COLOURS[name]
    return tuple(int(value[i : i + 2], 16) for i in (1, 3, 5))


def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)
