"""Tests of uploaded CSV files: any content is read or refused within a second."""

import pytest
from cpu_time import cpu_seconds

from api.core.errors import FileError
from api.services.enrolment.roster_files import read_roster
from api.services.exports.formats import read_score_sheet
from api.services.files.csv_reader import LINE_BREAKS, UNICODE_BREAKS, CsvLimits, split_lines
from api.services.files.csv_rows import parse_header

SECONDS = 1.0
LIMITS = CsvLimits(100, 100, 100, "split it")
READERS = {
    "roster": (read_roster, 5_000_000, "name,email\n"),
    "score sheet": (
        read_score_sheet,
        20 * 1024 * 1024,
        "submission_id,part,points,comment,version,old_points,old_comment\n",
    ),
}
ROWS = {
    "no line breaks": ("a", ""),
    "line feeds": ("\n", ""),
    "line feeds and no header": ("\n", None),
    "carriage returns": ("\r", ""),
    "Windows line ends": ("\r\n", ""),
    "line separators": ("\u2028", ""),
    "blank lines": (" \n", ""),
    "commas": (",", ""),
    "commas and no header": (",", None),
    "rows of one comma": (",\n", ""),
    "rows of commas": (",,,,\n", ""),
    "rows of one letter": ("a\n", ""),
    "semicolons in lines": (";\n", ""),
    "tabs": ("\t", None),
    "quotes": ('"', ""),
    "an open quote": ("\n", '"'),
    "quoted line breaks": ('"a\nb",\n', ""),
    "long cells": ("a" * 100_000 + "\n", ""),
    "zeros": ("\0", ""),
}
"""Text to repeat up to the largest file, and the line between the header and it."""
CELLS = {
    "controls": "a\x01",
    "direction marks": "é\u200e",
    "tabs": "\t",
    "apostrophes": "'",
    "letters": "a",
}


def repeated(piece: str, size: int) -> bytes:
    encoded = piece.encode()
    return (encoded * (size // len(encoded) + 1))[:size].decode(errors="ignore").encode()


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("row", ROWS)
def test_hostile_rows_are_read_or_refused_within_a_second(name, row):
    reader, size, header = READERS[name]
    piece, before = ROWS[row]
    head = "" if before is None else header + before
    data = head.encode() + repeated(piece, size - len(head))
    found = []
    assert cpu_seconds(lambda: found.append(reader(data))) < SECONDS
    assert all(problem.line >= 1 and problem.message for problem in found[0].problems)


@pytest.mark.parametrize(
    ("column", "length"), [("comment", 150), ("comment", 19_000), ("all", 19_000)]
)
@pytest.mark.parametrize("cell", CELLS)
def test_hostile_sheet_cells_are_read_within_a_second(cell, length, column):
    reader, size, header = READERS["score sheet"]
    long = repeated(CELLS[cell], length).decode()
    cells = dict.fromkeys(header.strip().split(","), "") | {"points": "1", "version": "x"}
    cells |= dict.fromkeys(cells, long) if column == "all" else {column: long}
    row = ",".join(f'"{value}"' for value in cells.values()) + "\n"
    data = header.encode() + repeated(row, size - len(header)).rpartition(b"\n")[0]
    assert cpu_seconds(lambda: reader(data)) < SECONDS


@pytest.mark.parametrize(
    ("reader", "data", "line", "said"),
    [
        (read_roster, "name,email\n" + "\n" * 300_000, 200_001, "300,001 lines; at most 200,000"),
        (read_roster, "x" * 200_000 + ",b\n", 1, "the first line has 200,003 characters"),
        (read_roster, f"name,email\nA,a@b.c\n{'x' * 140_000},b\n", 3, "over 131,072 characters"),
        (read_roster, f'name,email\nA,"{"x" * 140_000}', 2, "a quote that is not closed"),
        (read_roster, "a," * 6_000 + "\n1\n", 1, "the row has 6,001 cells; at most 5,000"),
        (read_score_sheet, "\n" * 400_000, 300_001, "remove the empty ones, or upload the sheet"),
        (read_score_sheet, "," * 3_000_000, 1, "3,000,001 cells; at most 2,000,000"),
        (read_score_sheet, "a," * 6_000, 1, "the row has 6,001 cells; at most 5,000"),
        (read_score_sheet, "x" * 200_000, 1, "over 131,072 characters"),
    ],
)
def test_too_large_file_is_refused_with_line_and_instructions(reader, data, line, said):
    [problem] = reader(data).problems
    assert problem.line == line
    assert said in problem.message


@pytest.mark.parametrize("inside", [*LINE_BREAKS, *UNICODE_BREAKS, "\x1f"])
def test_lines_end_only_at_line_feeds_and_carriage_returns(inside):
    end = inside if inside in "\r\n" else ""
    first = [f"a{end}", "b\r\n"] if end else [f"a{inside}b\r\n"]
    assert split_lines(f"a{inside}b\r\nc\rd\n\n", LIMITS) == [*first, "c\r", "d\n", "\n"]


def test_too_long_points_and_comments_are_reported_by_line():
    header = "submission_id,part,points,comment,version\n"
    long = read_score_sheet(f"{header}s,p,{'1' * 500},,v\ns,q,1,{'c' * 20_001},v\n")
    assert [(problem.line, problem.message) for problem in long.problems] == [
        (2, "the cell has 500 characters; write only the points"),
        (3, "the comment has over 20000 characters; shorten it"),
    ]


def test_batch_header_has_at_most_5000_columns():
    cells = [str(number) for number in range(200_000)]
    assert cpu_seconds(lambda: parse_header(cells[:5_000])) < SECONDS
    with pytest.raises(FileError, match="200,000 columns; at most 5,000"):
        parse_header(cells)
