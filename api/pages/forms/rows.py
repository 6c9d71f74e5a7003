"""Lists as rows of form fields, such as `groups[0].id`; empty rows are left out."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from api.pages.forms.form import PostedForm

ROW_FIELD: Final = re.compile(r"([a-z_.]+)\[(\d{1,3})\]\.([a-z_]+)")
MAX_DIGITS: Final = 20
"""A text with this many digits or more is not read as a number."""
SPARE_ROWS: Final = 2
"""Number of empty rows that a list shows after the filled ones."""


def read_filled_rows(form: PostedForm, name: str) -> list[dict[str, str]]:
    """Return the nonempty rows of a list, each as texts by column."""
    rows: dict[int, dict[str, str]] = {}
    for field in form.fields:
        match = ROW_FIELD.fullmatch(field)
        if match and match[1] == name and form.text(field):
            rows.setdefault(int(match[2]), {})[match[3]] = form.text(field)
    return [rows[at] for at in sorted(rows)]


def flatten_rows(
    name: str, rows: Iterable[Mapping[str, object]], columns: Iterable[str]
) -> dict[str, str]:
    """Return the form fields of a list, with rows numbered without gaps.

    >>> flatten_rows("groups", [{"id": "A", "drop_lowest": 1}], ["id"])
    {'groups[0].id': 'A'}
    """
    names = tuple(columns)
    return {
        f"{name}[{index}].{column}": "" if row.get(column) is None else str(row[column])
        for index, row in enumerate(rows)
        for column in names
    }


def row_numbers_with_spares(typed: Mapping[str, str], name: str) -> range:
    """Return the row numbers that a form shows for a list, including spare empty rows."""
    used_numbers = {
        int(match[2]) for key in typed if (match := ROW_FIELD.fullmatch(key)) and match[1] == name
    }
    return range(len(used_numbers) + SPARE_ROWS)


def parse_rows(
    typed: Mapping[str, str],
    name: str,
    columns: Collection[str],
    *,
    integer_columns: Collection[str] = (),
) -> Iterator[dict[str, Any]]:
    """Yield the nonempty rows of a list as the API takes them.

    The columns in *integer_columns* are integers.
    """
    for index in row_numbers_with_spares(typed, name):
        row = {column: typed.get(f"{name}[{index}].{column}", "") for column in columns}
        if any(row.values()):
            yield {
                column: parse_whole_number(text) if column in integer_columns else text
                for column, text in row.items()
                if text
            }


def parse_whole_number(text: str, *, empty: int | None = None) -> int | str | None:
    """Parse an integer; return *empty* for "", and any other text unchanged.

    The API then reports that the text is not a number.

    >>> [parse_whole_number(text) for text in ("12", "−3", "", "1.5")]
    [12, -3, None, '1.5']
    """
    if not text:
        return empty
    plain = text.replace("\N{MINUS SIGN}", "-")
    digits = plain.removeprefix("-")
    is_number = digits.isascii() and digits.isdecimal() and len(digits) < MAX_DIGITS
    return int(plain) if is_number else text
