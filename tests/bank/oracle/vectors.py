"""Expected values of the problems about distances of vectors, word vectors and their losses.

Distances come from products by the law of cosines, not from differences.
"""

from collections.abc import Sequence
from math import hypot, sqrt

from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.windows import Number

NEGATIVES = ("u1", "u2", "u3")


def _dot(one: Sequence[Number], two: Sequence[Number]) -> Number:
    return sum(x * y for x, y in zip(one, two, strict=True))


def _square(p: Params, move: str) -> Number:
    """Return the squared distance of the anchor and what lies a move away from it."""
    return _dot(p[move], p[move])


def _moved(p: Params, move: str) -> list[Number]:
    return [x + y for x, y in zip(p["a"], p[move], strict=True)]


def _gap(p: Params, move: str) -> Number:
    return _square(p, move) - _square(p, "u")


def _losses(p: Params) -> list[Number]:
    return [p["m"] - gap if (gap := _gap(p, move)) < p["m"] else 0 for move in NEGATIVES]


def _semi_hard(p: Params) -> tuple[str, ...]:
    return tuple(f"n{move[1]}" for move in NEGATIVES if _gap(p, move) in range(1, p["m"]))


def _plain(p: Params) -> float:
    near, far = hypot(*p["u"]), hypot(*p["u1"])
    return max(0.0, near + float(p["r"]) - far)


def _cosine(p: Params) -> float:
    """Return the cosine by the sides of the triangle of both vectors and the origin."""
    one, two = _dot(p["a"], p["a"]), _dot(_moved(p, "u"), _moved(p, "u"))
    return float(one + two - _square(p, "u")) / (2 * sqrt(one * two))


TABLE: Table = {
    "triplet-loss": {
        "near": lambda p: _square(p, "u"),
        "losses": _losses,
        "kinds": _semi_hard,
        "plain": _plain,
        "drawn": lambda p: float(_square(p, "u")) / 2,
        "pushed": lambda p: (float(p["M"]) - hypot(*p["u1"])) ** 2 / 2,
        "cosine": _cosine,
    },
}
SHOWN: Table = {
    "triplet-loss": {
        "p": lambda p: _moved(p, "u"),
        "n1": lambda p: _moved(p, "u1"),
        "n2": lambda p: _moved(p, "u2"),
        "n3": lambda p: _moved(p, "u3"),
        "near2": lambda p: _square(p, "u"),
        "gaps": lambda p: tuple(_gap(p, move) for move in NEGATIVES),
    },
}
