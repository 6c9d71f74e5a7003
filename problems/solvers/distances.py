"""Distances between vectors, and the contrastive and triplet losses based on them.

Results are exact for exact input, except for irrational roots. Source: Hadsell, Chopra
and LeCun, Dimensionality Reduction by Learning an Invariant Mapping (2006), for the
contrastive loss; Schroff, Kalenichenko and Philbin, FaceNet (2015), and the PyTorch
documentation of ``TripletMarginLoss``.
"""

from fractions import Fraction
from typing import Final

from grader.errors import SolverError
from grader.expressions.arithmetic import square_root
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Number, simplify_number
from problems.solvers.bounds import Grid, require_bool
from problems.solvers.exact_arrays import (
    FractionArray,
    NumberOrGrid,
    as_fraction,
    as_fraction_array,
    as_matching_arrays,
)
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula


def distance(x: Grid, y: Grid, *, squared: bool = False) -> Number:
    """Return the Euclidean distance between two vectors: ``sqrt(sum((x - y)**2))``.

    With *squared*, return its square.

    >>> distance([1, 2], [4, 6]), distance([1, 2], [4, 6], squared=True)
    (5, 25)
    """
    square = _dot_product(*(_subtract_vectors(x, y),) * 2)
    return square if require_bool(squared, "squared") else square_root(square)


def cosine_similarity(x: Grid, y: Grid) -> Number:
    """Return the cosine of the angle between two vectors: ``x·y / (|x| |y|)``.

    >>> cosine_similarity([3, 4], [4, 3])
    Fraction(24, 25)
    """
    first, second = _as_vectors(x, y)
    lengths = square_root(_dot_product(first, first) * _dot_product(second, second))
    if not lengths:
        raise SolverError("a vector of zeros has no direction")
    return simplify_number(Fraction(_dot_product(first, second)) / Fraction(lengths))


def triplet_loss(
    anchor: Grid, positive: Grid, negative: Grid, *, margin: NumberOrGrid = 1, squared: bool = False
) -> Number:
    """Return the triplet loss of an anchor, a positive and a negative example.

    ``max(0, d(anchor, positive) - d(anchor, negative) + margin)``. The distance d is
    Euclidean, or with *squared* its square, as in FaceNet.

    >>> triplet_loss([0, 0], [3, 4], [0, 2])
    4
    """
    return max(_margin_shortfall(anchor, positive, negative, margin=margin, squared=squared), 0)


def _margin_shortfall(
    anchor: Grid, positive: Grid, negative: Grid, *, margin: NumberOrGrid, squared: bool
) -> Number:
    """Return how far a triplet falls short of the margin; negative if it does not."""
    near = distance(anchor, positive, squared=squared)
    far = distance(anchor, negative, squared=squared)
    return simplify_number(Fraction(near) - Fraction(far) + _parse_margin(margin))


def contrastive_loss(x: Grid, y: Grid, *, alike: bool, margin: NumberOrGrid = 1) -> Number:
    """Return the contrastive loss of a pair: ``d**2 / 2`` if it is *alike*.

    Otherwise ``max(0, margin - d)**2 / 2``. The distance d is Euclidean.

    >>> contrastive_loss([0, 0], [3, 4], alike=False, margin=6)
    Fraction(1, 2)
    """
    if require_bool(alike, "alike"):
        return simplify_number(Fraction(distance(x, y, squared=True), 2))
    shortfall = max(_parse_margin(margin) - Fraction(distance(x, y)), Fraction(0))
    return simplify_number(shortfall**2 / 2)


def _parse_margin(margin: NumberOrGrid) -> Fraction:
    value = as_fraction(margin, "margin")
    if value < 0:
        raise SolverError(f"margin must not be negative, but is {simplify_number(value)}")
    return value


def _as_vectors(x: Grid, y: Grid) -> tuple[FractionArray, FractionArray]:
    """Return two vectors of exact numbers, which must have the same length."""
    as_fraction_array(x, "x", ranks=(1,))
    return as_matching_arrays(x, y, ("x", "y"))


def _subtract_vectors(x: Grid, y: Grid) -> FractionArray:
    left, right = _as_vectors(x, y)
    difference: FractionArray = left - right
    return difference


def _dot_product(left: FractionArray, right: FractionArray) -> Number:
    return simplify_number(Fraction((left * right).sum()))


SOLVERS: Final[tuple[Solver, ...]] = (distance, cosine_similarity, triplet_loss, contrastive_loss)

# What students do instead.


def _absolute_distance(args: SolverArguments) -> Number:
    """Return the sum of the absolute differences."""
    return simplify_number(Fraction(abs(_subtract_vectors(args.x, args.y)).sum()))


def _unnormalized_similarity(args: SolverArguments) -> Number:
    """Return the dot product of the vectors, not divided by their lengths."""
    return _dot_product(*_as_vectors(args.x, args.y))


def _similarity_without_root(args: SolverArguments) -> Number:
    """Return the dot product divided by the squared lengths of both vectors."""
    first, second = _as_vectors(args.x, args.y)
    return simplify_number(
        Fraction(_dot_product(first, second))
        / (_dot_product(first, first) * _dot_product(second, second))
    )


def _unclipped_triplet_loss(args: SolverArguments) -> Number:
    return _margin_shortfall(**vars(args))


def _loss_with_margin_subtracted(args: SolverArguments) -> Number:
    shortfall = _margin_shortfall(**{**vars(args), "margin": 0}) - _parse_margin(args.margin)
    return max(simplify_number(shortfall), 0)


def _pair_margin_shortfall(args: SolverArguments, *, squared: bool = False) -> Fraction:
    """Return how far a dissimilar pair falls short of the margin; negative if it does not."""
    if args.alike:
        raise SolverError("a pair that is alike has no margin")
    return _parse_margin(args.margin) - Fraction(distance(args.x, args.y, squared=squared))


def _loss_without_square(args: SolverArguments) -> Number:
    return simplify_number(max(_pair_margin_shortfall(args), Fraction(0)) / 2)


def _loss_of_squared_distance(args: SolverArguments) -> Number:
    return simplify_number(max(_pair_margin_shortfall(args, squared=True), Fraction(0)) ** 2 / 2)


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        distance,
        {
            "distance_squared": replace_arguments(distance, squared=True),
            "distance_not_squared": replace_arguments(distance, squared=False),
            "absolute_for_squared": replace_formula(distance, _absolute_distance),
        },
    ),
    *build_wrong_versions(
        cosine_similarity,
        {
            "lengths_not_divided": replace_formula(cosine_similarity, _unnormalized_similarity),
            "lengths_not_rooted": replace_formula(cosine_similarity, _similarity_without_root),
        },
    ),
    *build_wrong_versions(
        triplet_loss,
        {
            "margin_forgotten": replace_arguments(triplet_loss, margin=0),
            "negative_loss_kept": replace_formula(triplet_loss, _unclipped_triplet_loss),
            "pairs_exchanged": replace_arguments(
                triplet_loss, positive=lambda g: g.negative, negative=lambda g: g.positive
            ),
            "margin_subtracted": replace_formula(triplet_loss, _loss_with_margin_subtracted),
            "distance_squared": replace_arguments(triplet_loss, squared=True),
            "distance_not_squared": replace_arguments(triplet_loss, squared=False),
        },
    ),
    *build_wrong_versions(
        contrastive_loss,
        {
            "half_left_out": replace_formula(
                contrastive_loss, lambda g: 2 * contrastive_loss(**vars(g))
            ),
            "pairs_exchanged": replace_arguments(contrastive_loss, alike=lambda g: not g.alike),
            "negative_loss_kept": replace_formula(
                contrastive_loss, lambda g: simplify_number(_pair_margin_shortfall(g) ** 2 / 2)
            ),
            "lack_not_squared": replace_formula(contrastive_loss, _loss_without_square),
            "distance_squared": replace_formula(contrastive_loss, _loss_of_squared_distance),
        },
    ),
)
