"""Test vectors of single operators from the onnx package.

There are two collections: the node tests, which the package computes on demand, and
files of results that PyTorch computed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case import node as node_cases

OPERATORS = {
    "AveragePool",
    "BatchNormalization",
    "Conv",
    "ConvInteger",
    "ConvTranspose",
    "Elu",
    "Gelu",
    "Gemm",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "LayerNormalization",
    "LeakyRelu",
    "MatMul",
    "MaxPool",
    "Relu",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Swish",
    "Tanh",
}
MODULES = (
    "averagepool",
    "batch_normalization",
    "conv",
    "convinteger",
    "convtranspose",
    "elu",
    "gelu",
    "gemm",
    "globalaveragepool",
    "globalmaxpool",
    "layernormalization",
    "leakyrelu",
    "matmul",
    "maxpool",
    "relu",
    "sigmoid",
    "softmax",
    "softplus",
    "swish",
    "tanh",
)
DATA = Path(onnx.__file__).parent / "backend" / "test" / "data"


@dataclass(frozen=True)
class Vector:
    """An operator with its inputs and its first output."""

    name: str
    operator: str
    inputs: tuple[np.ndarray, ...]
    output: np.ndarray
    attributes: dict[str, Any]


def _attributes(node: onnx.NodeProto) -> dict[str, Any]:
    found = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
    return {
        name: value.decode() if isinstance(value, bytes) else value for name, value in found.items()
    }


def node_vectors() -> Iterator[Vector]:
    """Yield the single-node tests of our operators; those of several nodes repeat others."""
    for module in MODULES:  # all modules at once would warn, and take ten times as long
        import_module(f"{node_cases.__name__}.{module}")
    for case in node_cases._NodeTestCases:  # noqa: SLF001 - the public way imports every module
        nodes = case.model.graph.node
        if len(nodes) == 1 and nodes[0].op_type in OPERATORS:
            inputs, outputs = case.data_sets[0]
            arrays = tuple(np.asarray(one) for one in inputs)
            yield Vector(
                case.name, nodes[0].op_type, arrays, np.asarray(outputs[0]), _attributes(nodes[0])
            )


def torch_vectors() -> Iterator[Vector]:
    """Yield PyTorch's results for our operators, with weights among the inputs."""
    for path in sorted(DATA.glob("pytorch-*/*/model.onnx")):
        graph = onnx.load(path).graph
        main = [node for node in graph.node if node.op_type in OPERATORS]
        padded = [node.op_type for node in graph.node] == ["Unsqueeze", "AveragePool", "Squeeze"]
        if len(main) != 1 or (len(graph.node) != 1 and not padded):
            continue
        values = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
        names = [one.name for one in graph.input if one.name not in values]
        files = sorted(path.parent.glob("test_data_set_0/input_*.pb"))
        values |= {
            name: numpy_helper.to_array(onnx.load_tensor(file))
            for name, file in zip(names, files, strict=True)
        }
        output = numpy_helper.to_array(
            onnx.load_tensor(path.parent / "test_data_set_0" / "output_0.pb")
        )
        given = graph.node[0].input if padded else main[0].input
        inputs = [values[name] for name in given]
        if padded:
            inputs, output = [inputs[0][..., np.newaxis]], output[..., np.newaxis]
        yield Vector(path.parent.name, main[0].op_type, tuple(inputs), output, _attributes(main[0]))
