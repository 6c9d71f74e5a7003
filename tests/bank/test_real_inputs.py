"""Tests that real input, printed or typed, is read as what it means or is rejected.

`real_inputs/` has one file per origin: one object per line with the source, the kind of
answer, the text, and either the value or a part of the error message. NumPy's rows are
its own prints of arrays with known cells. Add a line to extend the test.
"""

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from grader.errors import AnswerError
from grader.kinds.numbers import read_count
from grader.reading import (
    normalize_number_style,
    read_formula,
    read_formula_shape,
    read_number,
    read_quantity,
    read_shape,
    read_tensor,
)
from grader.values import Tensor

FILES = sorted((Path(__file__).parent / "real_inputs").glob("*.jsonl"))
ROWS = [
    pytest.param(json.loads(line), id=f"{path.stem}:{number}")
    for path in FILES
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
]
READERS: dict[str, Callable[[Any, dict[str, Any]], Any]] = {
    "integer": lambda typed, _: read_count(typed),
    "number": lambda typed, _: read_number(typed),
    "percent": lambda typed, _: read_number(typed, percent=True),
    "quantity": lambda typed, row: read_quantity(typed, dimension=row["dimension"]),
    "shape": lambda typed, _: read_shape(typed),
    "vector": lambda typed, _: read_tensor(typed, rank=1),
    "matrix": lambda typed, _: read_tensor(typed, rank=2),
    "tensor": lambda typed, _: read_tensor(typed),
    "formula": lambda typed, row: read_formula(typed, row["variables"]),
    "formulas": lambda typed, row: read_formula_shape(typed, row["variables"]),
}


def read(row: dict[str, Any]) -> Any:
    return READERS[row["kind"]](normalize_number_style(row["typed"], row.get("style")), row)


def exact(value: Any) -> Any:
    return [exact(item) for item in value] if isinstance(value, list) else Fraction(str(value))


@pytest.mark.parametrize("row", [row for row in ROWS if "value" in row.values[0]])
def test_real_input_is_read_as_intended(row):
    reading = read(row)
    match row["kind"]:
        case "vector" | "matrix" | "tensor":
            assert reading.value == Tensor.from_nested(exact(row["value"]))
        case "shape":
            assert reading.value == tuple(row["value"])
        case "formula" | "formulas":
            assert reading.text == row["value"]
        case "quantity":
            assert reading.value.value == exact(row["value"])
        case _:
            assert reading.value == exact(row["value"])


@pytest.mark.parametrize("row", [row for row in ROWS if "refused" in row.values[0]])
def test_ambiguous_or_meaningless_real_input_is_refused(row):
    with pytest.raises(AnswerError) as refused:
        read(row)
    assert row["refused"] in str(refused.value)


def test_each_row_states_its_source_and_expected_outcome():
    assert len(ROWS) >= 320
    for param in ROWS:
        row = param.values[0]
        assert set(row) - {"dimension", "style", "variables"} in (
            {"from", "kind", "typed", "value"},
            {"from", "kind", "typed", "refused"},
        )
