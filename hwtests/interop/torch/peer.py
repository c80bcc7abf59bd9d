"""The same training steps in torch, one thread: answers tasks, a line of JSON each.

{"setup": {...}} takes a network's weights and what learns; {"steps": [...]} makes some steps on given batches; {"time": n} makes n
steps and says what they took; {"gradient": ...} gives the gradient of one batch. Arrays come and go in files of raw float32.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from networks import NETWORKS

IMPORTED_KIB = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


class Training:
    def __init__(self, setup: dict[str, Any]) -> None:
        self.kind = torch.float64 if setup.get("double") else torch.float32
        weights = {
            name: self.array(values["file"], values["dims"], values["offset"]) for name, values in setup["weights"].items()
        }
        # Parameters in the order of the flat vector.
        self.learning = {name: weights[name].requires_grad_(True) for name in setup["trainable"]}
        self.network = NETWORKS[setup["network"]](weights, setup["heads"], setup["loraScale"])
        self.clip, self.cached = setup["clip"], setup.get("cached", False)
        groups = [{"params": [value], "weight_decay": setup["decay"][name]} for name, value in self.learning.items()]
        self.optimizer: torch.optim.Optimizer
        if setup["optimizer"]["kind"] == "sgd":
            self.optimizer = torch.optim.SGD(groups, lr=setup["rate"], momentum=setup["optimizer"]["momentum"])
        else:
            betas = (setup["optimizer"]["beta1"], setup["optimizer"]["beta2"])
            self.optimizer = torch.optim.AdamW(groups, lr=setup["rate"], betas=betas, eps=setup["optimizer"]["epsilon"])

    def array(self, file: str, dims: list[int], offset: int = 0) -> Tensor:
        count = int(np.prod(dims))
        values = np.fromfile(file, np.float32, count, offset=offset).reshape(dims)
        return torch.tensor(values, dtype=self.kind)

    def batch(self, batch: dict[str, Any]) -> tuple[Tensor, Tensor, Tensor]:
        tiles, targets, weights = (self.array(batch[name]["file"], batch[name]["dims"]) for name in ("inputs", "targets", "weights"))
        if self.cached:
            with torch.no_grad():
                tiles = self.network.features(tiles)
        return tiles, targets, weights

    def loss(self, inputs: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
        logits = self.network.linear("head", inputs) if self.cached else self.network(inputs)
        return -(weights * targets * F.log_softmax(logits, 1)).sum()

    def step(self, batch: tuple[Tensor, Tensor, Tensor]) -> tuple[float, float]:
        self.optimizer.zero_grad()
        loss = self.loss(*batch)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(list(self.learning.values()), self.clip)
        self.optimizer.step()
        return loss.item(), norm.item()

    def gradient(self, batch: tuple[Tensor, Tensor, Tensor]) -> np.ndarray:
        self.optimizer.zero_grad()
        self.loss(*batch).backward()
        return self.flat([value.grad for value in self.learning.values()])

    def parameters(self) -> np.ndarray:
        return self.flat(list(self.learning.values()))

    def flat(self, tensors: list[Tensor]) -> np.ndarray:
        return np.concatenate([tensor.detach().numpy().ravel() for tensor in tensors]).astype(np.float32)


def answer(training: Training, task: dict[str, Any]) -> dict[str, Any]:
    if "gradient" in task:
        training.gradient(training.batch(task["gradient"])).tofile(task["out"])
        return {}
    if "steps" in task:
        said = [training.step(training.batch(batch)) for batch in task["steps"]]
        training.parameters().tofile(task["out"])
        return {"losses": [loss for loss, _ in said], "norms": [norm for _, norm in said]}
    if "load" in task:
        training.held = training.batch(task["load"])
        return {}
    wall, processor = time.perf_counter(), time.process_time()
    losses = [training.step(training.held)[0] for _ in range(task["time"])]
    return {
        "wallMs": 1e3 * (time.perf_counter() - wall),
        "processorMs": 1e3 * (time.process_time() - processor),
        "loss": losses[-1],
        "peakMiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    training: Training | None = None
    for line in sys.stdin:
        task = json.loads(line)
        if "setup" in task:
            training = Training(task["setup"])
            said: dict[str, Any] = {"torch": torch.__version__, "importedMiB": IMPORTED_KIB / 1024}
        elif training is None:
            raise ValueError("the first task is a setup")
        else:
            said = answer(training, task)
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
