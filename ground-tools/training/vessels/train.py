"""Trains one detector: `python train.py SEN2SHIPS EUROSAT OUT --without PORT --seed N`; without `--without`, on all ten ports.

Writes OUT/PORT-N.pt (`all-N.pt`). Deterministic by steps, one thread, convolutions in bfloat16.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from data import GRID, STRIDE, Cutout, Source, land, ports
from model import VesselDetector

BATCH, STEPS, RATE, WARM_UP, DECAY, AVERAGE = 12, 1300, 3e-3, 80, 0.02, 0.99
Targets = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


def shaken(cut: Cutout, rng: np.random.Generator) -> Cutout:
    """Turned, mirrored, with another gain, haze and noise.

    Gains from 0.7 to 1.6 and haze that grows from red to blue hold both scalings that it may meet: surface reflectance x 3 and
    top-of-atmosphere reflectance / 0.275.
    """
    pixels, vessels, unknown = cut.pixels, cut.vessels.copy(), cut.unknown.copy()
    side = pixels.shape[0]
    if rng.random() < 0.5:
        pixels = pixels[:, ::-1]
        vessels[:, 0], unknown[:, 0] = side - vessels[:, 0], side - unknown[:, 0]
    for _ in range(int(rng.integers(4))):
        pixels = np.rot90(pixels)
        for points in (vessels, unknown):
            points[:, 0], points[:, 1] = points[:, 1].copy(), side - points[:, 0]
    haze = (rng.random() < 0.5) * rng.uniform(0, 1) * np.array([18, 32, 62]) + rng.normal(0, 3, 3)
    gain = (np.exp(rng.uniform(np.log(0.7), np.log(1.6))) * (1 + rng.normal(0, 0.05, 3))).astype(np.float32)
    noise = np.float32(rng.uniform(0, 1.5)) * rng.standard_normal(pixels.shape, np.float32)
    return Cutout(np.clip(pixels * gain + haze.astype(np.float32) + noise, 0, 255), vessels, unknown, cut.weight)


def targets(cuts: list[Cutout]) -> Targets:
    """Heat with a bell around each centre (1 on its cell), offsets, log sizes, and the weight of each cell (0: unknown)."""
    n = len(cuts)
    heat = np.zeros((n, GRID, GRID), np.float32)
    weight = np.full((n, GRID, GRID), [[[cut.weight]] for cut in cuts], np.float32)
    offset, size = (np.zeros((n, 2, GRID, GRID), np.float32) for _ in range(2))
    rows, columns = np.mgrid[:GRID, :GRID]
    for i, cut in enumerate(cuts):
        for x, y in cut.unknown / STRIDE:
            weight[i][np.hypot(columns + 0.5 - x, rows + 0.5 - y) < 3] = 0
        for x, y, length, breadth in cut.vessels:
            cx, cy = (min(GRID - 1, max(0, int(v / STRIDE))) for v in (x, y))
            sigma = max(0.7, length / STRIDE / 7)
            heat[i] = np.maximum(heat[i], np.exp(-((columns - cx) ** 2 + (rows - cy) ** 2) / (2 * sigma**2)))
            heat[i, cy, cx], weight[i, cy, cx] = 1, 1
            offset[i, :, cy, cx] = x / STRIDE - cx, y / STRIDE - cy
            size[i, :, cy, cx] = math.log(length), math.log(breadth)
    return torch.tensor(heat), torch.tensor(offset), torch.tensor(size), torch.tensor(weight)


def loss_of(outputs: tuple[torch.Tensor, ...], wanted: Targets) -> torch.Tensor:
    """The penalty-reduced focal loss of "Objects as Points" for the heat, absolute differences for offset and log size."""
    (logits, offset, size), (heat, offset_wanted, size_wanted, weight) = outputs, wanted
    centre = heat == 1
    count = centre.sum().clamp(min=1)
    p = torch.sigmoid(logits)
    found = -F.logsigmoid(logits) * (1 - p) ** 2
    silent = -F.logsigmoid(-logits) * p**2 * (1 - heat) ** 4
    heat_loss = (torch.where(centre, found, silent) * weight).sum() / count
    at = centre[:, None]
    return heat_loss + (((offset - offset_wanted).abs() + 0.3 * (size - size_wanted).abs()) * at).sum() / count


def fit(source: Source, rng: np.random.Generator, steps: int) -> VesselDetector:
    """The average of the weights over the last steps."""
    net = VesselDetector().to(memory_format=torch.channels_last)
    average = copy.deepcopy(net)
    matrices, flat = ([p for p in net.parameters() if (p.ndim > 1) == many] for many in (True, False))
    optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": DECAY}, {"params": flat, "weight_decay": 0.0}])
    started = time.process_time()
    for step in range(1, steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, step / WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * step / steps)) + 1e-6
        cuts = [shaken(source.draw(), rng) for _ in range(BATCH)]
        x = torch.tensor(np.stack([cut.pixels for cut in cuts])).permute(0, 3, 1, 2)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            outputs = net(x)
        loss = loss_of(outputs, targets(cuts))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimizer.step()
        with torch.no_grad():
            for mean, now in zip(average.state_dict().values(), net.state_dict().values()):
                mean.lerp_(now, 1 - min(AVERAGE, step / (step + 10))) if mean.is_floating_point() else mean.copy_(now)
        if step % 100 == 0:
            print(f"step {step} loss {loss.item():.3f} cpu {time.process_time() - started:.0f} s", flush=True)
    return average.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("data", "eurosat", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--without", default="")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=STEPS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    chosen = [port for port in ports(args.data) if port.name != args.without]
    net = fit(Source(chosen, land(args.eurosat), rng), rng, args.steps)
    args.out.mkdir(parents=True, exist_ok=True)
    torch.save(net.state_dict(), args.out / f"{args.without or 'all'}-{args.seed}.pt")
    print(f"{sum(p.numel() for p in net.parameters())} parameters, {len(chosen)} ports, cpu {time.process_time():.0f} s", flush=True)


if __name__ == "__main__":
    main()
