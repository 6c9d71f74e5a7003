"""Tests of slices in the expression language."""

import pytest

from grader.display.text import to_text
from grader.errors import ProblemError, SolverError
from grader.expressions.arithmetic import FUNCTIONS
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.parser import parse
from grader.expressions.tree import replace_nodes
from grader.values import Tensor


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("t[1:]", (2, 3, 4)),
        ("t[:-1]", (1, 2, 3)),
        ("t[::-1]", (4, 3, 2, 1)),
        ("t[1:9]", (2, 3, 4)),
        ("t[1:2]", (2,)),
        ("t[1:][0]", 2),
        ("X[1:]", Tensor((1, 3), (4, 5, 6))),
        ("X[:, 1]", Tensor((2,), (2, 5))),
        ("X[0, 1:]", Tensor((2,), (2, 3))),
        ("X[0:2, ::2]", Tensor((2, 2), (1, 3, 4, 6))),
        ("sum(X[:, 0])", 5),
    ],
)
def test_slices_select_like_python(source, value):
    names = {"t": (1, 2, 3, 4), "X": Tensor((2, 3), (1, 2, 3, 4, 5, 6))}
    tree = parse(source).tree
    assert evaluate(tree, Scope(names, FUNCTIONS)) == value
    assert evaluate(parse(to_text(tree)).tree, Scope(names, FUNCTIONS)) == value
    assert replace_nodes(tree, lambda _: None) == tree


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("t[4:]", "the slice does not fit: it has no items"),
        ("X[2:]", "the slice does not fit: it has no cells"),
        ("X[0:1, 3]", "the slice does not fit"),
        ("X[:, :, :]", "the slice does not fit"),
        ("t[0:1, 0]", "a tuple has one axis"),
        ("n[0:1]", "only a tuple or a tensor has slices"),
    ],
)
def test_empty_or_mismatched_slices_are_rejected(source, message):
    names = {"t": (1, 2, 3, 4), "X": Tensor((2, 3), (1, 2, 3, 4, 5, 6)), "n": 7}
    with pytest.raises(SolverError, match=message):
        evaluate(parse(source).tree, Scope(names, FUNCTIONS))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("t[::0]", "the step of a slice in 't\\[::0\\]' is 0"),
        ("t[a:]", "an index in 't\\[a:\\]' is not a whole number"),
        ("t[()]", "not a whole number"),
        ("X[0, a]", "not a whole number"),
    ],
)
def test_slice_bounds_must_be_integers(source, message):
    with pytest.raises(ProblemError, match=message):
        parse(source)
