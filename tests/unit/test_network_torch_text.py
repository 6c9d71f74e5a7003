"""Networks read from the print of a PyTorch module."""

from fractions import Fraction

import pytest
from cpu_time import cpu_seconds

from grader.errors import SolverError
from problems.network.build import (
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
from problems.network.counts import network_shape, total_params
from problems.network.torch_text import MAX_TEXT, torch_module

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
    """Return the print of a module with these layers."""
    return "\n".join(["Net(", *(f"  ({at}): {line}" for at, line in enumerate(lines)), ")"])


def test_containers_are_spliced_into_one_sequence():
    assert torch_module(PRINTED) == network(
        conv(32, 5, in_channels=3, padding=2),
        batch_norm(32),
        relu(),
        max_pool(2),
        conv(64, 5, in_channels=32, padding=2, bias=False),
        linear(10, in_features=16384),
    )


def test_parameters_of_a_print_need_no_shape():
    assert total_params(torch_module(PRINTED)) == 2432 + 64 + 51_200 + 163_850


def test_shapes_of_a_print_stop_where_forward_flattens_without_a_layer():
    with pytest.raises(SolverError, match="put flatten"):
        network_shape(torch_module(PRINTED), (3, 32, 32))


def test_indentation_does_not_matter():
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
def test_a_printed_layer_is_read(line, layer):
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
        (wrapped("Conv2d(3, 8, kernel_size=(3, 3), padding=full)"), "padding must be a whole"),
        (wrapped("Conv2d(3, 8, kernel_size=(3, 3), padding_mode='reflect')"), "not understood"),
        (wrapped("Conv2d(3, 0, kernel_size=(3, 3))"), "line 2 .*out_channels must be from 1"),
        (wrapped("Conv2d(3, 8, kernel_size=(3, 3)) + 1"), "it is not a printed layer"),
        (wrapped("Linear(in_features=__import__('os').getpid(), out_features=1)"), "understood"),
        (wrapped("Linear(in_features=2, out_features=1), Linear(4)"), "not understood"),
        (wrapped("Dropout(p=" + "(" * 400 + ")" * 50 + ")"), "not understood"),
        (wrapped("Dropout(p=0." + "5" * 600 + ")"), "it is not a printed layer"),
        (wrapped("BatchNorm2d(4, affine=False)"), "arguments are not understood"),
        (wrapped("MaxPool2d(kernel_size=2, dilation=2)"), "arguments are not understood"),
        (wrapped("AdaptiveAvgPool2d(output_size=(7, None))"), "output_size must be a whole"),
        (wrapped("Upsample(size=(7, 7), mode='nearest')"), "arguments are not understood"),
        (wrapped("Upsample(scale_factor=2.5, mode='nearest')"), "must be a whole number"),
        (wrapped("Flatten(start_dim=0, end_dim=-1)"), "arguments are not understood"),
        ("Net(\n  (0): Block(\n  (1): ReLU()\n  )\n)", "line 2 .*a Block inside a module says no"),
        ("Net(\n  (0): ModuleList(\n  (0-1): 2 x ReLU()\n  )\n)", "line 3 .*not a printed layer"),
        (
            "Net(\n  (0): BasicBlock(\n  (1): ReLU()\n  )\n)",
            "line 2 .*its children are not those of torchvision's BasicBlock",
        ),
        ("Net(\n" + "(0): Sequential(\n" * 50 + ")\n" * 51, "modules nest at most 40 deep"),
        ("Net(\n  (0): ReLU()", "ends before 1 bracket"),
        (")", "it is not a printed layer"),
        ("a network of my own", "line 1 .*it is not a printed layer"),
        ("ReLU()\n" * (MAX_TEXT // 7 + 1), f"at most {MAX_TEXT} characters"),
    ],
)
def test_a_print_that_cannot_be_read_is_refused_with_the_line(text, reason):
    with pytest.raises(SolverError, match=reason):
        torch_module(text)


def test_ten_thousand_brackets_are_refused_at_once():
    def refused() -> None:
        with pytest.raises(SolverError):
            torch_module("Net(\n" + "Sequential(\n" * 8_000)

    assert cpu_seconds(refused) < 0.5
