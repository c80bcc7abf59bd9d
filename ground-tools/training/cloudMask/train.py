"""Trains one seed of the cloud screener: `python train.py SCENES.npz OUT --ground both --seed N`.

`both` (what ships): the training columns of both scenes and the two ports. `landsat`: the same without the Sentinel-2 scene;
`sentinel`: its training columns alone; each to score the other scene as one never seen. Writes OUT/GROUND-N.pt, the weights of the
step with the best validation loss. One thread, convolutions in bfloat16, steps counted, so the same seed gives the same weights.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from data import SIDE, Scene, load, tiles
from model import CloudMask
from parts import GROUNDS, Weighted, learned, validated

BATCH, STEPS, RATE, WARM_UP, DECAY, EVERY, AVERAGE = 24, 600, 4e-3, 100, 0.01, 100, 0.99
# Light scattered by air alone falls with the fourth power of the wavelength; 1 in blue. It is added where no training ground is
# water under a whole atmosphere; with Sentinel-2 ground in training it only hides thin cloud.
AIR_ADDED = {"both": 0.0, "landsat": 0.06, "sentinel": 0.0}
AIR = (np.array([0.482, 0.561, 0.655, 0.85, 1.61, 2.2]) / 0.482)[:, None, None] ** -4
# Cuts tried at the end. The best becomes 0.5 by a shift of the last bias.
CUTS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6)
Pair = tuple[np.ndarray, np.ndarray]


def crops(scenes: Weighted, most_air: float, rng: np.random.Generator) -> Pair:
    """A batch of random places, turned and mirrored, a little brighter or darker as a whole and by band, under up to so much more air."""
    weights = np.array([weight for _, weight in scenes])
    x, y = np.empty((BATCH, 6, SIDE, SIDE), np.float32), np.empty((BATCH, SIDE, SIDE), np.float32)
    for i, chosen in enumerate(rng.choice(len(scenes), BATCH, p=weights / weights.sum())):
        scene = scenes[chosen][0]
        top, left = (int(rng.integers(0, size - SIDE + 1)) for size in scene.label.shape)
        window = (..., slice(top, top + SIDE), slice(left, left + SIDE))
        turns, mirror = int(rng.integers(4)), int(rng.integers(2)) * 2 - 1
        gain = np.exp(rng.normal(0, 0.05) + rng.normal(0, 0.02, (6, 1, 1)))
        air = rng.uniform(0, most_air) * AIR
        x[i] = np.rot90(scene.reflectance[window] * gain + air, turns, (1, 2))[:, :, ::mirror]
        y[i] = np.rot90(scene.chance[window], turns)[:, ::mirror]
    return x, y


def fit(train: Weighted, most_air: float, held: Pair, net: CloudMask, steps: int, seed: int) -> tuple[CloudMask, float, int]:
    """Of the running averages of the weights the one with the lowest validation loss, that loss, and the step."""
    rng, started = np.random.default_rng(seed), time.process_time()
    average = copy.deepcopy(net)
    optimizer = torch.optim.AdamW(net.parameters(), weight_decay=DECAY)
    best, lowest, at = copy.deepcopy(net), math.inf, 0
    for step in range(1, steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, step / WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * step / steps)) + 1e-6
        x, y = (torch.from_numpy(part) for part in crops(train, most_air, rng))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = net(x)
        loss = F.binary_cross_entropy_with_logits(logits.float(), y)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            for mean, now in zip(average.parameters(), net.parameters(), strict=True):
                mean.lerp_(now, 1 - min(AVERAGE, step / (step + 10)))
        if step % EVERY == 0 or step == steps:
            score, agreement = scored(average, held)
            print(f"step {step}: validation {score:.4f}, agreement {agreement:.4f}, cpu {time.process_time() - started:.0f} s", flush=True)
            if score < lowest:
                best, lowest, at = copy.deepcopy(average), score, step
    return best, lowest, at


@torch.no_grad()
def scored(net: CloudMask, held: Pair) -> tuple[float, float]:
    """Loss, and share of pixels on which the student decides as its teacher, in float32."""
    target = torch.from_numpy(held[1])
    logits = torch.cat([net(part) for part in torch.from_numpy(held[0]).split(32)])
    return F.binary_cross_entropy_with_logits(logits, target).item(), ((logits > 0) == (target > 0.5)).float().mean().item()


@torch.no_grad()
def set_cut(net: CloudMask, scenes: list[Scene]) -> float:
    """Shifts the logits so that 0.5 is the cut that agrees best on the mean of these grounds, each counted alike; the cut before.

    Without it most of what is wrong on unseen Landsat ground is cloud called clear.
    """
    grounds: dict[str, list[Scene]] = {}
    for scene in scenes:
        grounds.setdefault(scene.name.split("-")[0], []).append(scene)
    agreement = np.zeros(len(CUTS))
    for x, y in (held_tiles(part) for part in grounds.values()):
        chance = torch.cat([torch.sigmoid(net(part)) for part in torch.from_numpy(x).split(32)]).numpy()
        agreement += [((chance >= cut) == (y > 0.5)).mean() for cut in CUTS]
    cut = CUTS[int(agreement.argmax())]
    net.layers["head"].bias += math.log((1 - cut) / cut)
    return cut


def held_tiles(scenes: list[Scene]) -> Pair:
    """The tiles of these scenes, in their places."""
    return (
        np.concatenate([tiles(scene.reflectance)[0] for scene in scenes]),
        np.concatenate([tiles(scene.cloud)[0] for scene in scenes]).astype(np.float32),
    )


def statistics(scenes: Weighted) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and deviation of each band over what is learned from."""
    pixels = np.concatenate([scene.reflectance.reshape(6, -1)[:, ::7] for scene, _ in scenes], axis=1)
    return torch.tensor(pixels.mean(1)), torch.tensor(pixels.std(1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenes", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--ground", choices=GROUNDS, default="both")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=STEPS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    scenes, started = load(args.scenes), time.process_time()
    train = learned(scenes, args.ground)
    net = CloudMask(*statistics(train))
    print(f"{args.ground} seed {args.seed}: {sum(p.numel() for p in net.parameters())} parameters, {len(train)} scenes", flush=True)
    best, loss, step = fit(train, AIR_ADDED[args.ground], held_tiles(validated(scenes, args.ground)), net, args.steps, args.seed)
    cut = set_cut(best, validated(scenes, args.ground))
    args.out.mkdir(parents=True, exist_ok=True)
    about = {"seed": args.seed, "step": step, "validationLoss": loss, "cut": cut, "cpuS": round(time.process_time() - started)}
    torch.save({"net": best.state_dict(), "about": about}, args.out / f"{args.ground}-{args.seed}.pt")


if __name__ == "__main__":
    main()
