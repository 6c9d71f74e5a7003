"""Expected values of the problems in the topic cost."""

from fractions import Fraction

from tests.bank.oracle.layers import border, same_sides
from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.weights import conv, count, separable, uses
from tests.bank.oracle.windows import reach, windows


def _shape(p: Params, layer: int) -> tuple[int, int, int]:
    """Return the shape after a layer; layer 0 is the image."""
    height, width = p["H"], p["W"]
    for _ in range(layer):
        height = windows(height, p["K"], stride=2, padding=border(p))
        width = windows(width, p["K"], stride=2, padding=border(p))
    return height, width, 3 if layer == 0 else p[f"N{layer}"]


def _channels(p: Params, layer: int) -> tuple[int, int]:
    """Return the numbers of input and output channels of a layer."""
    return _shape(p, layer - 1)[2], _shape(p, layer)[2]


def _params(p: Params, layer: int) -> int:
    return count(conv(*_channels(p, layer), p["K"], bias=False))


def _macs(p: Params, layer: int) -> int:
    height, width, _ = _shape(p, layer)
    return uses(height, width, conv(*_channels(p, layer), p["K"], bias=False))


def _lean_params(p: Params, layer: int) -> int:
    return count(separable(*_channels(p, layer), p["K"]))


def _lean_macs(p: Params, layer: int) -> int:
    height, width, _ = _shape(p, layer)
    return uses(height, width, separable(*_channels(p, layer), p["K"]))


def _saved(now: int, before: int) -> Fraction:
    """Return the reduction in percent."""
    return Fraction(100 * (before - now), before)


def _field(p: Params, layer: int) -> int:
    return reach([(p["K"], 2)] * layer)


TABLE: Table = {
    "conv-cost-symbolic": {
        "output_shape": lambda p: (*same_sides(p), p["N"]),
        "macs": lambda p: uses(*same_sides(p), conv(p["M"], p["N"], p["K"], bias=False)),
    },
    "conv-stack-cost": {
        "shape_1": lambda p: _shape(p, 1),
        "shape_2": lambda p: _shape(p, 2),
        "shape_3": lambda p: _shape(p, 3),
        "macs_1": lambda p: _macs(p, 1),
        "macs_2": lambda p: _macs(p, 2),
        "macs_3": lambda p: _macs(p, 3),
        "receptive_field_1": lambda p: _field(p, 1),
        "receptive_field_2": lambda p: _field(p, 2),
        "receptive_field_3": lambda p: _field(p, 3),
    },
    "depthwise-separable-savings": {
        "params_symbolic": lambda p: count(separable(p["M"], p["N"], p["K"])),
        "macs_symbolic": lambda p: uses(*same_sides(p), separable(p["M"], p["N"], p["K"])),
        "params_2": lambda p: _lean_params(p, 2),
        "params_3": lambda p: _lean_params(p, 3),
        "macs_2": lambda p: _lean_macs(p, 2),
        "macs_3": lambda p: _lean_macs(p, 3),
        "standard_macs_1": lambda p: _macs(p, 1),
        "standard_params_2": lambda p: _params(p, 2),
        "standard_macs_2": lambda p: _macs(p, 2),
        "standard_params_3": lambda p: _params(p, 3),
        "standard_macs_3": lambda p: _macs(p, 3),
        "params_saved_2": lambda p: _saved(_lean_params(p, 2), _params(p, 2)),
        "macs_saved_2": lambda p: _saved(_lean_macs(p, 2), _macs(p, 2)),
        "params_saved_3": lambda p: _saved(_lean_params(p, 3), _params(p, 3)),
        "macs_saved_3": lambda p: _saved(_lean_macs(p, 3), _macs(p, 3)),
    },
}

SHOWN: Table = {
    "conv-stack-cost": {"P": border},
    "depthwise-separable-savings": {
        "P": border,
        "H1": lambda p: _shape(p, 1)[0],
        "W1": lambda p: _shape(p, 1)[1],
        "H2": lambda p: _shape(p, 2)[0],
        "W2": lambda p: _shape(p, 2)[1],
        "H3": lambda p: _shape(p, 3)[0],
        "W3": lambda p: _shape(p, 3)[1],
    },
}
