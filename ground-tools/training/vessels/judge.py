"""Which detections find a ship, and which are false alarms.

A ship counts as found where a detection's centre lies in its box; each detection finds one ship at most. False alarms are counted
on the checked sea of `open_sea.json`, where everything else was looked at; elsewhere detections that find no labelled ship are
counted apart, because small vessels there carry no label.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data import Port, hulls

ALLOWED, AIMED = 1.0, 0.7
"""False alarms on 100 km2 of checked sea: the most that there may be on ports never seen, and what thresholds are chosen for on the others.
A threshold that just keeps the limit on nine ports, some six false alarms, breaks it on the tenth about as often as not."""
KM2 = 1e-4
"""Square kilometres of a pixel of 10 m."""
UNLABELLED_PX, POINT_PX = 10.0, 6.0
HIT, FALSE, POINT, IGNORED, ELSEWHERE = range(5)


@dataclass(frozen=True)
class Judged:
    """Detections of one port with what each is, the ship that it found (-1: none), and the port."""

    port: Port
    found: np.ndarray
    kind: np.ndarray
    ship: np.ndarray

    @property
    def km2(self) -> float:
        return float(self.port.sea.sum() * KM2)

    def false_scores(self) -> np.ndarray:
        return self.found[(self.kind == FALSE) | (self.kind == POINT), 4]

    def ships_found(self, threshold: float) -> np.ndarray:
        """True for each labelled ship that a detection of at least `threshold` finds."""
        hit = np.zeros(len(self.port.boxes), bool)
        hit[self.ship[(self.kind == HIT) & (self.found[:, 4] >= threshold)]] = True
        return hit


def judge(port: Port, found: np.ndarray) -> Judged:
    """`found` in descending order of score: the first on a ship has it."""
    kind, ship = np.full(len(found), ELSEWHERE), np.full(len(found), -1)
    free = np.ones(len(port.boxes), bool)
    for i, (x, y) in enumerate(found[:, :2]):
        x0, y0, x1, y1 = port.boxes.T
        inside = (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
        if (inside & free).any():
            near = np.hypot((x0 + x1) / 2 - x, (y0 + y1) / 2 - y)
            ship[i] = np.argmin(np.where(inside & free, near, np.inf))
            free[ship[i]], kind[i] = False, HIT
        elif (_distance(port.unlabelled, x, y) < UNLABELLED_PX).any():
            kind[i] = IGNORED
        elif port.sea[int(y), int(x)]:
            kind[i] = POINT if (_distance(port.points, x, y) < POINT_PX).any() else FALSE
    return Judged(port, found, kind, ship)


def _distance(points: np.ndarray, x: float, y: float) -> np.ndarray:
    return np.hypot(points[:, 0] - x, points[:, 1] - y)


def threshold(judged: list[Judged], allowed: float = AIMED) -> float:
    """The lowest with at most `allowed` false alarms on 100 km2 of the checked sea of all these ports together."""
    budget = int(allowed * sum(one.km2 for one in judged) / 100)
    scores = np.sort(np.concatenate([one.false_scores() for one in judged]))[::-1]
    return float(np.nextafter(scores[budget], 10)) if len(scores) > budget else 0.0


def at_sea(port: Port) -> np.ndarray:
    """True for the labelled ships whose centre lies on the checked sea; the others are in harbours."""
    centre = hulls(port.boxes)[:, :2].astype(int)
    return port.sea[centre[:, 1], centre[:, 0]]
