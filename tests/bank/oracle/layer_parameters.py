"""Expected parameters of layers and blocks, as the tensors that each of them learns."""

from fractions import Fraction
from typing import Any

from tests.bank.oracle.layers import after, depthwise, grouped, normed, percent, plain, sides
from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.weights import Shapes, conv, count, dense, filters, norm, uses
from tests.bank.oracle.windows import scatter


def _lenet(p: Params, *, growth: int = 0) -> list[tuple[tuple[int, ...], Shapes]]:
    """Return the output shape and the tensors of each of the eight layers."""
    size = p["H"] + growth, p["W"] + growth
    rows: list[tuple[tuple[int, ...], Shapes]] = []
    for inputs, outputs in ((1, p["N1"]), (p["N1"], p["N2"])):
        size = after(size, 5)
        rows.append(((outputs, *size), conv(inputs, outputs, 5)))
        size = after(size, 2, stride=2)
        rows.append(((outputs, *size), []))
    flat = size[0] * size[1] * p["N2"]
    rows.append(((flat,), []))
    for inputs, outputs in ((flat, p["U1"]), (p["U1"], p["U2"]), (p["U2"], p["classes"])):
        rows.append(((outputs,), dense(inputs, outputs)))
    return rows


def _lenet_table(p: Params) -> list[dict[str, Any]]:
    return [{"shape": shape, "parameters": count(held)} for shape, held in _lenet(p)]


def _lenet_total(p: Params, *, growth: int = 0) -> int:
    return count(*[held for _, held in _lenet(p, growth=growth)])


def _flat(p: Params, *, growth: int = 0) -> int:
    (values,), _ = _lenet(p, growth=growth)[4]
    return values


def _biased(p: Params) -> int:
    return count(conv(p["C"], p["N"], p["K"]), conv(p["N"], p["M"], p["K"]))


def _unbiased(p: Params) -> int:
    return count(plain(p["C"], p["N"], p["K"]), plain(p["N"], p["M"], p["K"]))


def _mobile_block(inputs: int, outputs: int, kernel: int) -> int:
    steps = (depthwise(inputs, kernel), plain(inputs, outputs, 1))
    return count(*steps, norm(inputs), norm(outputs))


def _thin(p: Params) -> int:
    inputs, outputs = (Fraction(p[name]) * p["a"] for name in "CN")
    assert inputs.denominator == outputs.denominator == 1
    return _mobile_block(int(inputs), int(outputs), p["K"])


def _standard(p: Params) -> int:
    return normed((p["C"], p["N"], p["K"]))


def _bottleneck(p: Params, block: int) -> int:
    """Return the parameters of a block of the stage; blocks count from 0."""
    wide = 4 * p["D"]
    inputs = wide if block else p["C"]
    main = [(inputs, p["D"], 1), (p["D"], p["D"], 3), (p["D"], wide, 1)]
    return normed(*main, *([] if inputs == wide else [(inputs, wide, 1)]))


def _two_convolutions(p: Params) -> int:
    wide = 4 * p["D"]
    return normed((wide, wide, 3), (wide, wide, 3))


def _inception(p: Params) -> list[list[Shapes]]:
    """Return the convolutions of the four branches."""
    return [
        [conv(p["C"], p["a"], 1)],
        [conv(p["C"], p["b"], 1), conv(p["b"], p["c"], 3)],
        [conv(p["C"], p["d"], 1), conv(p["d"], p["e"], 5)],
        [conv(p["C"], p["f"], 1)],
    ]


def _naive(p: Params) -> int:
    return count(conv(p["C"], p["a"], 1), conv(p["C"], p["c"], 3), conv(p["C"], p["e"], 5))


def _reduction_saves(p: Params) -> Fraction:
    direct = uses(p["H"], p["W"], plain(p["C"], p["e"], 5))
    steps = plain(p["C"], p["d"], 1) + plain(p["d"], p["e"], 5)
    return percent(direct - uses(p["H"], p["W"], steps), direct)


def _windows(p: Params) -> tuple[int, int]:
    return sides(p, p["K"], stride=p["S"])


def _local(p: Params) -> int:
    """Return the parameters of a layer in which each window has its own convolution."""
    height, width = _windows(p)
    return sum(count(conv(p["C"], p["N"], p["K"])) for _ in range(height * width))


def _fully_connected(p: Params) -> int:
    height, width = _windows(p)
    return count(dense(p["H"] * p["W"] * p["C"], height * width * p["N"]))


def _enlarged(p: Params) -> tuple[int, int, int]:
    """Return the shape of the canvas of the stamps after cropping."""
    kernel, cropped = [1] * p["K"], 2 * _cropped(p)
    rows, columns = (len(_canvas(p[axis], kernel)) - cropped for axis in "HW")
    return p["N"], rows, columns


def _canvas(size: int, kernel: list[int]) -> list[Any]:
    """Return the sum of stamps of a row of ones at stride 2."""
    spread = [1, *[0, 1] * (size - 1)]
    (row,) = scatter([spread], [kernel])
    return row


def _cropped(p: Params) -> int:
    """Return the cells to crop at each end, so that twice the size remains."""
    surplus: int = len(_canvas(p["H"], [1] * p["K"])) - 2 * p["H"]
    assert surplus % 2 == 0
    return surplus // 2


def _step(p: Params) -> list[Shapes]:
    return [conv(p["C"], p["N"], p["K"]), conv(p["N"] + p["E"], p["M"], 3)]


def _stamped_products(p: Params) -> int:
    """Return the number of products: each input cell times each weight that it meets."""
    one_cell = sum(count([(p["K"], p["K"])]) for _ in range(p["N"]))
    cells: int = p["C"] * p["H"] * p["W"]
    return one_cell * cells


def _last_of_doubling(p: Params) -> int:
    channels = p["C"]
    for _ in range(p["L"] - 1):
        channels += channels
    return count(plain(channels, channels + channels, p["K"]))


def _grouped(p: Params) -> int | None:
    if p["C"] % p["G"] or p["N"] % p["G"]:
        return None
    return count(grouped(p["C"], p["N"], p["K"], p["G"]))


TABLE: Table = {
    "lenet-parameters": {
        "layers": _lenet_table,
        "total": _lenet_total,
        "share": lambda p: percent(count(_lenet(p)[5][1]), _lenet_total(p)),
        "growth": lambda p: _lenet_total(p, growth=4) - _lenet_total(p),
    },
    "batch-norm-parameters": {
        "learned": lambda p: count(norm(p["N"])),
        "kept": lambda p: sum(4 for _ in range(p["N"] + p["M"])),
        "trainable": lambda p: normed((p["C"], p["N"], p["K"]), (p["N"], p["M"], p["K"])),
        "superfluous": lambda p: _biased(p) - _unbiased(p),
        "folded": _biased,
    },
    "depthwise-separable-parameters": {
        "depthwise": lambda p: count(depthwise(p["C"], p["K"])),
        "pointwise": lambda p: count(plain(p["C"], p["N"], 1)),
        "block": lambda p: _mobile_block(p["C"], p["N"], p["K"]),
        "standard": _standard,
        "factor": lambda p: Fraction(_standard(p), _mobile_block(p["C"], p["N"], p["K"])),
        "thin": _thin,
    },
    "bottleneck-block-parameters": {
        "middle": lambda p: count(plain(p["D"], p["D"], 3)),
        "first_block": lambda p: _bottleneck(p, 0),
        "next_block": lambda p: _bottleneck(p, 1),
        "stage": lambda p: sum(_bottleneck(p, block) for block in range(p["n"])),
        "plain": _two_convolutions,
        "saving": lambda p: 100 - percent(_bottleneck(p, 1), _two_convolutions(p)),
    },
    "inception-module-parameters": {
        "output": lambda p: (sum(p[width] for width in "acef"), p["H"], p["W"]),
        "branch_3": lambda p: count(*_inception(p)[2]),
        "module": lambda p: sum(count(*branch) for branch in _inception(p)),
        "naive": _naive,
        "naive_depth": lambda p: sum(p[width] for width in "aceC"),
        "saving": _reduction_saves,
    },
    "locally-connected-parameters": {
        "output": lambda p: (*_windows(p), p["N"]),
        "shared": lambda p: count(conv(p["C"], p["N"], p["K"])),
        "local": _local,
        "dense": _fully_connected,
        "factor": lambda p: len([1 for i in range(_windows(p)[0]) for j in range(_windows(p)[1])]),
    },
    "transposed-conv-parameters": {
        "enlarged": _enlarged,
        "up": lambda p: count(_step(p)[0]),
        "conv": lambda p: count(_step(p)[1]),
        "total": lambda p: count(*_step(p)),
        "resized": lambda p: count(conv(p["C"], p["N"], 3)),
        "macs": _stamped_products,
    },
    "conv-parameters-formula": {
        "standard": lambda p: count(conv(p["C"], p["N"], p["K"])),
        "volume": lambda p: count(filters(p["N"], (p["K"], p["K"], p["K"], p["C"]))),
        "grouped": _grouped,
        "separable": lambda p: count(
            filters(p["C"], (p["K"], p["K"])), filters(p["N"], (1, 1, p["C"]))
        ),
        "growth": _last_of_doubling,
    },
}

SHOWN: Table = {
    "lenet-parameters": {"flat": _flat, "larger": lambda p: _flat(p, growth=4)},
    "bottleneck-block-parameters": {"E": lambda p: sum([p["D"]] * 4)},
    "transposed-conv-parameters": {"P": _cropped},
}
