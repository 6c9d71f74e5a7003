"""A matrix printed with names of its rows and columns, as pandas prints it."""

import re
from itertools import pairwise
from typing import Final

from grader.reading.arrays.ambiguous_rows import COLUMN_WORDS
from grader.reading.restatements.rewriting import Rewriting, describe_dropped

_NUMBER: Final = r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?(?:/[0-9]+)?%?"
_CELLS: Final = rf"[(\[]?\s*(?P<cells>{_NUMBER}(?:(?:\s*[,|&]\s*|\s+){_NUMBER})+)\s*[)\]]?[\s|,;]*"
NUMBERED_ROW: Final = re.compile(
    r"[\s|]*(?P<name>[^\W\d_][^\W\d_ .]*\s?[#=_]?\s?[0-9]{1,2})"
    rf"(?:\s*(?::|->|→|\|)\s*|\s{{2,}}|\t){_CELLS}"
)
NAMED_ROW: Final = re.compile(
    rf"[\s|]*(?P<name>[^\W\d_][^\W\d_ .]*?)\s*(?::|->|→|\||=|\s)\s*{_CELLS}"
)
RULE: Final = re.compile(r"[\s|:+-]*")
INDEX: Final = re.compile(r"(?P<stem>.*?)\s*[#=_.]?\s*(?P<index>[0-9]{1,2})")
NAME: Final = re.compile(r"[^\W\d_]+(?:\s?[0-9]{1,2}(?![0-9]))?")
MIN_ROWS: Final = 2


def drop_row_names(text: str, question: str, *, statement: str = "") -> Rewriting | None:
    r"""Return the rows of *text* without their names and a header; None if the names may reorder.

    The rows must be numbered in order, or have the names of the columns in the same order, or have
    names that the *statement* of the problem lists in this order.

    >>> drop_row_names("query 1: 2 3\nquery 2: 4 5", "").text
    '2 3\n4 5'
    """
    del question
    whole = text if "\n" in text.strip() else text.replace(";", "\n")
    lines = [line for line in whole.splitlines() if line.strip() and not RULE.fullmatch(line)]
    rows = [NUMBERED_ROW.fullmatch(line) or NAMED_ROW.fullmatch(line) for line in lines]
    header = lines[0] if lines and rows[0] is None else ""
    matches = [row for row in (rows[1:] if header else rows) if row is not None]
    if len(matches) < MIN_ROWS or len(matches) != len(lines) - bool(header):
        return None
    names = [row["name"].strip().lower() for row in matches]
    if names[0].startswith(COLUMN_WORDS):
        return None  # each line is a column then
    columns = [name.lower() for name in NAME.findall(header)]
    listed = not columns and _are_listed(names, statement.lower())
    if not _are_numbered(names) and names != columns and not listed:
        return None
    if columns and not _are_numbered(columns) and columns != names:
        return None
    value = "\n".join(re.sub(r"\s*[|&]\s*", " ", row["cells"]) for row in matches)
    dropped = " ".join([*columns, *names])
    return Rewriting(value, describe_dropped(dropped), value)


def _are_listed(names: list[str], statement: str) -> bool:
    """Return whether *statement* contains all *names*, and first mentions them in this order."""
    stems = [re.escape(name.removesuffix("s")) for name in names]
    matches = [re.search(rf"(?<!\w){stem}", statement) for stem in stems]
    starts = [match.start() for match in matches if match]
    return len(starts) == len(names) and all(one < two for one, two in pairwise(starts))


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
