"""Score sheets for tests, as a spreadsheet opens, edits and saves them."""

import csv
import io

from api.services.exports.formats import SheetChanges, SheetRow, write_score_sheet

Table = list[dict[str, str]]


def rows_of(sheet: str, delimiter: str = ",") -> Table:
    """Return the rows of a sheet, as a spreadsheet opens it."""
    text = sheet.removeprefix("\ufeff")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


def save_rows(rows: Table, delimiter: str = ",", *, quoting: int = csv.QUOTE_MINIMAL) -> str:
    """Return the rows as a spreadsheet saves them."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), delimiter=delimiter, quoting=quoting)
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def edit_rows(*rows: SheetRow, at: int = 0, **cells: str) -> str:
    """Return a sheet of *rows* in which the row *at* has other *cells*."""
    table = rows_of(write_score_sheet(rows))
    table[at] |= cells
    return save_rows(table)


def list_problems(sheet: SheetChanges) -> list[str]:
    """Return the problems of a sheet, each with its line in front."""
    return [f"{problem.line}: {problem.message}" for problem in sheet.problems]
