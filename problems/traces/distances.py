"""The way to distances and similarities of vectors, and to the losses of pairs and triplets.

x and y are the vectors, a, p and n the anchor, the positive and the negative, d a distance.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Final

from grader.display.steps import Formula, Said, Step, Tracer, formula
from grader.expressions.tree import Binary, Call, Num
from grader.values import Number, Value, exact
from problems.solvers.distances import contrastive_loss, cosine_similarity, distance, triplet_loss
from problems.solvers.exact_arrays import exact_array, exact_number
from problems.traces.sums import dotted
from problems.traces.tracing import MAX_TERMS, joined, tracers

__all__ = ["TRACERS"]


def _cells(vector: object) -> list[Number]:
    return [exact(cell) for cell in exact_array(vector, "x").tolist()]


def _apart(name: str, x: object, y: object, *, squared: bool) -> Formula:
    """Return the formula of the distance of two vectors, number by number."""
    pairs = list(zip(_cells(x), _cells(y), strict=True))
    value = distance(_cells(x), _cells(y), squared=squared)
    squares = [Binary("**", Binary("-", Num(one), Num(two)), Num(2)) for one, two in pairs]
    total = distance(_cells(x), _cells(y), squared=True)
    inside = joined("+", squares[: MAX_TERMS + 1], total)
    tree = inside if squared else Call("sqrt", (inside,))
    return Formula(name, tree, tree, value)


def _distance(given: SimpleNamespace) -> Iterator[Step]:
    what = "added up" if given.squared else "added up, and the root of the sum"
    yield Said(f"The differences of the vectors, squared and {what}:")
    yield _apart("d", given.x, given.y, squared=given.squared)


def _cosine(given: SimpleNamespace) -> Iterator[Step]:
    x, y = _cells(given.x), _cells(given.y)
    product, one, two = dotted("s", x, y), dotted("u", x, x), dotted("v", y, y)
    yield Said("The product s of the vectors over their lengths, the roots of u and v:")
    yield from (product, one, two)
    known: dict[str, Value] = {"s": product.number, "u": one.number, "v": two.number}
    yield formula("cos", "s/sqrt(u*v)", result=exact(given.result), **known)


def _triplet(given: SimpleNamespace) -> Iterator[Step]:
    what = "squared distances" if given.squared else "distances"
    near = _apart("d_p", given.anchor, given.positive, squared=given.squared)
    far = _apart("d_n", given.anchor, given.negative, squared=given.squared)
    yield Said(f"The {what} of the anchor to the positive and to the negative:")
    yield from (near, far)
    yield Said("The negative has to be farther away than the positive, by the margin m at least:")
    margin = exact(exact_number(given.margin, "margin"))
    yield formula("L", "max(0, d_p - d_n + m)", d_p=near.number, d_n=far.number, m=margin)


def _contrastive(given: SimpleNamespace) -> Iterator[Step]:
    away = _apart("d", given.x, given.y, squared=False)
    yield Said("The distance of the pair:")
    yield away
    known: dict[str, Value] = {"m": exact(exact_number(given.margin, "margin")), "d": away.number}
    if given.alike:
        yield Said("The pair is alike and is drawn together:")
        yield formula("L", "d**2/2", **known)
    else:
        yield Said("The pair is not alike and is pushed apart until it is the margin m away:")
        yield formula("L", "max(0, m - d)**2/2", **known)


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        distance: _distance,
        cosine_similarity: _cosine,
        triplet_loss: _triplet,
        contrastive_loss: _contrastive,
    }
)
