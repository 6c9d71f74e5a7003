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
def test_numbers_convert_exactly_by_their_shortest_decimal(given, number):
    value = to_exact_number(given)
    assert value == number
    assert type(value) is type(number)


@pytest.mark.parametrize(
    "given", [True, np.bool_(0), float("nan"), float("inf"), -float("inf"), "1", None, 1j, [1]]
)
def test_values_that_are_not_finite_numbers_are_rejected(given):
    with pytest.raises(SolverError):
        to_exact_number(given)


@pytest.mark.parametrize(
    ("value", "is_one"), [(True, False), (0, True), (Fraction(1, 2), True), (0.5, False), ("1", 0)]
)
def test_only_int_and_fraction_are_numbers(value, is_one):
    assert is_number(value) == is_one


def test_integral_fraction_simplifies_to_an_integer():
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
def test_tensor_is_built_from_nested_sequences(given, shape, cells):
    assert Tensor.from_nested(given) == Tensor(shape, cells)


def test_tensor_is_built_from_rows_of_tensors_and_arrays():
    rows = (Tensor((2,), (1, Fraction(1, 3))), np.array([0.5, 2]), [3, 4])
    assert Tensor.from_nested(rows) == Tensor((3, 2), (1, Fraction(1, 3), Fraction(1, 2), 2, 3, 4))
    with pytest.raises(ValueError, match="rows of different lengths"):
        Tensor.from_nested((Tensor((2,), (1, 2)), np.array([1, 2, 3])))


def test_ragged_rows_are_rejected_with_their_lengths():
    with pytest.raises(ValueError, match=r"different lengths: \[1, 2\]"):
        Tensor.from_nested([[1, 2], [3]])


@pytest.mark.parametrize("given", [[], [[], []]])
def test_empty_axis_is_rejected(given):
    with pytest.raises(ValueError, match="an axis is empty"):
        Tensor.from_nested(given)


@pytest.mark.parametrize("given", [[1, [2]], ["a"], [True], [None], "ab"])
def test_non_numeric_cell_is_rejected(given):
    with pytest.raises(SolverError):
        Tensor.from_nested(given)


def test_tensor_round_trips_through_a_numpy_array():
    array = np.array([[1.5, 2], [3, -4]])
    assert np.array_equal(Tensor.from_array(array).to_array(), array)
    assert Tensor.from_array(array).to_array().dtype == np.float64


@pytest.mark.parametrize(
    ("cell", "dtype"),
    [(2**31, np.int64), (2**31 + 1, np.float64), (-(2**31), np.int64), (Fraction(1, 2), float)],
)
def test_array_has_integers_only_if_sums_cannot_overflow(cell, dtype):
    assert Tensor((1,), (cell,)).to_array().dtype == dtype


def test_cell_beyond_float_range_is_rejected():
    with pytest.raises(SolverError, match="too large"):
        Tensor((1,), (10**400,)).to_array()


def test_array_with_too_many_cells_is_rejected():
    with pytest.raises(SolverError, match="larger than"):
        Tensor.from_array(np.zeros(MAX_CELLS + 1, dtype=np.int8))


def test_tensor_index_selects_along_the_first_axis_and_may_be_negative():
    tensor = Tensor.from_nested([[1, 2, 3], [4, 5, 6]])
    assert tensor[1] == tensor[-1] == Tensor((3,), (4, 5, 6))
    assert tensor[0][-1] == 3  # type: ignore[index]
    assert list(tensor.rows()) == [tensor[0], tensor[1]]


@pytest.mark.parametrize(("tensor", "index"), [([1, 2], 2), ([1, 2], -3), (5, 0)])
def test_tensor_index_out_of_range_raises_index_error(tensor, index):
    with pytest.raises(IndexError):
        Tensor.from_nested(tensor)[index]


def test_map_keeps_the_tensor_shape():
    assert Tensor.from_nested([[1], [2]]).map(lambda cell: cell * cell) == Tensor((2, 1), (1, 4))


@pytest.mark.parametrize(
    ("shape", "cells", "lists"),
    [
        ((2,), (1, 2), [1, 2]),
        ((2, 2), (1, 2, 3, 4), [[1, 2], [3, 4]]),
        ((1, 2, 1), (1, 2), [[[1], [2]]]),
    ],
)
def test_cells_are_nested_into_lists_of_the_shape(shape, cells, lists):
    assert to_nested(shape, cells) == lists
    assert Tensor.from_nested(lists) == Tensor(shape, cells)


def test_record_exposes_its_fields_and_opaque_value_has_none():
    assert Record({"shape": (1, 2)}).get_field("shape") == (1, 2)
    for value in (Record({}), OpaqueValue()):
        with pytest.raises(KeyError):
            value.get_field("shape")
