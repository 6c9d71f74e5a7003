"""Distances of vectors, and the losses that draw pairs together or push them apart.

Exact for exact input, but for roots that do not come out. Source: Hadsell, Chopra and LeCun,
Dimensionality Reduction by Learning an Invariant Mapping (2006), for the contrastive loss; Schroff,
Kalenichenko and Philbin, FaceNet (2015), and the PyTorch documentation of ``TripletMarginLoss``.
"""

from fractions import Fraction
from types import SimpleNamespace
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.expressions.arithmetic import square_root
from grader.values import Number, simplest
from problems.solvers.bounds import Grid, flag
from problems.solvers.exact_arrays import Cells, Exact, exact_array, exact_number, matching
from problems.solvers.twins import instead, told, twins_of

__all__ = ["SOLVERS", "TWINS", "contrastive_loss", "cosine_similarity", "distance", "triplet_loss"]


def distance(x: Grid, y: Grid, *, squared: bool = False) -> Number:
    """Return the Euclidean distance of two vectors: ``sqrt(sum((x - y)**2))``, or its square.

    >>> distance([1, 2], [4, 6]), distance([1, 2], [4, 6], squared=True)
    (5, 25)
    """
    square = _dot(*(_difference(x, y),) * 2)
    return square if flag(squared, "squared") else square_root(square)


def cosine_similarity(x: Grid, y: Grid) -> Number:
    """Return the cosine of the angle between two vectors: ``x·y / (|x| |y|)``.

    >>> cosine_similarity([3, 4], [4, 3])
    Fraction(24, 25)
    """
    one, two = _vectors(x, y)
    lengths = square_root(_dot(one, one) * _dot(two, two))
    if not lengths:
        raise SolverError("a vector of zeros has no direction")
    return simplest(Fraction(_dot(one, two)) / Fraction(lengths))


def triplet_loss(
    anchor: Grid, positive: Grid, negative: Grid, *, margin: Cells = 1, squared: bool = False
) -> Number:
    """Return the loss of a triplet: ``max(0, d(anchor, positive) - d(anchor, negative) + margin)``.

    The distances d are Euclidean; with *squared*, as in FaceNet, they are squared.

    >>> triplet_loss([0, 0], [3, 4], [0, 2])
    4
    """
    return max(_lack(anchor, positive, negative, margin=margin, squared=squared), 0)


def _lack(anchor: Grid, positive: Grid, negative: Grid, *, margin: Cells, squared: bool) -> Number:
    """Return by how much a triplet falls short of the margin, below 0 where it does not."""
    near = distance(anchor, positive, squared=squared)
    far = distance(anchor, negative, squared=squared)
    return simplest(Fraction(near) - Fraction(far) + _margin(margin))


def contrastive_loss(x: Grid, y: Grid, *, alike: bool, margin: Cells = 1) -> Number:
    """Return the contrastive loss of a pair: ``d**2 / 2`` if it is *alike*.

    Of two that are not, ``max(0, margin - d)**2 / 2``; the distance d is Euclidean.

    >>> contrastive_loss([0, 0], [3, 4], alike=False, margin=6)
    Fraction(1, 2)
    """
    if flag(alike, "alike"):
        return simplest(Fraction(distance(x, y, squared=True), 2))
    lack = max(_margin(margin) - Fraction(distance(x, y)), Fraction(0))
    return simplest(lack**2 / 2)


def _margin(margin: Cells) -> Fraction:
    found = exact_number(margin, "margin")
    if found < 0:
        raise SolverError(f"margin must not be negative, but is {simplest(found)}")
    return found


def _vectors(x: Grid, y: Grid) -> tuple[Exact, Exact]:
    """Return two vectors of as many exact numbers."""
    exact_array(x, "x", ranks=(1,))
    return matching(x, y, ("x", "y"))


def _difference(x: Grid, y: Grid) -> Exact:
    one, two = _vectors(x, y)
    difference: Exact = one - two
    return difference


def _dot(one: Exact, two: Exact) -> Number:
    return simplest(Fraction((one * two).sum()))


SOLVERS: Final[tuple[Solver, ...]] = (distance, cosine_similarity, triplet_loss, contrastive_loss)

# What students do instead.


def _along_axes(given: SimpleNamespace) -> Number:
    """Return the sum of the absolute differences."""
    return simplest(Fraction(abs(_difference(given.x, given.y)).sum()))


def _undivided(given: SimpleNamespace) -> Number:
    """Return the product of the vectors, whatever their lengths are."""
    return _dot(*_vectors(given.x, given.y))


def _unrooted(given: SimpleNamespace) -> Number:
    """Return the product of the vectors over that of their squared lengths."""
    one, two = _vectors(given.x, given.y)
    return simplest(Fraction(_dot(one, two)) / (_dot(one, one) * _dot(two, two)))


def _unclipped_triplet(given: SimpleNamespace) -> Number:
    return _lack(**vars(given))


def _margin_subtracted(given: SimpleNamespace) -> Number:
    lack = _lack(**{**vars(given), "margin": 0}) - _margin(given.margin)
    return max(simplest(lack), 0)


def _unlike(given: SimpleNamespace, *, squared: bool = False) -> Fraction:
    """Return by how much a pair that is not alike lies too near, below 0 where it does not."""
    if given.alike:
        raise SolverError("a pair that is alike has no margin")
    return _margin(given.margin) - Fraction(distance(given.x, given.y, squared=squared))


def _plain_lack(given: SimpleNamespace) -> Number:
    return simplest(max(_unlike(given), Fraction(0)) / 2)


def _square_within(given: SimpleNamespace) -> Number:
    return simplest(max(_unlike(given, squared=True), Fraction(0)) ** 2 / 2)


TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        distance,
        {
            "distance_squared": told(distance, squared=True),
            "distance_not_squared": told(distance, squared=False),
            "absolute_for_squared": instead(distance, _along_axes),
        },
    ),
    *twins_of(
        cosine_similarity,
        {
            "lengths_not_divided": instead(cosine_similarity, _undivided),
            "lengths_not_rooted": instead(cosine_similarity, _unrooted),
        },
    ),
    *twins_of(
        triplet_loss,
        {
            "margin_forgotten": told(triplet_loss, margin=0),
            "negative_loss_kept": instead(triplet_loss, _unclipped_triplet),
            "pairs_exchanged": told(
                triplet_loss, positive=lambda g: g.negative, negative=lambda g: g.positive
            ),
            "margin_subtracted": instead(triplet_loss, _margin_subtracted),
            "distance_squared": told(triplet_loss, squared=True),
            "distance_not_squared": told(triplet_loss, squared=False),
        },
    ),
    *twins_of(
        contrastive_loss,
        {
            "half_left_out": instead(contrastive_loss, lambda g: 2 * contrastive_loss(**vars(g))),
            "pairs_exchanged": told(contrastive_loss, alike=lambda g: not g.alike),
            "negative_loss_kept": instead(
                contrastive_loss, lambda g: simplest(_unlike(g) ** 2 / 2)
            ),
            "lack_not_squared": instead(contrastive_loss, _plain_lack),
            "distance_squared": instead(contrastive_loss, _square_within),
        },
    ),
)
