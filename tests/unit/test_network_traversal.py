"""Tests of network traversal: steps, layer table, receptive fields and peak memory."""

from fractions import Fraction

import pytest

from grader.errors import SolverError
from problems.network.constructors.all_constructors import (
    adaptive_avg_pool,
    avg_pool,
    batch_norm,
    branches,
    conv,
    conv_transpose,
    dropout,
    flatten,
    gate,
    global_avg_pool,
    identity,
    linear,
    max_pool,
    network,
    pixel_shuffle,
    relu,
    residual,
    side_output,
    skip,
    softmax,
    squeeze_excitation,
    tanh,
    upsample,
    zero_pad,
)
from problems.network.counts import (
    activation_values,
    depth,
    output_shapes,
    peak_activation,
    total_macs,
    total_params,
    walk_network,
)
from problems.network.layer_table import layer_table
from problems.network.published.catalog import PUBLISHED_NETWORKS, named
from problems.network.receptive_fields import (
    AxisWindow,
    ReceptiveField,
    grow_field,
    last_receptive_field,
    receptive_fields,
)

BLOCK = network(
    conv(4, 3, padding=1),
    branches(conv(2, 1), network(relu(), conv(3, 1)), identity()),
    residual(network(conv(9, 1)), shortcut=conv(9, 3, padding=1)),
    side_output(network(conv(1, 1), relu())),
    flatten(),
    linear(10),
)
SHAPE = (3, 6, 5)


def test_walk_steps_have_paths_inputs_and_shapes():
    found = walk_network(BLOCK, SHAPE)
    assert [(step.path, step.inputs, step.after) for step in found.steps] == [
        ("1", (-1,), (4, 6, 5)),
        ("2.1.1", (0,), (2, 6, 5)),
        ("2.2.1", (0,), (4, 6, 5)),
        ("2.2.2", (2,), (3, 6, 5)),
        ("2", (1, 3, 0), (9, 6, 5)),
        ("3.1.1", (4,), (9, 6, 5)),
        ("3.2.1", (4,), (9, 6, 5)),
        ("3", (5, 6), (9, 6, 5)),
        ("4.1.1", (7,), (1, 6, 5)),
        ("4.1.2", (8,), (1, 6, 5)),
        ("5", (7,), (270,)),
        ("6", (10,), (10,)),
    ]
    assert found.outputs == (9, 11)
    assert found.steps[1].before == (4, 6, 5)


def test_identity_network_has_no_steps():
    found = walk_network(network(identity()), SHAPE)
    assert (found.steps, found.outputs) == ((), (-1,))
    assert output_shapes(network(identity()), SHAPE) == (SHAPE,)
    assert activation_values(network(identity()), SHAPE) == depth(network(identity())) == 0


def test_walk_without_input_shape_yields_no_shapes():
    assert all(step.after is None for step in walk_network(BLOCK).steps)
    assert len(walk_network(BLOCK).steps) == len(walk_network(BLOCK, SHAPE).steps)


def test_side_outputs_come_first_and_do_not_feed_the_next_layer():
    assert output_shapes(BLOCK, SHAPE) == ((1, 6, 5), (10,))
    assert depth(network(side_output(network(conv(1, 1), conv(1, 1))), conv(1, 1))) == 2


# --- the table


def rows(net, shape, *names, **options):
    return [
        tuple(row.get_field(name) for name in names) for row in layer_table(net, shape, **options)
    ]


def test_layer_table_has_a_row_for_each_layer_and_each_join():
    """The counts of VGG's first layers are those in the notes of CS231n."""
    found = rows(named("vgg16"), (3, 224, 224), "name", "shape", "params", "macs", "values")
    assert found[0] == (
        "convolution 3×3, 64 filters, stride 1, padding 1",
        (64, 224, 224), 1792, 86_704_128, 3_211_264,
    )  # fmt: skip
    assert found[4][1:] == ((64, 112, 112), 0, 0, 802_816)
    assert [row[0] for row in rows(BLOCK, SHAPE, "name")][4:8:3] == ["concatenation", "addition"]
    assert rows(network(gate(conv(1, 1))), (1, 2, 2), "name")[1] == ("multiplication",)


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "unet", "efficientnet_b0", "yolov3"])
def test_layer_table_columns_add_up_to_the_totals(name):
    net, image = named(name), PUBLISHED_NETWORKS[name].image
    columns = zip(
        *rows(net, image, "params", "all_params", "macs", "values", "bytes", dtype="float16"),
        strict=True,
    )
    values = activation_values(net, image)
    assert [sum(column) for column in columns] == [
        total_params(net, image),
        total_params(net, image, trainable=False),
        total_macs(net, image),
        values,
        2 * values,
    ]


def test_layer_table_tracks_the_receptive_field_until_it_is_global():
    net = network(conv(8, (3, 5), stride=2), max_pool(2), conv(4, 1), flatten(), linear(2))
    table = layer_table(net, (3, 32, 32))
    seen = [(row.get_field("field"), row.get_field("jump")) for row in table[:3]]
    assert seen == [((3, 5), 2), ((5, 7), 4), ((5, 7), 4)]
    with pytest.raises(KeyError):
        table[3].get_field("field")


def test_int4_values_take_fractional_bytes():
    assert rows(network(conv(1, 1)), (1, 3, 1), "bytes", dtype="int4") == [(Fraction(3, 2),)]
    with pytest.raises(SolverError, match="dtype"):
        layer_table(network(conv(1, 1)), (1, 3, 1), dtype="float33")


# --- receptive fields


def influence(net, size):
    """Return the input cells that reach each output cell, by brute force along one axis."""
    cells = [{at} for at in range(size)]
    for layer in net.layers:
        if hasattr(layer, "kernel_size"):
            kernel, step, edge = layer.kernel_size[0], layer.stride[0], layer.padding[0]
            spread = getattr(layer, "dilation", (1, 1))[0]
            padded = [set()] * edge + cells + [set()] * edge
            room = len(padded) - spread * (kernel - 1)
            cells = [
                set().union(*(padded[at + spread * k] for k in range(kernel)))
                for at in range(0, room, step)
            ]
    return cells


@pytest.mark.parametrize(
    "net",
    [
        network(conv(1, 3), conv(1, 3)),
        network(conv(1, 5, stride=2), max_pool(2), conv(1, 3)),
        network(conv(1, 3, stride=2), relu(), conv(1, 3, dilation=3), max_pool(3, stride=2)),
        network(conv(1, 2, stride=3), conv(1, 4, dilation=2, stride=2), conv(1, 2)),
    ],
)
def test_receptive_field_size_jump_and_start_match_brute_force(net):
    cells = influence(net, 97)
    field = last_receptive_field(net)
    assert field.size == max(cells[1]) - min(cells[1]) + 1
    assert field.jump == min(cells[1]) - min(cells[0])
    assert field.start == Fraction(max(cells[0]) + min(cells[0]), 2)


@pytest.mark.parametrize(
    ("net", "field"),
    [
        (network(relu()), ReceptiveField(1, 1, 0)),
        (network(conv(4, 3, padding=1)), ReceptiveField(3, 1, 0)),
        (network(conv(4, 4, stride=2, padding=1)), ReceptiveField(4, 2, Fraction(1, 2))),
        (network(zero_pad((9, 9, 1, 0)), conv(4, 3)), ReceptiveField(3, 1, 0)),
        (network(branches(conv(4, 1), conv(4, 5, padding=2)), conv(4, 3)), ReceptiveField(7, 1, 1)),
        (network(residual(network(conv(4, 3, padding=1)))), ReceptiveField(3, 1, 0)),
        (network(squeeze_excitation(3, 1), conv(4, 3)), ReceptiveField(3, 1, 1)),
        (
            network(conv(4, 3), side_output(conv(1, 9)), max_pool(2)),
            ReceptiveField(4, 2, Fraction(3, 2)),
        ),
        (network(conv(4, 3), avg_pool(2), global_avg_pool(), flatten(), linear(4)),
         ReceptiveField(4, 2, Fraction(3, 2))),
        (network(conv(4, 3), adaptive_avg_pool(7), dropout(), conv(4, 3)), ReceptiveField(3, 1, 1)),
        (network(flatten(), linear(4), softmax()), ReceptiveField(1, 1, 0)),
    ],
)  # fmt: skip
def test_last_receptive_field_precedes_global_layers(net, field):
    assert last_receptive_field(net) == field


@pytest.mark.parametrize("layer", [conv_transpose(3, 2, stride=2), upsample(2), pixel_shuffle(1)])
def test_upsampling_layers_have_no_receptive_field(layer):
    net = network(conv(3, 3), skip(network(layer, conv(3, 3))))
    assert receptive_fields(net) == (ReceptiveField(3, 1, 1), None, None, None)
    with pytest.raises(SolverError, match="no receptive field through"):
        last_receptive_field(net)


def test_receptive_fields_accept_a_custom_growth_rule():
    strides_ignored = receptive_fields(
        BLOCK, lambda field, window: ReceptiveField(field.size + window.reach)
    )
    assert [field.size for field in strides_ignored[:8]] == [3, 3, 3, 3, 3, 3, 5, 5]
    assert strides_ignored[10:] == (None, None)
    assert grow_field(ReceptiveField(3, 2, 1), AxisWindow(3, 2, dilation=2)) == ReceptiveField(
        11, 4, 5
    )


def test_receptive_fields_may_differ_by_axis():
    net = network(conv(4, (1, 7)), conv(4, (3, 1)))
    assert [last_receptive_field(net, axis=axis).size for axis in (0, 1)] == [3, 7]


# --- values in memory


@pytest.mark.parametrize(
    ("net", "values", "in_place"),
    [
        (network(conv(8, 3, padding=1), batch_norm(), relu()), 3 * 240, 2 * 240),
        (network(conv(8, 1), tanh(), max_pool((2, 5)), dropout(), flatten(), linear(4)),
         240 + 240 + 24 + 24 + 24 + 4, 240 + 24 + 4),
        (network(skip(conv(1, 1)), residual(network(relu()))), 30 + 120 + 120 + 120, 270),
    ],
)  # fmt: skip
def test_activation_values_count_all_layer_outputs(net, values, in_place):
    assert activation_values(net, (3, 6, 5)) == values
    assert activation_values(net, (3, 6, 5), in_place=True) == in_place


@pytest.mark.parametrize(
    ("net", "peak"),
    [
        (network(conv(1, 1)), 90 + 30),
        (network(conv(8, 1), conv(2, 1), conv(7, 1)), 240 + 90),
        (network(relu(), relu(), relu()), 180),
        (network(residual(network(conv(3, 1), conv(3, 1)))), 90 * 3),
        (network(skip(network(conv(5, 1), conv(1, 1)))), 90 + 150 + 30),
        (network(branches(conv(1, 1), conv(2, 1), conv(1, 1))), 120 * 2),
        (network(branches(conv(4, 1), conv(4, 1))), 120 * 2 + 240),
        (network(side_output(conv(2, 1)), conv(9, 1)), 60 + 90 + 270),
        (network(side_output(network(conv(9, 1), conv(1, 1))), conv(1, 1)), 90 + 270 + 30),
        (network(identity()), 90),
    ],
)
def test_peak_activation_includes_values_needed_by_later_layers(net, peak):
    assert peak_activation(net, (3, 6, 5)) == peak


def test_peak_activation_frees_values_that_no_later_layer_uses():
    """The output of U-Net's first level is held to the end; that of its middle is freed."""
    net = named("unet")
    first, image = 64 * 256 * 256, (1, 256, 256)
    assert peak_activation(net, image) == 4 * first
    assert activation_values(net, image) > 20 * first
