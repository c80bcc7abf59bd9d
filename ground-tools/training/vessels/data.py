"""The pictures, boxes and checked sea of the ten ports, land without ships, and cut-outs of 96 pixels to train on.

sen2ships (ShipDetectionExperts, MIT; contains modified Copernicus Sentinel data): 8-bit RGB at 10 m, bands B04, B03, B02. It is read
from a folder outside the repository and never committed. `open_sea.json` says which water was looked at, and what was seen.
EuroSAT (P. Helber et al., 2018, 2019; MIT; contains modified Copernicus Sentinel data): tiles of 64 pixels at 10 m with classes.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from generate import Vessel, add_points, add_vessels, add_whitecaps

SIDE, STRIDE, GRID = 96, 4, 24
SEA_WEIGHT, LAND_WEIGHT = 4.0, 2.0
BEAM = 1 / 6
"""Breadth over length of a usual ship: what an upright box doesn't tell."""


@dataclass(frozen=True)
class Port:
    """Pixels (h, w, 3) uint8; boxes (n, 4) as x0, y0, x1, y1; `sea` (h, w) true where the water was looked at."""

    name: str
    pixels: np.ndarray
    boxes: np.ndarray
    sea: np.ndarray
    unlabelled: np.ndarray
    points: np.ndarray


def ports(folder: Path) -> list[Port]:
    """The ten ports, in the order of their names."""
    checked = json.loads(Path(__file__).with_name("open_sea.json").read_text())["ports"]
    found = []
    for line in (folder / "boxes.jsonl").read_text().splitlines():
        row = json.loads(line)
        name = Path(row["image"]).stem
        picture = Image.open(folder / row["image"]).convert("RGB")
        sea = Image.new("1", picture.size)
        for polygon in checked[name]["polygons"]:
            ImageDraw.Draw(sea).polygon([tuple(corner) for corner in polygon], fill=1)
        lists = (np.array(checked[name][key], float).reshape(-1, 2) for key in ("unlabelled_vessels", "points"))
        boxes = np.array([ship["box"] for ship in row["objects"]], float)
        found.append(Port(name, np.asarray(picture), boxes, np.asarray(sea), *lists))
    return sorted(found, key=lambda port: port.name)


def land(folder: Path, split: str = "train") -> np.ndarray:
    """The tiles (n, 64, 64, 3) of EuroSAT whose class has neither sea nor river: no ship is in them. `split` is train or test."""
    rows = list(csv.DictReader((folder / "manifest.csv").open()))
    chosen = [row["path"] for row in rows if row["split"] == split and row["label"] not in ("River", "SeaLake")]
    return np.stack([np.asarray(Image.open(folder / path).convert("RGB")) for path in chosen])


def hulls(boxes: np.ndarray) -> np.ndarray:
    """Centre, length and breadth (n, 4) of ships of the usual shape that fill upright boxes.

    A hull of length L and breadth rL at an angle a fills w = L cos a + rL sin a, h = L sin a + rL cos a; solved for L.
    """
    w, h = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    length = np.sqrt((((w - h) / (1 - BEAM)) ** 2 + ((w + h) / (1 + BEAM)) ** 2) / 2)
    return np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2, length, length * BEAM], 1)


@dataclass(frozen=True)
class Cutout:
    """Pixels (96, 96, 3) float32 0-255; vessels (n, 4) as x, y, length, breadth; places (m, 2) about which nothing is known.

    `weight` is what a false alarm in it costs: more at sea, where there is the most to search and the least to find.
    """

    pixels: np.ndarray
    vessels: np.ndarray
    unknown: np.ndarray
    weight: float = 1.0


def cutout(port: Port, x: int, y: int) -> Cutout:
    """The 96 pixels from (x, y); beyond the picture its edge is repeated."""
    rows, columns = (np.clip(np.arange(at, at + SIDE), 0, size - 1) for at, size in ((y, port.pixels.shape[0]), (x, port.pixels.shape[1])))
    corner = np.array([x, y], float)
    vessels = hulls(port.boxes) - np.r_[corner, 0, 0]
    inside = ((vessels[:, :2] > 0) & (vessels[:, :2] < SIDE)).all(1)
    pixels = port.pixels[np.ix_(rows, columns)].astype(np.float32)
    return Cutout(pixels, vessels[inside], port.unlabelled - corner)


class Source:
    """Draws cut-outs of the given ports: around ships, of checked sea with vessels added, of anywhere; and of land without ships."""

    def __init__(self, chosen: list[Port], land_tiles: np.ndarray, rng: np.random.Generator) -> None:
        self.ports, self.land, self.rng = chosen, land_tiles, rng
        self.points = [(i, point) for i, port in enumerate(chosen) for point in port.points]
        self.ships = [(i, k) for i, port in enumerate(chosen) for k in range(len(port.boxes))]
        self.seas = [np.argwhere(port.sea[::8, ::8]) * 8 for port in chosen]
        areas = np.array([port.pixels[..., 0].size for port in chosen], float)
        self.areas = np.sqrt(areas) / np.sqrt(areas).sum()

    def draw(self) -> Cutout:
        kind = self.rng.random()
        if kind > 0.88:
            return self._ashore()
        if kind < 0.44:
            i, k = self.ships[self.rng.integers(len(self.ships))]
            return self._around(i, hulls(self.ports[i].boxes[k : k + 1])[0, :2])
        if kind < 0.5:
            return replace(self._around(*self.points[self.rng.integers(len(self.points))]), weight=SEA_WEIGHT)
        i = int(self.rng.choice(len(self.ports), p=self.areas))
        if kind < 0.76:
            y, x = self.seas[i][self.rng.integers(len(self.seas[i]))] - SIDE // 2 + self.rng.integers(-4, 5, 2)
            return replace(self._peopled(cutout(self.ports[i], int(x), int(y))), weight=SEA_WEIGHT)
        height, width = self.ports[i].pixels.shape[:2]
        return cutout(self.ports[i], int(self.rng.integers(-16, width - 80)), int(self.rng.integers(-16, height - 80)))

    def _around(self, i: int, place: np.ndarray) -> Cutout:
        x, y = place - self.rng.uniform(8, SIDE - 8, 2)
        return cutout(self.ports[i], int(x), int(y))

    def _ashore(self) -> Cutout:
        """The middle of four tiles of land side by side."""
        tiles = self.land[self.rng.integers(len(self.land), size=4)]
        rows = [np.concatenate(pair, 1) for pair in (tiles[:2], tiles[2:])]
        y, x = self.rng.integers(0, 128 - SIDE + 1, 2)
        pixels = np.concatenate(rows)[y : y + SIDE, x : x + SIDE].astype(np.float32)
        return Cutout(pixels, np.zeros((0, 4)), np.zeros((0, 2)), LAND_WEIGHT)

    def _peopled(self, cut: Cutout) -> Cutout:
        """The cut-out, often with points or with whitecaps, and then often with one to four vessels more, none near another."""
        kind = self.rng.random()
        if kind < 0.75:
            add = add_points if kind < 0.4 else add_whitecaps
            cut = Cutout(add(cut.pixels, self.rng), cut.vessels, cut.unknown)
        if self.rng.random() < 0.35:
            return cut
        taken = np.concatenate([cut.vessels[:, :2], cut.unknown])
        added: list[Vessel] = []
        for _ in range(int(self.rng.integers(1, 5))):
            vessel = Vessel.drawn(self.rng, SIDE)
            if (np.hypot(*(taken - [vessel.x, vessel.y]).T) > 24).all():
                added.append(vessel)
                taken = np.concatenate([taken, [[vessel.x, vessel.y]]])
        rows = np.array([[v.x, v.y, v.length, v.breadth] for v in added]).reshape(-1, 4)
        return Cutout(add_vessels(cut.pixels, added, self.rng), np.concatenate([cut.vessels, rows]), cut.unknown)
