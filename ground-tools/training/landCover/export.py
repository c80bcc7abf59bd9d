"""The land-cover ViT as an ONNX graph whose weights lie in a safetensors file: `python export.py EUROSAT FITS METRICS OUT`.

Plain operators over a fixed number of tokens, no shape arithmetic, so that a differentiator of graphs can follow it. Folded into the
weights, since nothing is lost by it: LayerScale into the layer before it, the scaling of attention into the queries, the temperature
(calibration on held-out folds) into the head.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from data import fold, tiles
from model import SIDE, TOKENS
from scores import softmax
from trained import Trained, load_all, logits, rollout

from graph import Arrays, Graph, Shapes, Stored, write_safetensors

NAME, VERSION = "land-cover", "0.1.0"
INPUTS: Shapes = {"tiles": ["N", 3, SIDE, SIDE]}
OUTPUTS: Shapes = {"probabilities": ["N", 10], "attention": ["N", TOKENS]}
EPSILON, GROUPS, SAME_WITHIN = 1e-5, 4, 1e-4


def weights_of(trained: Trained, temperature: float) -> Arrays:
    """Names as in the graph; matrices are [in, out]."""
    state = {name: value.numpy() for name, value in trained.net.state_dict().items()}
    heads = trained.net.blocks[0].heads
    arrays: Arrays = {
        "input.mean": trained.mean.numpy().reshape(3, 1, 1),
        "input.scale": 1 / trained.std.numpy().reshape(3, 1, 1),
        "position": state["position"],
        "head.weight": state["head.weight"].T / temperature,
        "head.bias": state["head.bias"] / temperature,
        **{name: state[name] for name in ("norm.weight", "norm.bias")},
    }
    for layer in (0, 3, 6):
        arrays |= {f"stem.{layer}.{part}": state[f"stem.{layer}.{part}"] for part in ("weight", "bias")}
    for layer in (1, 4):
        arrays |= {f"stem.{layer}.{part}": state[f"stem.{layer}.{part}"].reshape(-1, 1, 1) for part in ("weight", "bias")}
    for i in range(len(trained.net.blocks)):
        b = f"blocks.{i}"
        parts = zip("qkv", np.split(state[f"{b}.qkv.weight"].T, 3, 1), np.split(state[f"{b}.qkv.bias"], 3), strict=True)
        for part, matrix, bias in parts:
            factor = (matrix.shape[1] / heads) ** -0.5 if part == "q" else 1.0
            arrays |= {f"{b}.{part}.weight": matrix * factor, f"{b}.{part}.bias": bias * factor}
        for layer, scale in (("out", state[f"{b}.scale1"]), ("up", 1.0), ("down", state[f"{b}.scale2"])):
            arrays |= {f"{b}.{layer}.weight": state[f"{b}.{layer}.weight"].T * scale, f"{b}.{layer}.bias": state[f"{b}.{layer}.bias"] * scale}
        arrays |= {f"{b}.{norm}.{part}": state[f"{b}.{norm}.{part}"] for norm in ("norm1", "norm2") for part in ("weight", "bias")}
    return {name: np.ascontiguousarray(value, np.float32) for name, value in arrays.items()}


def graph_of(trained: Trained) -> Graph:
    g, net = Graph(), trained.net
    depth, heads, width = len(net.blocks), net.blocks[0].heads, net.position.shape[2]

    def conv(layer: int, x: str) -> str:
        window = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}
        return g.add("Conv", x, f"stem.{layer}.weight", f"stem.{layer}.bias", **window)

    def group_norm(layer: int, x: str, channels: int, side: int) -> str:
        one, zero = g.floats(*[1.0] * GROUPS), g.floats(*[0.0] * GROUPS)
        flat = g.add("InstanceNormalization", g.reshape(x, 0, GROUPS, -1), one, zero, epsilon=EPSILON)
        return g.add("Add", g.add("Mul", g.reshape(flat, 0, channels, side, side), f"stem.{layer}.weight"), f"stem.{layer}.bias")

    def gelu(x: str) -> str:
        phi = g.add("Add", g.add("Erf", g.add("Div", x, g.scalar(2**0.5))), g.scalar(1.0))
        return g.add("Mul", g.add("Mul", x, g.scalar(0.5)), phi)

    def norm(layer: str, x: str) -> str:
        return g.add("LayerNormalization", x, f"{layer}.weight", f"{layer}.bias", axis=-1, epsilon=EPSILON)

    def split(layer: str, x: str, perm: list[int]) -> str:
        return g.add("Transpose", g.reshape(g.linear(layer, x), 0, TOKENS, heads, width // heads), perm=perm)

    x = conv(0, g.normalised("tiles"))
    x = conv(3, gelu(group_norm(1, x, net.stem[0].out_channels, SIDE // 2)))
    x = conv(6, gelu(group_norm(4, x, net.stem[3].out_channels, SIDE // 4)))
    x = g.add("Add", g.add("Transpose", g.reshape(x, 0, width, TOKENS), perm=[0, 2, 1]), "position")
    looks = []
    for i in range(depth):
        b, h = f"blocks.{i}", norm(f"blocks.{i}.norm1", x)
        query, key, value = (split(f"{b}.{part}", h, perm) for part, perm in (("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3])))
        looks.append(g.add("Softmax", g.add("MatMul", query, key), axis=-1))
        mixed = g.add("Transpose", g.add("MatMul", looks[-1], value), perm=[0, 2, 1, 3])
        x = g.add("Add", x, g.linear(f"{b}.out", g.reshape(mixed, 0, TOKENS, width)))
        x = g.add("Add", x, g.linear(f"{b}.down", gelu(g.linear(f"{b}.up", norm(f"{b}.norm2", x)))))
    g.add("Softmax", g.linear("head", g.mean(norm("norm", x), (1,), TOKENS)), axis=-1, output="probabilities")
    _rollout(g, looks, heads)
    return g


def _rollout(g: Graph, looks: list[str], heads: int) -> None:
    """`attention`: attention rollout (S. Abnar, W. Zuidema, "Quantifying Attention Flow in Transformers", 2020).

    Each block is taken as half its attention, the mean of its heads, and half the token itself; the product over blocks says
    how much of each of the 64 input cells is mixed into each output token. The mean over output tokens, because the head reads
    their mean: a row vector, multiplied from the last block to the first. It sums to 1. It shows where information could come
    from. It is not a gradient, knows nothing of the class, of the values or the MLPs, and is no proof of why a class was given.
    """
    half, rows = g.scalar(0.5), TOKENS * heads
    columns = g.add("Mul", g.add("ReduceSum", looks[-1], g.ints(1, 2), keepdims=0), g.scalar(0.5 / rows))
    flow = g.reshape(g.add("Add", columns, g.scalar(0.5 / TOKENS)), 0, 1, TOKENS)
    for look in reversed(looks[:-1]):
        onward = g.add("MatMul", flow, g.mean(look, (1,), heads))
        flow = g.add("Mul", g.add("Add", flow, onward), half)
    g.add("Reshape", flow, g.ints(0, TOKENS), output="attention")


def export(folder: Path, trained: Trained, temperature: float) -> Path:
    """Writes NAME.safetensors and NAME.onnx and returns the graph's path."""
    weights = weights_of(trained, temperature)
    places = write_safetensors(folder / f"{NAME}.safetensors", weights, {"model": NAME, "version": VERSION})
    graph_of(trained).save(folder / f"{NAME}.onnx", INPUTS, OUTPUTS, Stored(f"{NAME}.safetensors", weights, places))
    return folder / f"{NAME}.onnx"


def session(graph: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])


def nchw(pixels: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2), np.float32)


def difference(graph: Path, trained: Trained, temperature: float, pixels: np.ndarray) -> float:
    """The most by which an output in onnxruntime differs from torch's; more than SAME_WITHIN stops the release."""
    wanted = (softmax(logits(trained, pixels)[0], temperature), rollout(trained, pixels))
    found = session(graph).run(None, {"tiles": nchw(pixels)})
    worst = max(float(np.abs(a - b).max()) for a, b in zip(found, wanted, strict=True))
    if worst > SAME_WITHIN:
        raise ValueError(f"{graph}: onnxruntime differs from torch by {worst}")
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("eurosat", "fits", "metrics", "out"):
        parser.add_argument(name, type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    metrics = json.loads(args.metrics.read_text())
    pixels = tiles(args.eurosat, "train")[0]
    # The first seed ships, whatever it scored: nothing is chosen by the numbers that are reported.
    kind = "all" if load_all(args.fits, "all") else "vit"
    shipped = load_all(args.fits, kind)[0]
    graph = export(args.out, shipped, metrics["validation"]["temperature"])
    held = pixels[fold(len(pixels), shipped.seed)[1]]
    metrics["export"] = {"kind": kind, "seed": shipped.seed, "maxDifference": difference(graph, shipped, metrics["validation"]["temperature"], held)}
    run, one, times = session(graph), nchw(held[:1]), []
    for _ in range(200):
        started = time.process_time()
        run.run(None, {"tiles": one})
        times.append(time.process_time() - started)
    args.metrics.write_text(json.dumps(metrics, indent=2) + "\n")
    print(f"{graph}: differs from torch by {metrics['export']['maxDifference']:.1e} at most; {1e3 * np.median(times):.2f} ms a tile alone, one thread")


if __name__ == "__main__":
    main()
