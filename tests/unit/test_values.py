"""Tests of exact values: how numbers enter, and what a tensor is."""

from fractions import Fraction

import numpy as np
import pytest

from grader.errors import SolverError
from grader.values import (
    MAX_CELLS,
    OpaqueValue,
    Record,
    Tensor,
    is_number,
    simplify_number,
    to_exact_number,
    to_nested,
)


@pytest.mark.parametrize(
    ("given", "number"),
    [
        (0.1, Fraction(1, 10)),
        (1e-7, Fraction(1, 10**7)),
        (1e22, 10**22),
        (-0.0, 0),
        (2.0, 2),
        (Fraction(4, 2), 2),
        (Fraction(1, 3), Fraction(1, 3)),
        (np.int64(7), 7),
        (np.float32(0.5), Fraction(1, 2)),
        (np.float64(0.1), Fraction(1, 10)),
        (10**400, 10**400),
    ],
)
def test_a_number_enters_exactly_by_its_shortest_decimal(given, number):
    value = to_exact_number(given)
    assert value == number
    assert type(value) is type(number)


@pytest.mark.parametrize(
    "given", [True, np.bool_(0), float("nan"), float("inf"), -float("inf"), "1", None, 1j, [1]]
)
def test_what_is_not_a_finite_number_does_not_enter(given):
    with pytest.raises(SolverError):
        to_exact_number(given)


@pytest.mark.parametrize(
    ("value", "is_one"), [(True, False), (0, True), (Fraction(1, 2), True), (0.5, False), ("1", 0)]
)
def test_only_int_and_fraction_are_numbers(value, is_one):
    assert is_number(value) == is_one


def test_a_whole_fraction_is_an_integer_in_simplest_form():
    assert type(simplify_number(Fraction(6, 3))) is int
    assert simplify_number(Fraction(1, 3)) == Fraction(1, 3)


@pytest.mark.parametrize(
    ("given", "shape", "cells"),
    [
        ([1, 2], (2,), (1, 2)),
        ([[1, 0.5]], (1, 2), (1, Fraction(1, 2))),
        (((1,), (2,)), (2, 1), (1, 2)),
        (5, (), (5,)),
        ([[[1], [2]], [[3], [4]]], (2, 2, 1), (1, 2, 3, 4)),
    ],
)
def test_nested_sequences_spell_a_tensor(given, shape, cells):
    assert Tensor.from_nested(given) == Tensor(shape, cells)


def test_tensors_and_arrays_are_rows_of_a_tensor():
    rows = (Tensor((2,), (1, Fraction(1, 3))), np.array([0.5, 2]), [3, 4])
    assert Tensor.from_nested(rows) == Tensor((3, 2), (1, Fraction(1, 3), Fraction(1, 2), 2, 3, 4))
    with pytest.raises(ValueError, match="rows of different lengths"):
        Tensor.from_nested((Tensor((2,), (1, 2)), np.array([1, 2, 3])))


def test_ragged_rows_are_refused_with_their_lengths():
    with pytest.raises(ValueError, match=r"different lengths: \[1, 2\]"):
        Tensor.from_nested([[1, 2], [3]])


@pytest.mark.parametrize("given", [[], [[], []]])
def test_an_empty_axis_is_refused(given):
    with pytest.raises(ValueError, match="an axis is empty"):
        Tensor.from_nested(given)


@pytest.mark.parametrize("given", [[1, [2]], ["a"], [True], [None], "ab"])
def test_what_is_not_a_number_is_no_cell(given):
    with pytest.raises(SolverError):
        Tensor.from_nested(given)


def test_an_array_and_its_tensor_are_the_same_numbers():
    array = np.array([[1.5, 2], [3, -4]])
    assert np.array_equal(Tensor.from_array(array).to_array(), array)
    assert Tensor.from_array(array).to_array().dtype == np.float64


@pytest.mark.parametrize(
    ("cell", "dtype"),
    [(2**31, np.int64), (2**31 + 1, np.float64), (-(2**31), np.int64), (Fraction(1, 2), float)],
)
def test_an_array_is_of_integers_only_where_sums_cannot_overflow(cell, dtype):
    assert Tensor((1,), (cell,)).to_array().dtype == dtype


def test_a_cell_beyond_doubles_cannot_be_computed_with():
    with pytest.raises(SolverError, match="too large"):
        Tensor((1,), (10**400,)).to_array()


def test_an_array_beyond_the_cells_that_fit_is_refused():
    with pytest.raises(SolverError, match="larger than"):
        Tensor.from_array(np.zeros(MAX_CELLS + 1, dtype=np.int8))


def test_an_index_goes_along_the_first_axis_also_from_the_end():
    tensor = Tensor.from_nested([[1, 2, 3], [4, 5, 6]])
    assert tensor[1] == tensor[-1] == Tensor((3,), (4, 5, 6))
    assert tensor[0][-1] == 3  # type: ignore[index]
    assert list(tensor.rows()) == [tensor[0], tensor[1]]


@pytest.mark.parametrize(("tensor", "index"), [([1, 2], 2), ([1, 2], -3), (5, 0)])
def test_an_index_beyond_the_axis_is_an_error(tensor, index):
    with pytest.raises(IndexError):
        Tensor.from_nested(tensor)[index]


def test_mapping_keeps_the_shape():
    assert Tensor.from_nested([[1], [2]]).map(lambda cell: cell * cell) == Tensor((2, 1), (1, 4))


@pytest.mark.parametrize(
    ("shape", "cells", "lists"),
    [
        ((2,), (1, 2), [1, 2]),
        ((2, 2), (1, 2, 3, 4), [[1, 2], [3, 4]]),
        ((1, 2, 1), (1, 2), [[[1], [2]]]),
    ],
)
def test_cells_nest_into_lists_of_the_shape(shape, cells, lists):
    assert to_nested(shape, cells) == lists
    assert Tensor.from_nested(lists) == Tensor(shape, cells)


def test_a_record_has_its_fields_and_an_opaque_value_none():
    assert Record({"shape": (1, 2)}).get_field("shape") == (1, 2)
    for value in (Record({}), OpaqueValue()):
        with pytest.raises(KeyError):
            value.get_field("shape")
