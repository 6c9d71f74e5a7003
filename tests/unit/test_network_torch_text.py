"""Tests of networks read from the printed text of a PyTorch module."""

from fractions import Fraction

import pytest
from cpu_time import cpu_seconds

from grader.errors import SolverError
from problems.network.constructors.all_constructors import (
    adaptive_avg_pool,
    avg_pool,
    batch_norm,
    conv,
    conv_transpose,
    dropout,
    flatten,
    gelu,
    global_avg_pool,
    group_norm,
    hardsigmoid,
    hardswish,
    identity,
    layer_norm,
    leaky_relu,
    linear,
    max_pool,
    network,
    pixel_shuffle,
    relu,
    relu6,
    sigmoid,
    silu,
    softmax,
    tanh,
    upsample,
    zero_pad,
)
from problems.network.counts import depth, layer_count, network_shape, total_params
from problems.network.forward import forward
from problems.network.pytorch.module_parser import MAX_TEXT_CHARACTERS, NOT_A_LAYER, torch_module
from problems.network.receptive_fields import last_receptive_field

PRINTED = """
Net1(
  (feature_extractor): Sequential(
    (0): Conv2d(3, 32, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2))
    (1): BatchNorm2d(32, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)
    (2): ReLU()
    (3): MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)

    (4): Sequential(
      (0): Conv2d(32, 64, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2), bias=False)
    )
  )
  (classifier): Sequential(
    (0): Linear(in_features=16384, out_features=10, bias=True)
  )
)
"""


def wrapped(*lines):
    """Return the printed text of a module with the layers *lines*."""
    return "\n".join(["Net(", *(f"  ({at}): {line}" for at, line in enumerate(lines)), ")"])


def test_printed_containers_are_flattened_into_one_sequence():
    assert torch_module(PRINTED) == network(
        conv(32, 5, in_channels=3, padding=2),
        batch_norm(32),
        relu(),
        max_pool(2),
        conv(64, 5, in_channels=32, padding=2, bias=False),
        linear(10, in_features=16384),
    )


def test_parameters_of_a_printed_module_need_no_input_shape():
    assert total_params(torch_module(PRINTED)) == 2432 + 64 + 51_200 + 163_850


def test_shape_of_a_printed_module_fails_at_a_missing_flatten_layer():
    with pytest.raises(SolverError, match="put flatten"):
        network_shape(torch_module(PRINTED), (3, 32, 32))


def test_indentation_of_a_printed_module_is_ignored():
    assert torch_module("\n".join(line.strip() for line in PRINTED.splitlines())) == torch_module(
        PRINTED
    )


@pytest.mark.parametrize(
    ("line", "layer"),
    [
        ("Linear(in_features=4, out_features=2, bias=False)", linear(2, in_features=4, bias=False)),
        ("Conv2d(4, 6, kernel_size=(3, 1), stride=(2, 2), padding=(1, 0), groups=2)",
         conv(6, (3, 1), in_channels=4, stride=2, padding=(1, 0), groups=2)),
        ("Conv2d(4, 6, kernel_size=(3, 3), stride=(1, 1), dilation=(2, 2), bias=False)",
         conv(6, 3, in_channels=4, dilation=2, bias=False)),
        ("ConvTranspose2d(4, 6, kernel_size=(2, 2), stride=(2, 2), output_padding=(1, 1))",
         conv_transpose(6, 2, in_channels=4, stride=2, output_padding=1)),
        ("MaxPool2d(kernel_size=(3, 2), stride=(1, 2), padding=(1, 1), dilation=1, ceil_mode=True)",
         max_pool((3, 2), stride=(1, 2), padding=1, ceil_mode=True)),
        ("AvgPool2d(kernel_size=2, stride=2, padding=0)", avg_pool(2)),
        ("AdaptiveAvgPool2d(output_size=(1, 1))", global_avg_pool()),
        ("AdaptiveAvgPool2d(output_size=1)", global_avg_pool()),
        ("AdaptiveAvgPool2d(output_size=(7, 7))", adaptive_avg_pool(7)),
        ("Conv2d(4, 6, kernel_size=(3, 5), stride=(1, 1), padding=same, dilation=(2, 1))",
         conv(6, (3, 5), in_channels=4, padding=(2, 2), dilation=(2, 1))),
        ("Conv2d(4, 6, kernel_size=(3, 3), stride=(2, 2), padding=valid)",
         conv(6, 3, in_channels=4, stride=2)),
        ("ConvTranspose2d(4, 6, kernel_size=(3, 3), stride=(1, 1), dilation=(2, 2), groups=2)",
         conv_transpose(6, 3, in_channels=4, dilation=2, groups=2)),
        ("GELU(approximate='none')", gelu()),
        ("GroupNorm(2, 6, eps=1e-05, affine=True)", group_norm(2, 6)),
        ("Hardsigmoid()", hardsigmoid()),
        ("Hardswish()", hardswish()),
        ("Identity()", identity()),
        ("Sequential()", identity()),
        ("LayerNorm((6,), eps=1e-06, elementwise_affine=True)", layer_norm(6)),
        ("LayerNorm((6, 2), eps=1e-06, elementwise_affine=True, bias=False)",
         layer_norm((6, 2), bias=False)),
        ("LeakyReLU(negative_slope=0.1, inplace=True)", leaky_relu(negative_slope=Fraction(1, 10))),
        ("PixelShuffle(upscale_factor=2)", pixel_shuffle(2)),
        ("ReLU6(inplace=True)", relu6()),
        ("SiLU(inplace=True)", silu()),
        ("StochasticDepth(p=0.2, mode=row)", dropout(Fraction(1, 5))),
        ("Tanh()", tanh()),
        ("Upsample(scale_factor=2.0, mode='nearest')", upsample(2)),
        ("Upsample(scale_factor=(2.0, 3.0), mode=bilinear)", upsample((2, 3), mode="bilinear")),
        ("ZeroPad2d((1, 2, 3, 4))", zero_pad((1, 2, 3, 4))),
        ("BatchNorm1d(4, eps=1e-05, momentum=None, affine=True, track_running_stats=True)",
         batch_norm(4)),
        ("Dropout(p=0.05, inplace=False)", dropout(Fraction(1, 20))),
        ("Dropout2d(p=1, inplace=True)", dropout(1)),
        ("Flatten(start_dim=1, end_dim=-1)", flatten()),
        ("ReLU(inplace=True)", relu()),
        ("Sigmoid()", sigmoid()),
        ("Softmax(dim=1)", softmax()),
    ],
)  # fmt: skip
def test_printed_layer_is_parsed(line, layer):
    assert torch_module(wrapped(line)) == network(layer)
    assert torch_module(line) == network(layer)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "at least one layer"),
        ("Net(\n)", "at least one layer"),
        (wrapped("ReLU()", "LSTM(4, 8)"), "line 3 .*: LSTM is not a known layer"),
        (wrapped("Conv2d(3, 8)"), "line 2 .*arguments are not understood"),
        (wrapped("Conv2d(3, kernel_size=3)"), "arguments are not understood"),
        (wrapped("Conv2d(3, 8, 3, 1)"), "arguments are not understood"),
        (wrapped("Conv2d(3, 8, kernel_size=(2, 2), padding=same)"), "has no equal padding"),
        (wrapped("Conv2d(3, 8, kernel_size=(3, 3), stride=2, padding=same)"), "not understood"),
        (
            wrapped("Conv2d(3, 8, kernel_size=(3, 3), padding=full)"),
            "padding must be numbers, valid or same",
        ),
        (wrapped("Conv2d(3, 0, kernel_size=(3, 3))"), "line 2 .*out_channels must be from 1"),
        (wrapped("Conv2d(3, 8, kernel_size=(3, 3)) + 1"), NOT_A_LAYER),
        (wrapped("Linear(in_features=__import__('os').getpid(), out_features=1)"), "understood"),
        (wrapped("Linear(in_features=2, out_features=1), Linear(4)"), "not understood"),
        (wrapped("Dropout(p=" + "(" * 400 + ")" * 50 + ")"), "not understood"),
        (wrapped("Dropout(p=0." + "5" * 600 + ")"), NOT_A_LAYER),
        (wrapped("BatchNorm2d(4, affine=2)"), "affine must be"),
        (wrapped("Conv2d(3, 8, kernel_size=(3, 3), crop=(1, 1))"), "argument crop is not"),
        (wrapped("Linear(in_features=3, out_features=8, heads=2)"), "argument heads is not"),
        (wrapped("Linear(in_features=3, out_features=8, heads=[2])"), "argument heads is not"),
        (wrapped("ReLU(size=torch.Size([2]))"), "its argument size is not"),
        (wrapped("MaxPool2d(kernel_size=2, dilation=2)"), "its argument dilation is not"),
        (wrapped("AdaptiveAvgPool2d(output_size=(7, None))"), "output_size must be a whole"),
        (wrapped("Upsample(size=(7, 7), mode='nearest')"), "its argument size is not"),
        (wrapped("Upsample(scale_factor=2.5, mode='nearest')"), "must be a whole number"),
        (wrapped("Flatten(start_dim=0, end_dim=-1)"), "its argument start_dim is not"),
        ("Net(\n  (0): ModuleList(\n  (0-1): 0 x ReLU()\n  )\n)", "line 3 .*not a printed layer"),
        ("Net(\n  (a): ModuleList(\n  (0-9): 9999 x ReLU()\n  )\n)", "at most 2000 layers"),
        (
            wrapped("MultiheadAttention(\n(a): Linear(in_features=8, out_features=8)\n)"),
            "line 2 .*a MultiheadAttention has parameters that its print does not show",
        ),
        ("Net(\n" + "(0): Sequential(\n" * 50 + ")\n" * 51, "modules nest at most 40 deep"),
        ("Net(\n  (0): ReLU()", "ends before 1 bracket"),
        (")", NOT_A_LAYER),
        ("a network of my own", "line 1 .*it is not a printed layer"),
        ("ReLU()\n" * (MAX_TEXT_CHARACTERS // 7 + 1), f"at most {MAX_TEXT_CHARACTERS} characters"),
    ],
)
def test_unparsable_printout_is_rejected_with_the_line(text, reason):
    with pytest.raises(SolverError, match=reason):
        torch_module(text)


@pytest.mark.parametrize(
    ("line", "layer"),
    [
        ("BatchNorm2d(4, eps=1e-05, momentum=1, affine=True, bias=True, track_running_stats=True)",
         batch_norm(4)),
        ("GroupNorm(2, 6, eps=1, affine=True, bias=True)", group_norm(2, 6)),
        ("LayerNorm((6,), eps=1e-06, elementwise_affine=True, bias=True)", layer_norm(6)),
        ("Linear(in_features=4, out_features=2, bias=True, fused=True, device=None, kind=fast)",
         linear(2, in_features=4)),
        ("MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False, nan=0.5)",
         max_pool(2)),
        ("Softmax(dim=1)", softmax()),
        ("Linear(in_features=4, out_features=2, scale=1.0, range=(0.0, 1.0), dtype=torch.float32)",
         linear(2, in_features=4)),
    ],
)  # fmt: skip
def test_non_size_arguments_in_a_printout_are_ignored(line, layer):
    assert torch_module(line) == network(layer)


@pytest.mark.parametrize(
    ("line", "trainable", "every"),
    [
        ("BatchNorm2d(8, affine=True, bias=True, track_running_stats=True)", 16, 32),
        ("BatchNorm2d(8, affine=True, bias=False, track_running_stats=True)", 8, 24),
        ("BatchNorm2d(8, affine=False, bias=False, track_running_stats=True)", 0, 16),
        ("BatchNorm2d(8, affine=False, track_running_stats=False)", 0, 0),
        ("GroupNorm(2, 8, affine=False)", 0, 0),
        ("GroupNorm(2, 8, affine=True, bias=False)", 8, 8),
        ("LayerNorm((8,), elementwise_affine=False, bias=False)", 0, 0),
        ("LayerNorm((8,), elementwise_affine=True, bias=False)", 8, 8),
    ],
)
def test_printed_normalization_arguments_determine_its_parameters(line, trainable, every):
    net = torch_module(wrapped(line))
    assert total_params(net) == trainable
    assert total_params(net, trainable=False) == every
    assert network_shape(net, (8, 5, 8)) == (8, 5, 8)


BLOCKS = """
Net(
  (stem): Linear(in_features=4, out_features=8, bias=True)
  (blocks): ModuleList(
    (0-2): 3 x Block(
      (first): Linear(in_features=8, out_features=16, bias=True)
      (second): Linear(in_features=16, out_features=8, bias=False)
    )
    (3): Identity()
  )
  (empty): ModuleList()
)
"""


def test_only_parameters_of_custom_module_classes_can_be_counted():
    net = torch_module(BLOCKS)
    assert total_params(net) == 40 + 3 * (144 + 128)
    for ask in (depth, layer_count, lambda net: network_shape(net, (4,)), last_receptive_field):
        with pytest.raises(SolverError, match=r"line \d+ .* says no order; only total_params"):
            ask(net)
    with pytest.raises(SolverError, match="only total_params without a shape can be computed"):
        total_params(net, (4,))


def test_block_with_children_unlike_torchvision_has_only_a_parameter_count():
    net = torch_module(wrapped("BasicBlock(\n(1): Linear(in_features=2, out_features=3)\n)"))
    assert total_params(net) == 9
    with pytest.raises(SolverError, match=r"line 2 .*its children are not those of torchvision"):
        network_shape(net, (2,))


def test_padding_mode_keeps_the_shape_but_forward_rejects_it():
    net = torch_module("Conv2d(1, 1, kernel_size=(3, 3), padding=(1, 1), padding_mode=reflect)")
    assert network_shape(net, (1, 5, 5)) == (1, 5, 5)
    assert total_params(net) == 10
    with pytest.raises(SolverError, match="forward pads with zeros alone"):
        forward(net, [[1, 2], [3, 4]], weights=([[[[1] * 3] * 3]],))


def test_deeply_nested_brackets_are_rejected_quickly():
    def refused() -> None:
        with pytest.raises(SolverError):
            torch_module("Net(\n" + "Sequential(\n" * 8_000)

    assert cpu_seconds(refused) < 0.5
