"""Tests of networks in problem files: table rows, and graphs as lists of layers."""

from factories import ask, original

from problems.registry import REGISTRY


def test_table_part_iterates_over_network_layers():
    """The rows come from a graph; one column continues from the student's own row."""
    columns = {
        "shape": {"kind": "shape", "layout": "CHW", "key": "out_shape(layer.layer, prev.shape)"},
        "params": {"kind": "integer", "key": "layer_params(layer.layer, prev.shape)"},
        "field": {"kind": "integer", "key": "layer.field"},
    }
    net = {"network": ["conv(8, 3, stride=2)", "relu()", "max_pool(2)", "conv(4, 1)"]}
    part = ask(
        "table", rows="layer_table(net, (3, 17, 17))", start={"shape": "(3, 17, 17)"},
        columns=columns,
    )  # fmt: skip
    variant = original(part, params={"net": net}, book=REGISTRY)
    assert [tuple(row.values()) for row in variant.keys["a"].rows] == [
        ((8, 8, 8), 224, 3),
        ((8, 8, 8), 0, 3),
        ((8, 4, 4), 0, 5),
        ((4, 4, 4), 36, 5),
    ]


def test_problem_defines_a_graph_as_a_list_of_layers():
    net = {
        "network": [
            "skip(conv(4, 3, padding=1))",
            "residual(network(conv(7, 3, padding=1), relu()))",
            "branches(conv(2, 1), network(conv(2, 1), relu()))",
            "dense_block(2, 4)",
            "side_output(squeeze_excitation(12, 3))",
            "flatten()",
            "linear(units)",
        ]
    }
    key = "total_params(net, (3, 6, 6)) - total_params(named('vgg16', classes=units))"
    variant = original(ask(key=key), params={"units": 10, "net": net}, book=REGISTRY)
    dense = (8 + 4 * 16 + 32 + 16 * 36) + (16 + 8 * 16 + 32 + 16 * 36)
    counted = 112 + 7 * 64 + 2 * 2 * 8 + dense + (12 * 3 + 3 + 3 * 12 + 12) + 10 * (12 * 36 + 1)
    assert variant.keys["a"] == counted - 134_301_514
