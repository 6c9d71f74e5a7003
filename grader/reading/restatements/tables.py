"""A matrix printed with names of its rows and columns, as pandas prints it."""

import re
from itertools import pairwise
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.arrays.ambiguous_rows import COLUMN_WORDS
from grader.reading.restatements.rewriting import Rewriting, describe_dropped

_NUMBER: Final = r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?(?:/[0-9]+)?%?"
_CELLS: Final = rf"[(\[]?\s*(?P<cells>{_NUMBER}(?:(?:\s*[,|&]\s*|\s+){_NUMBER})+)\s*[)\]]?[\s|,;]*"
NUMBERED_ROW: Final = lazy_regex(
    r"[\s|]*(?P<name>[^\W\d_][^\W\d_ .]*\s?(?:[#=_]?\s?[0-9]{1,2}|_?[\[{][0-9]{1,2}[\]}]))"
    rf"(?:\s{{0,16}}(?::|->|→|\||(?:=|\s(?:gives|gets|is|has)\s)(?=\s*[(\[]))\s{{0,16}}"
    rf"|\s{{2,16}}|\t){_CELLS}"
)
ORDINALS: Final = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
NAMED_ROW: Final = lazy_regex(
    rf"[\s|]*(?P<name>(?:(?:the )?(?:{'|'.join(ORDINALS)}) )?[^\W\d_][^\W\d_ .]*?)"
    rf"\s{{0,16}}(?::|->|→|\||=|\s)\s{{0,16}}{_CELLS}"
)
RULE: Final = lazy_regex(r"[\s|:+-]*")
INDEX: Final = lazy_regex(r"(?P<stem>.*?)\s{0,16}[#=_.\[{]{0,2}\s{0,16}(?P<index>[0-9]{1,2})[\]}]?")
NAME: Final = lazy_regex(r"[^\W\d_]+(?:\s?[0-9]{1,2}(?![0-9]))?")
ENTRY: Final = lazy_regex(
    r"(?P<name>[^\W\d_]{0,8})[_\[({ ]{0,2}(?P<row>[0-9])[\]}]?[ ,_-]{0,2}"
    r"(?P<other>[^\W\d_]{0,8})[_\[( ]{0,2}(?P<column>[0-9])"
    rf"[\])}}]{{0,2}}\s*[=:]\s*(?P<value>{_NUMBER})(?![\w.])"
)
"""An entry with its two indices: ``y_{01} = 3``, ``P1-T2: 3``, ``(0, 1): 3``."""
BETWEEN: Final = lazy_regex(r"(?:[\s,;.$(]|\band\b)*")
NUMBERED_VALUE: Final = lazy_regex(
    rf"[\s|]*(?P<index>[0-9]{{1,2}})\s*(?:\||\t|,|:|\s{{2,}})\s*(?P<value>{_NUMBER})[\s|]*"
)
COLUMN_NAMES: Final = lazy_regex(
    r"[\s|]*[^\W\d_][^|,\t\n]*(?:[|,\t]|\s{2,})\s*[^\W\d_][^|,\t\n]*[\s|]*"
)
ROW_END: Final = lazy_regex(r";|(?<=[)\]])\s*,(?=\s*[^\W\d_])")
"""The end of a row in one line: ``a = [1, 2], b = [3, 4]``."""
MIN_ROWS: Final = 2


def drop_row_names(text: str, question: str, *, statement: str = "") -> Rewriting | None:
    r"""Return the rows of *text* without their names and a header; None if the names may reorder.

    The rows must be numbered in order, or have the names of the columns in the same order, or have
    names that the *statement* of the problem lists in this order.

    >>> drop_row_names("query 1: 2 3\nquery 2: 4 5", "").text
    '2 3\n4 5'
    """
    del question
    whole = text if "\n" in text.strip() else ROW_END.sub("\n", text)
    lines = [line for line in whole.splitlines() if line.strip() and not RULE.fullmatch(line)]
    rows = [NUMBERED_ROW.fullmatch(line) or NAMED_ROW.fullmatch(line) for line in lines]
    header = lines[0] if lines and rows[0] is None else ""
    matches = [row for row in (rows[1:] if header else rows) if row is not None]
    if len(matches) < MIN_ROWS or len(matches) != len(lines) - bool(header):
        return None
    names = [row["name"].strip().lower() for row in matches]
    if any(word.startswith(COLUMN_WORDS) for word in names[0].split()):
        return None  # each line is a column then
    columns = [name.lower() for name in NAME.findall(header)]
    listed = not columns and _are_listed(names, statement.lower())
    if not (_are_numbered(names) or _are_ordinals(names) or names == columns or listed):
        return None
    if columns and not _are_numbered(columns) and columns != names:
        return None
    value = "\n".join(re.sub(r"\s*[|&]\s*", " ", row["cells"]) for row in matches)
    dropped = " ".join([*columns, *names])
    return Rewriting(value, describe_dropped(dropped), value)


def sort_indexed_entries(text: str, question: str) -> Rewriting | None:
    r"""Return the rows of a matrix whose entries have their two indices, in the usual order.

    >>> sort_indexed_entries("r00 = 6, r01 = -2, r10 = 5, r11 = 7", "").text
    '6, -2\n5, 7'
    >>> sort_indexed_entries("r00 = 6, r10 = -2, r01 = 5, r11 = 7", "")
    """
    del question
    entries = list(ENTRY.finditer(text))
    places = [(int(entry["row"]), int(entry["column"])) for entry in entries]
    if len(entries) < MIN_ROWS or not BETWEEN.fullmatch(ENTRY.sub(" ", text)):
        return None
    if len({(entry["name"], entry["other"]) for entry in entries}) > 1:
        return None
    (first, start), (last, end) = places[0], places[-1]
    usual = [(row, column) for row in range(first, last + 1) for column in range(start, end + 1)]
    if places != usual or first not in {0, 1} or start != first:
        return None
    rows = [
        ", ".join(entry["value"] for entry in entries if int(entry["row"]) == row)
        for row in range(first, last + 1)
    ]
    value = "\n".join(rows)
    return Rewriting(value, ("The values were read in the order of their indices.",), "")


def drop_row_numbers(text: str, question: str) -> Rewriting | None:
    r"""Return the values of a table with a header whose first column numbers the rows.

    >>> drop_row_numbers("anchor | IoU\n1 | 0.2\n2 | 0.5", "").text
    '[0.2, 0.5]'
    """
    del question
    lines = [line for line in text.splitlines() if line.strip() and not RULE.fullmatch(line)]
    rows = [NUMBERED_VALUE.fullmatch(line) for line in lines[1:]]
    if len(rows) < MIN_ROWS or not all(rows) or not COLUMN_NAMES.fullmatch(lines[0]):
        return None
    indices = [int(row["index"]) for row in rows if row]
    if indices[0] not in {0, 1} or indices != [*range(indices[0], indices[0] + len(rows))]:
        return None
    value = f"[{', '.join(row['value'] for row in rows if row)}]"
    return Rewriting(value, describe_dropped(lines[0]), lines[0])


def _are_listed(names: list[str], statement: str) -> bool:
    """Return whether *statement* contains all *names*, and first mentions them in this order."""
    stems = [re.escape(name.removesuffix("s")) for name in names]
    matches = [re.search(rf"(?<!\w){stem}", statement) for stem in stems]
    starts = [match.start() for match in matches if match]
    return len(starts) == len(names) and all(one < two for one, two in pairwise(starts))


def _are_ordinals(names: list[str]) -> bool:
    """Return whether *names* begin with ``first``, ``second``, …, in this order."""
    words = [name.removeprefix("the ").split()[0] for name in names]
    return words == [*ORDINALS[: len(words)]]


def _are_numbered(names: list[str]) -> bool:
    """Return whether *names* are one word with numbers that count up by 1 from 0 or 1."""
    numbered = [INDEX.fullmatch(name) for name in names]
    if not names or not all(numbered):
        return False
    stems = {match["stem"] for match in numbered if match}
    indices = [int(match["index"]) for match in numbered if match]
    return (
        len(stems) == 1 and indices[0] in {0, 1} and all(b == a + 1 for a, b in pairwise(indices))
    )
