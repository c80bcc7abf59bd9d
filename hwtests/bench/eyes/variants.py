"""Forms of the shipped networks for the runtime that flies, same weights: fused (float32), and int8.

variants.py <folder of models> <folder to write to>: writes surface-vit-fused.onnx and surface-vit-int8.onnx. Fused: GELU and
attention are one operator each, as onnxruntime has them (`com.microsoft`). Int8: its matrix products too, weights by
column, activations by tensor while it runs. For the bench alone: nothing is signed, nothing of it flies.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

import onnx
from onnx import NodeProto, helper
from onnxruntime.quantization import QuantType, quantize_dynamic

MICROSOFT = "com.microsoft"


class Graph:
    """Who makes and who takes each value of a graph, and what is put in place of some of its nodes."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = model
        self.nodes = list(model.graph.node)
        self.maker = {output: node for node in self.nodes for output in node.output}
        self.takers: dict[str, list[NodeProto]] = defaultdict(list)
        for node in self.nodes:
            for name in node.input:
                self.takers[name].append(node)
        self.dropped: set[str] = set()
        self.replaced: dict[str, NodeProto] = {}

    def replace(self, last: NodeProto, others: list[NodeProto], by: NodeProto) -> None:
        self.dropped.update(node.name for node in others)
        self.replaced[last.name] = by

    def finish(self) -> None:
        left = [self.replaced.get(node.name, node) for node in self.nodes if node.name not in self.dropped]
        del self.model.graph.node[:]
        self.model.graph.node.extend(left)
        used = {name for node in left for name in node.input}
        constants = [constant for constant in self.model.graph.initializer if constant.name in used]
        del self.model.graph.initializer[:]
        self.model.graph.initializer.extend(constants)


def fuse_gelu(graph: Graph) -> None:
    """x/2 · (1 + erf(x/√2)) to one operator."""
    for erf in [node for node in graph.nodes if node.op_type == "Erf"]:
        scaled = graph.maker[erf.input[0]]
        [add] = graph.takers[erf.output[0]]
        [product] = graph.takers[add.output[0]]
        half = graph.maker[next(name for name in product.input if name != add.output[0])]
        gelu = helper.make_node("Gelu", [scaled.input[0]], product.output, name=product.name, domain=MICROSOFT)
        graph.replace(product, [scaled, erf, add, half], gelu)


def fuse_attention(graph: Graph) -> None:
    """softmax(q kᵀ / √d) v and the transpositions around it to one operator."""
    for softmax in [node for node in graph.nodes if node.op_type == "Softmax"]:
        scaled = graph.maker[softmax.input[0]]
        if scaled.op_type != "Mul":
            continue
        scores = graph.maker[scaled.input[0]]
        [mixed] = graph.takers[softmax.output[0]]
        [back] = graph.takers[mixed.output[0]]
        [joined] = graph.takers[back.output[0]]
        turned = [graph.maker[name] for name in (scores.input[0], scores.input[1], mixed.input[1])]
        split = [graph.maker[node.input[0]] for node in turned]
        shape = next(c for c in graph.model.graph.initializer if c.name == split[0].input[1])
        attention = helper.make_node(
            "MultiHeadAttention",
            [node.input[0] for node in split],
            joined.output,
            name=joined.name,
            domain=MICROSOFT,
            num_heads=int(onnx.numpy_helper.to_array(shape)[2]),
        )
        graph.replace(joined, [softmax, scaled, scores, mixed, back, *turned, *split], attention)


def main() -> None:
    models, out = Path(sys.argv[1]), Path(sys.argv[2])
    model = onnx.load(models / "surface-vit.onnx")
    graph = Graph(model)
    fuse_gelu(graph)
    fuse_attention(graph)
    graph.finish()
    model.opset_import.append(helper.make_opsetid(MICROSOFT, 1))
    fused = out / "surface-vit-fused.onnx"
    onnx.save(model, fused)
    int8 = out / "surface-vit-int8.onnx"
    quantize_dynamic(
        fused,
        int8,
        op_types_to_quantize=["MatMul"],
        weight_type=QuantType.QInt8,
        per_channel=True,
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT, "MatMulConstBOnly": True},
    )


if __name__ == "__main__":
    main()
