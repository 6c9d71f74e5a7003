"""Tests of receptive fields, against cell indices traced back layer by layer."""

from fractions import Fraction

import pytest

from grader.errors import SolverError
from problems.network.constructors.all_constructors import (
    branches,
    conv,
    conv_transpose,
    linear,
    max_pool,
    network,
    relu,
    residual,
)
from problems.network.published.catalog import named
from problems.solvers.layers_needed import layers_for_field
from problems.solvers.receptive_field import (
    effective_stride,
    field_centre,
    field_range,
    receptive_field,
    receptive_field_trace,
)

STACKS = [
    ((1, 1, 1, 0),),
    ((3, 1, 1, 1),) * 4,
    ((5, 2, 1, 2),) * 3,
    ((7, 2, 1, 3), (3, 2, 1, 1), (3, 1, 1, 1), (3, 1, 1, 0)),
    ((3, 1, 1, 1), (3, 1, 2, 2), (3, 1, 4, 4)),
    ((3, 2, 2, 0), (2, 2, 1, 0), (5, 1, 3, 1)),
    ((3, 3, 1, 2), (1, 2, 1, 0), (3, 1, 1, 0)),
]


def traced(layers, index):
    """Return the input cells that reach the output cell *index*, by tracing it back."""
    reached = {index}
    for kernel, stride, dilation, padding in reversed(layers):
        reached = {
            at * stride - padding + dilation * cell for at in reached for cell in range(kernel)
        }
    return reached


@pytest.mark.parametrize("layers", STACKS)
def test_receptive_field_is_the_span_of_reached_cells(layers):
    for index in (0, 3):
        reached = traced(layers, index)
        first, last = min(reached), max(reached)
        assert field_range(layers, index) == (first, last)
        assert field_centre(layers, index) == Fraction(first + last, 2)
        assert receptive_field(layers) == last - first + 1


@pytest.mark.parametrize("layers", STACKS)
def test_effective_stride_is_the_distance_of_neighboring_fields(layers):
    apart = min(traced(layers, 4)) - min(traced(layers, 3))
    assert effective_stride(layers) == apart


@pytest.mark.parametrize("layers", STACKS)
def test_receptive_field_trace_has_a_row_for_each_layer(layers):
    found = receptive_field_trace(layers)
    rows = [
        (
            receptive_field(layers[:end]),
            effective_stride(layers[:end]),
            field_centre(layers[:end], 0),
        )
        for end in range(1, len(layers) + 1)
    ]
    assert found.shape == (len(layers), 3)
    assert found.cells == tuple(cell for row in rows for cell in row)


def test_layer_tuples_default_to_no_padding_and_no_dilation():
    assert receptive_field(((3, 2), (3, 1))) == receptive_field(((3, 2, 1, 0), (3, 1, 1)))
    assert field_centre(((3, 2), (3, 1)), 0) == 3


def test_field_centers_may_be_measured_from_the_edge_of_the_first_cell():
    assert field_centre(((2, 2),), 1, first_centre=Fraction(1, 2)) == 3
    assert field_centre(((2, 2),), 1, first_centre=0.5) == 3
    assert field_centre(((2, 2),), 1) == Fraction(5, 2)


# --- networks


@pytest.mark.parametrize("name", ["alexnet", "vgg16", "resnet50"])
def test_imagenet_classifiers_have_an_effective_stride_of_32(name):
    assert effective_stride(named(name)) == 32


def test_receptive_field_of_a_network_uses_its_convolutions_and_pools():
    net = network(conv(8, 3, padding=1), relu(), max_pool(2), conv(8, 3, dilation=2), linear(10))
    layers = ((3, 1, 1, 1), (2, 2), (3, 1, 2))
    assert receptive_field(net) == receptive_field(layers)
    assert receptive_field_trace(net).cells == receptive_field_trace(layers).cells
    assert field_range(net, 7) == field_range(layers, 7)


def test_shortcut_does_not_shrink_the_receptive_field():
    block = residual(network(conv(8, 3, padding=1), conv(8, 3, padding=1)))
    assert receptive_field(network(block)) == 5


def test_widest_branch_determines_the_receptive_field():
    inception = branches(conv(6, 1), network(conv(4, 1), conv(5, 5, padding=2)))
    assert receptive_field(network(inception, conv(4, 3))) == 7


@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        ((), "a network or a tuple"),
        (5, "a network or a tuple"),
        (((3, 1),) * 1001, "a network or a tuple"),
        ((5, 2), "each layer is"),
        (((5,),), "each layer is"),
        (((5, 2, 1, 0, 1),), "each layer is"),
        (((5, 0),), "stride must be from 1"),
        (((5, 1, 1, -1),), "padding must be from 0"),
        (network(conv(8, (3, 5))), "not square"),
        (network(conv_transpose(8, 2)), "no receptive field through"),
    ],
)
def test_invalid_receptive_field_layers_are_rejected_with_reason(layers, reason):
    with pytest.raises(SolverError, match=reason):
        receptive_field(layers)


def test_network_without_windows_has_no_receptive_field_trace():
    with pytest.raises(SolverError, match="no layer has a field"):
        receptive_field_trace(network(linear(10)))


def test_invalid_first_center_is_rejected():
    with pytest.raises(SolverError, match="first_centre must be 0 or 1/2"):
        field_centre(((3, 1),), 0, first_centre=1)


# --- layers that a field needs


@pytest.mark.parametrize("target", [1, 2, 3, 16, 33, 224])
@pytest.mark.parametrize(
    ("kernel", "keywords", "layer"),
    [
        (3, {}, lambda _: (3, 1)),
        (5, {"dilation": 2}, lambda _: (5, 1, 2)),
        (3, {"stride": 2}, lambda _: (3, 2)),
        (2, {"dilation_growth": 2}, lambda at: (2, 1, 2**at)),
        (3, {"dilation": 3, "dilation_growth": 3}, lambda at: (3, 1, 3 ** (at + 1))),
    ],
)
def test_layers_for_field_returns_the_minimum_number_of_layers(target, kernel, keywords, layer):
    count = layers_for_field(target, kernel, **keywords)
    layers = tuple(map(layer, range(count)))
    assert count == 0 or receptive_field(layers) >= target
    assert count < 2 or receptive_field(layers[:-1]) < target
    assert (count == 0) == (target == 1)


@pytest.mark.parametrize(("target", "kernel"), [(2, 1), (10**9, 3)])
def test_unreachable_receptive_field_is_rejected(target, kernel):
    with pytest.raises(SolverError, match="do not see"):
        layers_for_field(target, kernel)
