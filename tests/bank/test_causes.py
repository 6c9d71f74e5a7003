"""Tests that the bank diagnoses every cause in the table of common student errors."""

from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from bank_catalog import CATALOG

from grader.grading.grade import grade
from grader.values import Tensor, to_nested
from grader.variants.variant import Variant, solve_variant
from problems.publish import publish_problem
from problems.registry import REGISTRY
from tests.bank.causes import CAUSES, Cause

PUBLISHED = 2

# The causes of 586 collected wrong values, by row.
TABLE = {
    "input channels": {"left out", "an earlier layer's used"},
    "biases": {"forgotten", "one for all filters"},
    "rounding": {"ceil", "a fraction left standing"},
    "anchors, objectness, classes": {
        "B*5+C for v3",
        "B*5+C for v5",
        "A*(4+C)",
        "one anchor",
        "the anchors of all scales",
        "background twice",
        "background left out",
    },
    "padding": {"added once", "not at all", "same kept under a stride", "crop taken for add"},
    "stride": {"n-k+1", "n/s", "default pool stride 1"},
    "plus one": {"forgotten"},
    "kernel": {"flipped", "not flipped where it must be", "not rotated in dX"},
    "units": {"values for bytes", "MB for MiB", "MiB for MB", "KB of 1000"},
    "axes": {"(W, H)", "transposed matrix", "channels at the other end", "weight layout"},
    "union": {"I/(A+B)", "I/min(A,B)"},
    "batch norm": {"2C for 4C", "4C for 2C", "total for trainable"},
    "MAC and FLOP": {"doubled", "halved"},
    "dilation": {"ignored in a size", "ignored in a field"},
    "receptive field": {"all strides ignored", "previous stride only", "pooling left out"},
    "flatten": {"H*W without C", "the size before the pool"},
    "average precision": {"no envelope", "11 points for all", "all points for 11"},
    "recurrent": {
        "one bias set for two",
        "two bias sets for one",
        "one gate too few",
        "no gates",
        "times the length",
    },
    "two at once": {"channels and biases"},
}
LISTED = [
    pytest.param(cause, id=f"{row}: {clause}")
    for row, clauses in CAUSES.items()
    for clause, cause in clauses.items()
]


@cache
def variants(name: str) -> tuple[Variant, ...]:
    """Return the original of a problem and two published variants."""
    problem = CATALOG.get(name)
    return (
        solve_variant(problem, None, REGISTRY),
        *publish_problem(problem, REGISTRY, limit=PUBLISHED).variants,
    )


def params(variant: Variant) -> dict[str, Any]:
    """Return the parameters of a variant, with tensors as nested lists."""
    values = {name: variant.names[name] for name in variant.problem.params}
    return {
        name: to_nested(one.shape, one.cells) if isinstance(one, Tensor) else one
        for name, one in values.items()
    }


def typed(value: Any) -> str:
    """Return a value as a student types it.

    Sizes are joined by `x`, and matrices are as NumPy prints them.
    """
    if isinstance(value, tuple):
        return " x ".join(map(str, value))
    if isinstance(value, list):
        rows = [" ".join(map(str, row)) for row in value]
        return "[[" + "]\n [".join(rows) + "]]"
    if isinstance(value, Fraction):
        return repr(float(value))
    return f"{value:,}" if isinstance(value, int) else str(value)


def test_causes_match_the_table_exactly() -> None:
    assert {row: set(clauses) for row, clauses in CAUSES.items()} == TABLE


@pytest.mark.parametrize("cause", LISTED)
def test_cause_is_named_on_original_and_published_seeds(cause: Cause) -> None:
    problem, part = cause.at.split(".")
    assert len(variants(problem)) == PUBLISHED + 1
    for variant in variants(problem):
        answer = typed(cause.wrong(params(variant))) + cause.unit
        results = {one.part: one for one in grade(variant, {part: answer}, registry=REGISTRY)}
        result = results[part]
        assert set(result.mistakes) == set(cause.names.split()), (variant.seed, answer, result.hint)
        assert result.status == "mistake"
        assert result.credit != 1
