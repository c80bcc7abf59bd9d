"""Fits one network with several seeds, keeps each one's best epoch: `python train.py surface-vit --tiles DIR --work DIR`."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

# One thread: the shipped weights were trained so, and a small network gains nothing from more.
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import numpy as np

import tasks
from data import load, split_by_place
from fit import fit


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("model", choices=tasks.TASKS)
    arguments.add_argument("--tiles", type=Path, required=True, help="folder that makeTiles.ts wrote")
    arguments.add_argument("--work", type=Path, required=True, help="folder for the fitted weights")
    arguments.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    arguments.add_argument("--epochs", type=int, help="instead of the recipe's number, for a quick look")
    options = arguments.parse_args()

    task = tasks.TASKS[options.model]
    recipe = task.recipe if options.epochs is None else task.recipe._replace(epochs=options.epochs)
    split = split_by_place(load(options.tiles)[0])
    train, validation = task.use(split.train), task.use(split.validation)
    mean, deviation = train.pixels.mean(axis=(0, 2, 3)), train.pixels.std(axis=(0, 2, 3))

    options.work.mkdir(parents=True, exist_ok=True)
    for seed in options.seeds:
        print(f"{options.model} seed {seed}: {len(train)} tiles, {len(validation)} for validation", flush=True)
        found = fit(
            task.loss,
            task.start(seed, mean, deviation),
            (train.pixels, task.targets(train)),
            (validation.pixels, task.targets(validation)),
            recipe,
            seed,
            log=lambda line: print(line, flush=True),
        )
        name = f"{options.model}-seed{seed}"
        np.savez(options.work / f"{name}.npz", **{key: np.asarray(value) for key, value in found.weights.items()})
        history = {"seed": seed, "epoch": found.epoch, "validationLoss": found.validation_loss, "recipe": recipe._asdict()}
        (options.work / f"{name}.json").write_text(json.dumps(history, indent=2))


if __name__ == "__main__":
    main()
