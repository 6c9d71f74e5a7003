"""Expected values of the problems about vector distances and word vectors.

Distances come from dot products by the law of cosines, not from differences.
"""

from cmath import exp as complex_exp
from cmath import log as complex_log
from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import hypot, log, prod, sqrt, tanh

from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.windows import Number

NEGATIVES = ("u1", "u2", "u3")


def _dot(one: Sequence[Number], two: Sequence[Number]) -> Number:
    return sum(x * y for x, y in zip(one, two, strict=True))


def _square(p: Params, move: str) -> Number:
    """Return the squared distance between the anchor and the anchor plus *move*."""
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
    """Return the cosine by the law of cosines, from the triangle with the origin."""
    one, two = _dot(p["a"], p["a"]), _dot(_moved(p, "u"), _moved(p, "u"))
    return float(one + two - _square(p, "u")) / (2 * sqrt(one * two))


# word2vec

TINY = 1e-20


def _pairs(p: Params) -> int:
    """Return the number of (center, context) pairs within the window."""
    places = product(range(p["T"]), repeat=2)
    return sum(1 for one, two in places if 0 < abs(one - two) <= p["c"])


def _rows(p: Params) -> list[str]:
    """Return the names of the vectors that a pair updates.

    These are the center, the context and the drawn words.
    """
    return ["centre", "context", *[f"drawn {one}" for one in range(p["K"])]]


def _noise(p: Params) -> list[Fraction]:
    """Return the noise distribution n^(3/4), from the integer fourth roots of the counts."""
    cubes = [next(root for root in range(count + 1) if root**4 == count) ** 3 for count in p["n"]]
    return [Fraction(cube, sum(cubes)) for cube in cubes]


def _believed(p: Params, name: str) -> float:
    """Return the sigmoid of a word's score, computed as (1 + tanh(x / 2)) / 2."""
    return (1 + tanh(float(_dot(p[name], p["v"])) / 2)) / 2


def _odds(p: Params, centre: Sequence[complex]) -> complex:
    """Return the loss as one logarithm, of the product of the inverse sigmoids."""
    signs = {"u": -1, "a": 1, "b": 1}
    scores = {name: _dot([float(x) for x in p[name]], centre) for name in signs}
    return complex_log(prod(1 + complex_exp(sign * scores[name]) for name, sign in signs.items()))


def _centre(p: Params) -> list[complex]:
    return [complex(float(x)) for x in p["v"]]


def _slope(p: Params) -> list[float]:
    """Return the gradient by complex-step differentiation along both axes."""
    x, y = _centre(p)
    steps = ([x + TINY * 1j, y], [x, y + TINY * 1j])
    return [_odds(p, step).imag / TINY for step in steps]


def _moved_centre(p: Params) -> list[float]:
    pairs = zip(p["v"], _slope(p), strict=True)
    return [float(x) - float(p["rate"]) * slope for x, slope in pairs]


TABLE: Table = {
    "skip-gram-counts": {
        "parameters": lambda p: sum(p["V"] * p["d"] for _ in ("centres", "contexts")),
        "pairs": _pairs,
        "products": lambda p: p["V"] * p["d"],
        "fewer": lambda p: Fraction(p["V"], len(_rows(p)) - 1),
        "updated": lambda p: sum(p["d"] for _ in _rows(p)),
        "noise": lambda p: [float(one) for one in _noise(p)],
    },
    "negative-sampling": {
        "scores": lambda p: [_dot(p[name], p["v"]) for name in ("u", "a", "b")],
        "probabilities": lambda p: [_believed(p, name) for name in ("u", "a", "b")],
        "loss": lambda p: _odds(p, _centre(p)).real,
        "gradient": _slope,
        "moved": _moved_centre,
        "untrained": lambda p: log(2 ** (1 + p["K"])),
    },
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
    "negative-sampling": {
        "v0": lambda p: [*p["v"]],
        "u0": lambda p: [*p["u"]],
        "u1": lambda p: [*p["a"]],
        "u2": lambda p: [*p["b"]],
    },
}
