"""Tests of the score sheet: written, edited in any spreadsheet, and read back."""

import csv
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest
from gradebooks import sheet_row
from score_sheets import Table, edit_rows, list_problems, rows_of, save_rows

from api.services.exports.formats import (
    SheetChanges,
    compute_row_version,
    read_score_sheet,
    reject_mismatched_changes,
    write_score_sheet,
)
from api.services.score_sheets import parser

HEAD = (
    "submission_id,student,email,assignment,problem,part,answer,old_status,old_points,old_comment,"
    "possible,points,comment,version"
)
NEW = sheet_row()
MARKED = sheet_row(
    submission_id="s2", points=Fraction(4, 3), comment="See =p. 3", status="partial", grading="g2"
)


def test_score_sheet_has_the_answer_and_columns_for_points_and_comment() -> None:
    row = sheet_row(answer="=A1\nthey, add", points=Fraction(4, 3), comment="-x")
    version = compute_row_version(row)
    assert write_score_sheet([row]) == (
        f"\ufeff{HEAD}\r\n01932a4e-0000-7000-8000-00000000000a,Ann Lee,ann@example.edu,HW1,"
        "residual-blocks,answer,\"'=A1\nthey, add\",needs_review,1.333333,'-x,4,,,"
        f"{version}\r\n"
    )


def test_comma_style_sheet_uses_decimal_commas_and_semicolons() -> None:
    sheet = write_score_sheet([MARKED], style="comma")
    (row,) = rows_of(sheet, ";")
    assert row["old_points"] == "1,333333"
    assert read_score_sheet(sheet, style="comma") == SheetChanges(unchanged=1)


def test_row_version_changes_only_with_the_grading() -> None:
    graded = {"points": Fraction(1), "status": "partial", "comment": "x", "grading": "g9"}
    changed = [{name: value} for name, value in graded.items()]
    changed += [{"possible": Fraction(5)}, {"part": "b"}, {"submission_id": "s9"}]
    versions = {compute_row_version(sheet_row(**one)) for one in changed}
    assert len(versions | {compute_row_version(NEW)}) == len(changed) + 1
    for same in ({"student": "Ann L."}, {"email": ""}, {"answer": "x"}, {"extra": True}):
        assert compute_row_version(sheet_row(**same)) == compute_row_version(NEW)


def test_row_version_never_looks_like_a_number() -> None:
    for at in range(200):
        assert compute_row_version(sheet_row(grading=str(at))).startswith("v")


@pytest.mark.parametrize(
    ("cells", "points", "comment"),
    [
        ({"points": "1.5"}, Fraction(3, 2), ""),
        ({"points": "1/3"}, Fraction(1, 3), ""),
        ({"points": "0"}, Fraction(0), ""),
        ({"comment": "Well done,\r\n- Ann"}, None, "Well done,\n- Ann"),
        ({"comment": "- Ann"}, None, "- Ann"),
        ({"comment": "'=x"}, None, "=x"),
        ({"comment": "-3"}, None, "-3"),
        ({"points": "4", "comment": "ok"}, Fraction(4), "ok"),
    ],
)
def test_points_and_comment_are_read_back(cells, points, comment) -> None:
    sheet = reject_mismatched_changes(read_score_sheet(edit_rows(NEW, **cells)), [NEW])
    assert list_problems(sheet) == []
    (change,) = sheet.changes
    assert (change.line, change.points, change.comment) == (2, points, comment)
    assert (change.submission_id, change.part) == (NEW.submission_id, "answer")
    assert change.version == compute_row_version(NEW)


@pytest.mark.parametrize(
    "cells",
    [
        {},
        {"points": " ", "comment": "\n"},
        {"points": "1.333333"},
        {"points": "1.3333330"},
        {"comment": "See =p. 3"},
        {"points": "1.333333", "comment": "See =p. 3 "},
        {"answer": "damaged", "student": "x", "email": "y"},
        {"version": "v0", "part": "gone"},
    ],
)
def test_unchanged_row_is_ignored_even_if_stale(cells) -> None:
    sheet = reject_mismatched_changes(read_score_sheet(edit_rows(MARKED, **cells)), [])
    assert sheet == SheetChanges(unchanged=1)


def german(rows: Table) -> str:
    """Return the sheet as a German Excel saves it: ``;`` and decimal commas."""
    for row in rows:
        for column in ("points", "old_points", "possible"):
            row[column] = row[column].replace(".", ",")
    return f"\ufeff{save_rows(rows, ';')}"


SPREADSHEETS: dict[str, Callable[[Table], str | bytes]] = {
    "as it was": save_rows,
    "german": german,
    "tabs in UTF-16": lambda rows: save_rows(rows, "\t").encode("utf-16"),
    "bytes with a mark": lambda rows: save_rows(rows).encode("utf-8-sig"),
    "quoted, line feeds": lambda rows: save_rows(rows, quoting=csv.QUOTE_ALL).replace("\r\n", "\n"),
    "old Macintosh": lambda rows: save_rows(rows).replace("\r\n", "\r"),
    "blank lines": lambda rows: (
        "\r\n,,,\r\n" + save_rows(rows).replace("\r\n", "\r\n\r\n") + ",,,,\r\n"
    ),
    "columns moved and added": lambda rows: save_rows(
        [{"my notes": "a, b", **dict(reversed(row.items()))} for row in rows]
    ),
    "few columns left": lambda rows: save_rows(
        [{name: row[name] for name in parser.REQUIRED_COLUMNS} for row in rows]
    ),
    "titles in capitals": lambda rows: save_rows(
        [{f" {name.upper()} ": cell for name, cell in row.items()} for row in rows]
    ),
    "sorted the other way": lambda rows: save_rows(rows[::-1]),
}


@pytest.mark.parametrize("how", SPREADSHEETS)
def test_spreadsheet_reformatting_changes_no_points(how: str) -> None:
    rows = [sheet_row(submission_id=f"s{at}", grading=f"g{at}") for at in range(3)]
    table = rows_of(write_score_sheet(rows))
    for at, row in enumerate(table[:2]):
        row |= {"points": f"{at}.25", "comment": "gut, weiter; so"}
    sheet = reject_mismatched_changes(read_score_sheet(SPREADSHEETS[how](table)), rows)
    assert list_problems(sheet) == []
    found = {change.submission_id: (change.points, change.comment) for change in sheet.changes}
    assert found == {
        "s0": (Fraction(1, 4), "gut, weiter; so"),
        "s1": (Fraction(5, 4), "gut, weiter; so"),
    }
    assert sheet.unchanged == 1


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("", "1: the sheet is empty; download a new sheet"),
        (" \r\n;;\r\n", "1: the sheet is empty"),
        ("submission_id,part,points,comment\n", "1: the sheet has no column 'version'"),
        ("\n\nname,e-mail\n", "3: the sheet has no column 'submission_id'"),
        (f"{HEAD},points\n", "1: the sheet has two columns 'points'"),
        (b"\xff\xff", "1: the sheet is not UTF-8; save it as CSV UTF-8"),
        (f"{HEAD}\nä,\n".encode("latin-1"), "1: the sheet is not UTF-8"),
        (b"\xff\xfe\x00", "1: the sheet is not UTF-8"),
        (b"PK\x03\x04...xl/workbook.xml", "1: the file is an Excel workbook (.xlsx); save the"),
        (b"%PDF-1.4", "1: the file is a PDF; save the table as CSV UTF-8"),
        (f'{HEAD}\ns1\ns2,"x\ns3\n', "3: the row that starts here is not CSV"),
        (f'{HEAD}\n"a"b\n', "2: the row that starts here is not CSV"),
    ],
)
def test_unreadable_sheet_reports_the_location_and_a_remedy(source, problem) -> None:
    sheet = read_score_sheet(source)
    assert not sheet.changes
    (found,) = list_problems(sheet)
    assert found.startswith(problem)


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ({"points": "1", "submission_id": ""}, "2: the row has no submission_id"),
        ({"points": "1", "part": " "}, "2: the row has no part"),
        ({"points": "1", "version": ""}, "2: the row has no version; download a new sheet"),
        ({"points": "02-Jan"}, "2: '02-Jan' is a date"),
        ({"comment": "x" * 20_001}, "2: the comment has over 20000 characters"),
        ({"points": "1", "submission_id": "s9"}, "2: there is no answer to part 'answer' in the"),
        ({"points": "1", "part": "b"}, "2: there is no answer to part 'b'"),
        ({"points": "1", "email": "bob@example.edu"}, "2: the email of this submission is 'ann@"),
        ({"points": "1", "assignment": "HW2"}, "2: the assignment of this submission is 'HW1'"),
        ({"points": "1", "problem": "x"}, "2: the problem of this submission is 'residual-blocks'"),
        ({"points": "1", "version": "v0"}, "2: the grading has changed since the sheet was"),
        ({"comment": "late", "version": "v0"}, "2: the grading has changed since the sheet was"),
        ({"points": "4.000001"}, "2: 4.000001 is more than the 4 points possible"),
        ({"points": "46024"}, "2: 46024 is more than the 4 points possible"),
    ],
)
def test_unusable_row_reports_the_reason(cells, problem) -> None:
    sheet = reject_mismatched_changes(read_score_sheet(edit_rows(NEW, **cells)), [NEW])
    assert not sheet.changes
    (found,) = list_problems(sheet)
    assert found.startswith(problem)


def test_possible_points_in_the_file_are_ignored() -> None:
    sheet = read_score_sheet(edit_rows(NEW, points="9", possible="10"))
    assert list_problems(reject_mismatched_changes(sheet, [NEW])) == [
        "2: 9 is more than the 4 points possible"
    ]


def test_extra_credit_part_may_exceed_possible_points() -> None:
    row = sheet_row(extra=True)
    (change,) = reject_mismatched_changes(
        read_score_sheet(edit_rows(row, points="9")), [row]
    ).changes
    assert change.points == 9


def test_full_marks_shown_as_decimals_are_stored_exactly() -> None:
    row = sheet_row(possible=Fraction(2, 3))
    sheet = edit_rows(row, points=rows_of(write_score_sheet([row]))[0]["possible"])
    (change,) = reject_mismatched_changes(read_score_sheet(sheet), [row]).changes
    assert change.points == Fraction(2, 3)


def test_only_rows_with_changed_grading_are_rejected() -> None:
    rows = [sheet_row(submission_id=f"s{at}") for at in range(3)]
    table = rows_of(write_score_sheet(rows))
    for row in table:
        row["points"] = "2"
    rows[1] = replace(rows[1], grading="later", points=Fraction(1))
    sheet = reject_mismatched_changes(read_score_sheet(save_rows(table)), rows)
    assert [change.submission_id for change in sheet.changes] == ["s0", "s2"]
    assert list_problems(sheet) == [
        "3: the grading has changed since the sheet was written; download a new sheet"
    ]


def test_answer_changed_twice_in_a_sheet_is_not_changed() -> None:
    table = rows_of(edit_rows(NEW, MARKED, points="1"))
    table[1]["points"] = "2"
    sheet = read_score_sheet(save_rows([table[0], table[1], {**table[0], "points": "3"}]))
    assert [change.submission_id for change in sheet.changes] == ["s2"]
    assert list_problems(sheet) == ["4: lines 2 and 4 change the same answer. Keep one of them"]


def test_new_points_count_despite_damaged_old_points() -> None:
    (change,) = read_score_sheet(edit_rows(MARKED, points="2", old_points="4. Mrz")).changes
    assert change.points == 2


def test_unchanged_copy_of_a_row_is_harmless() -> None:
    changed, same = rows_of(edit_rows(NEW, points="1")), rows_of(write_score_sheet([NEW]))
    sheet = read_score_sheet(save_rows(changed + same))
    assert (len(sheet.changes), sheet.unchanged, sheet.problems) == (1, 1, ())


def test_row_with_extra_cells_is_reported_and_a_short_one_is_padded() -> None:
    head = "submission_id,part,points,comment,version"
    sheet = read_score_sheet(f"{head}\ns1,a,1,x,v1,more\ns2,a\ns3,a,1,x,v1,,\n")
    assert list_problems(sheet)[0].startswith("2: the row has more cells than the header")
    assert [change.submission_id for change in sheet.changes] == ["s3"]
    assert sheet.unchanged == 1


def test_line_number_is_where_a_row_begins() -> None:
    rows = [sheet_row(submission_id=f"s{at}", answer="one\ntwo\nthree") for at in range(2)]
    sheet = read_score_sheet(edit_rows(*rows, at=1, points="x"))
    assert [problem.line for problem in sheet.problems] == [5]


def test_anonymous_sheet_verifies_only_the_columns_it_has() -> None:
    row = sheet_row(student="", email="")
    (change,) = reject_mismatched_changes(
        read_score_sheet(edit_rows(row, points="1")), [NEW]
    ).changes
    assert change.cells_to_verify == {"assignment": "HW1", "problem": "residual-blocks"}


def test_sheet_problems_beyond_200_are_only_counted() -> None:
    head = "submission_id,part,points,comment,version\n"
    sheet = read_score_sheet(head + "s,a,x,,v1\n" * 1_000)
    assert len(sheet.problems) == 201
    assert list_problems(sheet)[-1] == "201: and 800 more lines have problems"


def test_sheet_with_over_50000_rows_is_refused() -> None:
    head = "submission_id,part,points,comment,version\n"
    (problem,) = list_problems(read_score_sheet(head + "s,a,,,v\n" * 50_001))
    assert problem == "50002: the sheet has over 50,000 rows; upload it in pieces"
