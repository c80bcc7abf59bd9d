"""How often a peak of a given heat is a vessel: fitted and checked on the checked sea, where every vessel is known."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from judge import ELSEWHERE, HIT, IGNORED, Judged

EDGES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)


def calibration(judged: list[Judged]) -> dict[str, object]:
    """Slope and shift of the logit over all ports; the reliability of each port's peaks when the other nine gave slope and shift.

    Vessels without a label are vessels here; points are not. The expected error is the mean of |share - mean score| over the bins from 0.1 on:
    nearly all of the sea is far below.
    """
    known = [_at_sea(one) for one in judged]
    held_scores = [_apply(fitted(*_joined(known[:i] + known[i + 1 :])), logits) for i, (logits, _) in enumerate(known)]
    scores, true = np.concatenate(held_scores), _joined(known)[1]
    bins = []
    for low, high in zip(EDGES, EDGES[1:]):
        chosen = (scores >= low) & (scores < high)
        if chosen.any():
            bins.append({"from": low, "to": high, "peaks": int(chosen.sum()), "meanScore": float(scores[chosen].mean()), "vessels": float(true[chosen].mean())})
    counted = [one for one in bins if one["from"] > 0]
    error = sum(one["peaks"] * abs(one["meanScore"] - one["vessels"]) for one in counted) / sum(one["peaks"] for one in counted)
    slope, shift = fitted(*_joined(known))
    elsewhere = _elsewhere(judged, (slope, shift))
    return {"slope": slope, "shift": shift, "bins": bins, "expectedError": error, "elsewhere": elsewhere}


def fitted(logits: np.ndarray, true: np.ndarray) -> tuple[float, float]:
    """Slope and shift by which sigmoid(slope x logit + shift) says how often such a peak is a vessel (J. Platt, 1999)."""
    parameters = nn.Parameter(torch.tensor([1.0, 0.0], dtype=torch.float64))
    x, y = torch.tensor(logits, dtype=torch.float64), torch.tensor(true, dtype=torch.float64)
    optimizer = torch.optim.LBFGS([parameters], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        value = F.binary_cross_entropy_with_logits(parameters[0] * x + parameters[1], y)
        value.backward()
        return value

    optimizer.step(loss)
    slope, shift = parameters.tolist()
    return slope, shift


def _at_sea(one: Judged) -> tuple[np.ndarray, np.ndarray]:
    """Logits of the peaks on checked sea, and whether each is a vessel."""
    x, y = one.found[:, :2].astype(int).T
    sea = one.port.sea[y, x]
    return _logit(one.found[sea, 4]), np.isin(one.kind[sea], (HIT, IGNORED)).astype(float)


def _elsewhere(judged: list[Judged], line: tuple[float, float]) -> list[dict[str, object]]:
    """In harbours and on land, of the peaks of each score, the share that is a labelled ship."""
    rows = []
    for low, high in zip(EDGES, EDGES[1:]):
        kinds = []
        for one in judged:
            x, y = one.found[:, :2].astype(int).T
            scores = _apply(line, _logit(one.found[:, 4]))
            kinds.append(one.kind[~one.port.sea[y, x] & (scores >= low) & (scores < high) & np.isin(one.kind, (HIT, ELSEWHERE))])
        all_kinds = np.concatenate(kinds)
        if len(all_kinds):
            rows.append({"from": low, "to": high, "peaks": len(all_kinds), "labelled": float((all_kinds == HIT).mean())})
    return rows


def _joined(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([logits for logits, _ in parts]), np.concatenate([true for _, true in parts])


def _logit(scores: np.ndarray) -> np.ndarray:
    return np.log(scores / (1 - scores))


def _apply(line: tuple[float, float], logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-(line[0] * logits + line[1])))
