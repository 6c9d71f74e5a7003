"""Tests of printed torchvision models from three versions of PyTorch.

`tests/torch_prints/` holds the output of ``print(model)`` and PyTorch's own counts for
the same model: its parameters, its buffers without the counters of batches, and the
output shape for an image of 3×224×224.
"""

import json
import lzma
from pathlib import Path

import pytest

from grader.errors import SolverError
from problems.network.counts import network_shape, total_params
from problems.network.pytorch.module_parser import torch_module

FOLDER = Path(__file__).parents[1] / "torch_prints"
VERSIONS = ("2.3.1", "2.13.0", "2.14.1")
IMAGE = (3, 224, 224)
UNPRINTED = {
    "vit_b_16": "MultiheadAttention has parameters that its print does not show",
    "swin_t": "ShiftedWindowAttention has parameters that its print does not show",
    "maxvit_t": "WindowPartition is not a known layer",
}
NO_ORDER = {
    "convnext_tiny",
    "efficientnet_v2_s",
    "googlenet",
    "inception_v3",
    "mnasnet0_5",
    "regnet_y_400mf",
    "shufflenet_v2_x0_5",
}


def loaded():
    for version in VERSIONS:
        path = FOLDER / f"{version}.json.xz"
        models = json.loads(lzma.decompress(path.read_bytes()))["models"]
        for name, model in models.items():
            yield pytest.param(name, model, id=f"{name}, {version}")


PRINTS = list(loaded())


@pytest.mark.parametrize(("name", "model"), PRINTS)
def test_printed_models_have_the_parameters_that_pytorch_counts(name, model):
    if name in UNPRINTED:
        with pytest.raises(SolverError, match=UNPRINTED[name]):
            torch_module(model["print"])
        return
    net = torch_module(model["print"])
    assert total_params(net) == model["parameters"]
    assert total_params(net, trainable=False) == model["parameters"] + model["buffers"]


@pytest.mark.parametrize(("name", "model"), PRINTS)
def test_printed_models_of_known_order_have_the_pytorch_output_shape(name, model):
    if name in UNPRINTED:
        return
    net = torch_module(model["print"])
    if name in NO_ORDER:
        with pytest.raises(SolverError, match="only total_params without a shape"):
            network_shape(net, IMAGE)
    else:
        assert list(network_shape(net, IMAGE)) == model["output"]


def test_printed_models_differ_between_pytorch_versions():
    texts = [lzma.decompress((FOLDER / f"{version}.json.xz").read_bytes()) for version in VERSIONS]
    assert [b"affine=True, bias=True" in text for text in texts] == [False, True, True]
