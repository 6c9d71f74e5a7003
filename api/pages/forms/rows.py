"""Lists as rows of fields in a form, `groups[0].id`; a row that says nothing is left out."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from api.pages.forms.form import Form

__all__ = ["ROW", "filled", "flat", "row_numbers", "rows_read", "whole_number"]

ROW: Final = re.compile(r"([a-z_.]+)\[(\d{1,3})\]\.([a-z_]+)")
MANY: Final = 20
"""So many digits are no number of anything here."""
SPARE: Final = 2
"""How many empty rows a list has beside those that are filled."""


def filled(form: Form, name: str) -> list[dict[str, str]]:
    """Return the rows of a list in which something stands, by their columns."""
    rows: dict[int, dict[str, str]] = {}
    for field in form.fields:
        found = ROW.fullmatch(field)
        if found and found[1] == name and form.text(field):
            rows.setdefault(int(found[2]), {})[found[3]] = form.text(field)
    return [rows[at] for at in sorted(rows)]


def flat(name: str, rows: Iterable[Mapping[str, object]], columns: Iterable[str]) -> dict[str, str]:
    """Return the fields of a list, numbered without gaps.

    >>> flat("groups", [{"id": "A", "drop_lowest": 1}], ["id"])
    {'groups[0].id': 'A'}
    """
    names = tuple(columns)
    return {
        f"{name}[{at}].{column}": "" if row.get(column) is None else str(row[column])
        for at, row in enumerate(rows)
        for column in names
    }


def row_numbers(typed: Mapping[str, str], name: str) -> range:
    """Return the numbers of the rows of a list that a form shows, with some that are empty."""
    there = {int(found[2]) for one in typed if (found := ROW.fullmatch(one)) and found[1] == name}
    return range(len(there) + SPARE)


def rows_read(
    typed: Mapping[str, str], name: str, columns: Collection[str], *, whole: Collection[str] = ()
) -> Iterator[dict[str, Any]]:
    """Yield the rows of a list as the API takes them; the columns *whole* are whole numbers."""
    for at in row_numbers(typed, name):
        row = {column: typed.get(f"{name}[{at}].{column}", "") for column in columns}
        if any(row.values()):
            yield {
                column: whole_number(text) if column in whole else text
                for column, text in row.items()
                if text
            }


def whole_number(text: str, *, empty: int | None = None) -> int | str | None:
    """Return a whole number, *empty* for nothing, or the text for the API to say that it is none.

    >>> whole_number("12"), whole_number("\N{MINUS SIGN}3"), whole_number(""), whole_number("1.5")
    (12, -3, None, '1.5')
    """
    if not text:
        return empty
    plain = text.replace("\N{MINUS SIGN}", "-")
    digits = plain.removeprefix("-")
    is_number = digits.isascii() and digits.isdecimal() and len(digits) < MANY
    return int(plain) if is_number else text
