"""Tracers for vector distances and similarities, and for pair and triplet losses.

x and y are the vectors, a, p and n the anchor, the positive and the negative, d a
distance.
"""

from collections.abc import Iterator
from typing import Final

from grader.display.steps import Formula, SolutionStep, TextStep, Tracer, build_formula
from grader.expressions.tree import BinaryOperation, Call, NumberLiteral
from grader.values import Number, Value, to_exact_number
from problems.solvers.distances import contrastive_loss, cosine_similarity, distance, triplet_loss
from problems.solvers.exact_arrays import as_fraction, as_fraction_array
from problems.traces.sums import dot_product_formula
from problems.traces.tracing import MAX_TERMS, TracedArguments, build_tracers, join_nodes


def _exact_cells(vector: object) -> list[Number]:
    return [to_exact_number(cell) for cell in as_fraction_array(vector, "x").tolist()]


def _build_distance_formula(name: str, x: object, y: object, *, squared: bool) -> Formula:
    """Return the formula of the distance of two vectors, coordinate by coordinate."""
    pairs = list(zip(_exact_cells(x), _exact_cells(y), strict=True))
    value = distance(_exact_cells(x), _exact_cells(y), squared=squared)
    squares = [
        BinaryOperation(
            "**", BinaryOperation("-", NumberLiteral(pair), NumberLiteral(two)), NumberLiteral(2)
        )
        for pair, two in pairs
    ]
    total = distance(_exact_cells(x), _exact_cells(y), squared=True)
    inside = join_nodes("+", squares[: MAX_TERMS + 1], total)
    tree = inside if squared else Call("sqrt", (inside,))
    return Formula(name, tree, tree, value)


def _trace_distance(args: TracedArguments) -> Iterator[SolutionStep]:
    what = "added up" if args.squared else "added up, and the root of the sum"
    yield TextStep(f"The differences of the vectors, squared and {what}:")
    yield _build_distance_formula("d", args.x, args.y, squared=args.squared)


def _trace_cosine_similarity(args: TracedArguments) -> Iterator[SolutionStep]:
    x, y = _exact_cells(args.x), _exact_cells(args.y)
    product, x_squared, y_squared = (
        dot_product_formula("s", x, y),
        dot_product_formula("u", x, x),
        dot_product_formula("v", y, y),
    )
    yield TextStep(
        "The dot product s divided by the lengths, which are the square roots of u and v:"
    )
    yield from (product, x_squared, y_squared)
    known: dict[str, Value] = {"s": product.number, "u": x_squared.number, "v": y_squared.number}
    yield build_formula("cos", "s/sqrt(u*v)", result=to_exact_number(args.result), **known)


def _trace_triplet_loss(args: TracedArguments) -> Iterator[SolutionStep]:
    what = "squared distances" if args.squared else "distances"
    near = _build_distance_formula("d_p", args.anchor, args.positive, squared=args.squared)
    far = _build_distance_formula("d_n", args.anchor, args.negative, squared=args.squared)
    yield TextStep(f"The {what} of the anchor to the positive and to the negative:")
    yield from (near, far)
    yield TextStep("The negative must be farther away than the positive by at least the margin m:")
    margin = to_exact_number(as_fraction(args.margin, "margin"))
    yield build_formula("L", "max(0, d_p - d_n + m)", d_p=near.number, d_n=far.number, m=margin)


def _trace_contrastive_loss(args: TracedArguments) -> Iterator[SolutionStep]:
    pair_distance = _build_distance_formula("d", args.x, args.y, squared=False)
    yield TextStep("The distance of the pair:")
    yield pair_distance
    known: dict[str, Value] = {
        "m": to_exact_number(as_fraction(args.margin, "margin")),
        "d": pair_distance.number,
    }
    if args.alike:
        yield TextStep("The pair is positive and is pulled together:")
        yield build_formula("L", "d**2/2", **known)
    else:
        yield TextStep("The pair is negative and is pushed apart up to the margin m:")
        yield build_formula("L", "max(0, m - d)**2/2", **known)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        distance: _trace_distance,
        cosine_similarity: _trace_cosine_similarity,
        triplet_loss: _trace_triplet_loss,
        contrastive_loss: _trace_contrastive_loss,
    }
)
