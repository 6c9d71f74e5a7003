"""Tests of gradebook files against hand-written contents, and of their warnings."""

import json
import re
from dataclasses import replace
from fractions import Fraction

import pytest
from factories import CALM
from gradebooks import ANN, BERLIN, BOB, BONUS, HW1, HW2, SUBMITTED, cells, gradebook, one
from hypothesis import given
from hypothesis import strategies as st

from api.services.exports.formats import (
    WRITERS,
    ExportCell,
    ExportColumn,
    ExportGradebook,
    ExportPerson,
    write_canvas,
    write_cell_table,
    write_gradescope_course,
    write_json_lines,
    write_moodle,
    write_student_table,
)
from api.services.exports.formats.cells import (
    LINES_TRANSLATION,
    format_lateness_hms,
    format_multiline_cell,
    format_number,
    format_text_cell,
    remove_formula_guard,
)

EMPTY = ExportGradebook("cv-2026", BERLIN, (), (), {})


def file(*rows: str) -> str:
    return "".join(f"{row}\r\n" for row in rows)


def test_canvas_file_has_id_columns_points_possible_and_scores() -> None:
    assert write_canvas(gradebook()).text == file(
        'Student,ID,SIS Login ID,Section,HW1 (123),"HW2: Boxes, anchors (124)",Bonus (125)',
        "    Points Possible,,,,10,3.5,0",
        'Ann Lee,901,ann,"A, Lab 2",9.5,0.333333,2',
        '"Núñez, Bob",,bob,,EX,-3,',
        "Cy,,cy,,,0,",
    )


def test_moodle_file_has_a_grade_and_feedback_for_each_item() -> None:
    assert write_moodle(gradebook(columns=[HW1, HW2])).text == file(
        "Email address,ID number,HW1,Feedback: HW1,"
        '"HW2: Boxes, anchors","Feedback: HW2: Boxes, anchors"',
        "ann@example.edu,0017,9.5,Well done,0.33333,",
        'bob@example.edu,0018,-,,-3,"See ""note"", p. 3"',
        "cy@example.edu,0019,-,,0,",
    )


def test_gradescope_file_has_the_columns_of_its_course_export() -> None:
    assert write_gradescope_course(gradebook([ANN, BOB], [HW2, BONUS])).text == file(
        'First Name,Last Name,SID,Email,Sections,"HW2: Boxes, anchors",'
        '"HW2: Boxes, anchors - Max Points","HW2: Boxes, anchors - Submission Time",'
        '"HW2: Boxes, anchors - Lateness (H:M:S)",Bonus,Bonus - Max Points,'
        "Bonus - Submission Time,Bonus - Lateness (H:M:S),Total Lateness (H:M:S)",
        'Ann,Lee,0017,ann@example.edu,"A, Lab 2",0.333333,3.5,2026-11-27 23:59:30 +0100,26:03:04,'
        "2.0,0.0,2026-11-27 23:59:30 +0100,00:00:00,26:03:04",
        "Bob,Núñez,0018,bob@example.edu,,-3.0,3.5,,,,0.0,,,00:00:00",
    )


def test_csv_table_has_assignment_scores_and_the_total() -> None:
    assert write_student_table(gradebook()).text == file(
        "student_id,name,email,student_number,login,lms_id,sections,HW1,"
        '"HW2: Boxes, anchors",Bonus,total,waiting_points',
        "p1,Ann Lee,ann@example.edu,0017,ann,901,A; Lab 2,9.5,0.333333,2,11.833333,0",
        'p2,"Núñez, Bob",bob@example.edu,0018,bob,,,excused,-3,,,0',
        "p3,Cy,cy@example.edu,0019,cy,,,,0,,,0",
    )


def test_ambiguous_column_titles_include_the_assignment_id() -> None:
    columns = [replace(HW1, title="total"), HW2, replace(BONUS, title=HW2.title)]
    head = cells(write_student_table(gradebook(columns=columns)).text)[0]
    same = [f"{HW2.title} [c2]", f"{HW2.title} [c3]"]
    assert head[7:] == ["total [c1]", *same, "total", "waiting_points"]


def test_cells_file_has_all_details_of_each_score() -> None:
    head, *rows = cells(write_cell_table(gradebook()).text)
    assert len(rows) == 9
    late, excused, waiting = (dict(zip(head, rows[at], strict=True)) for at in (1, 3, 6))
    assert late["score"] == "0.333333"
    assert late["possible"] == "3.5"
    assert late["late_seconds"] == "93784"
    assert late["submitted_at"] == "2026-11-27T23:59:30+01:00"
    assert (excused["excused"], excused["score"], excused["submitted_at"]) == ("true", "", "")
    assert (waiting["waiting"], waiting["score"], waiting["submissions"]) == ("true", "4", "2")


def test_json_lines_include_exact_fractions() -> None:
    first, second, third = map(json.loads, write_json_lines(gradebook()).text.splitlines())
    assert first["sections"] == ["A", "Lab 2"]
    assert first["assignments"][1] == {
        "assignment_id": "c2",
        "assignment": "HW2: Boxes, anchors",
        "possible": {"number": 3.5, "exact": "7/2"},
        "extra": False,
        "score": {"number": 0.333333, "exact": "1/3"},
        "excused": False,
        "waiting": False,
        "waiting_points": {"number": 0.0, "exact": "0"},
        "overridden": False,
        "late_seconds": 93784,
        "submitted_at": "2026-11-27T23:59:30+01:00",
        "submissions": 1,
        "comment": "",
    }
    assert first["total"] == {"number": 11.833333, "exact": "71/6"}
    assert (second["total"], third["assignments"][2]["score"]) == (None, None)


def test_json_lines_escape_invisible_and_unencodable_characters() -> None:
    name = "Nú\u2028ñ\x85\u202ee\udc00\n"
    written = write_json_lines(gradebook([replace(ANN, name=name)], [])).text
    assert '"name": "Nú\\u2028ñ\\u0085\\u202ee\\udc00\\n"' in written
    assert json.loads(written.encode())["name"] == name


@pytest.mark.parametrize("form", WRITERS)
def test_empty_course_still_produces_a_file(form: str) -> None:
    written = WRITERS[form](EMPTY)
    assert len(written.text.splitlines()) == {"json": 0, "canvas": 2}.get(form, 1)
    assert not written.warnings


NUL = "\0"
FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")

TEXTS = [
    ("", ""),
    (" \t\r\n ", ""),
    ("=1+1", "'=1+1"),
    ("\t=1+1", "'=1+1"),
    ("\r\n@SUM(A1)", "'@SUM(A1)"),
    ("\u202e=HYPERLINK(1)", "'=HYPERLINK(1)"),
    ("\ufeff+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
    (f"{NUL}-2+3", "'-2+3"),
    ("-3", "-3"),
    ("−3", "−3"),
    ("+1.5e3", "+1.5e3"),
    ("＝1+1", "'＝1+1"),
    ("＠a", "'＠a"),
    ("'=1", "''=1"),
    ("- well", "'- well"),
    ("a\x1b[31mb\x07", "a[31mb"),
    ("Ann\u2028Lee\x85X", "Ann Lee X"),
    ("Ann\u202eeeL", "AnneeL"),
    ("\ud800Ann", "Ann"),
    ("علی\u200cرضا", "علی\u200cرضا"),
    ("O'Brien = x", "O'Brien = x"),
]


@pytest.mark.parametrize(("typed", "shown"), TEXTS)
def test_text_cells_never_become_formulas_or_break_lines(typed: str, shown: str) -> None:
    assert format_text_cell(typed) == shown


@CALM
@given(any_text=st.text(st.characters() | st.sampled_from("'=+-@＝－\t\r\n\u202e"), max_size=8))
def test_formula_guard_is_reversible(any_text: str) -> None:
    once = format_text_cell(any_text)
    assert format_text_cell(remove_formula_guard(once)) == once
    assert not FORMULA.match(once) or float(once) is not None


@pytest.mark.parametrize("form", [form for form in WRITERS if form != "json"])
def test_no_file_contains_a_formula_from_a_name_title_or_comment(form: str) -> None:
    bad = '=cmd|"/C calc"!A0'
    person = ExportPerson("=p", bad, bad, bad, bad, lms_id="", sections=(bad,))
    column = ExportColumn("=c", bad, Fraction(1))
    book = gradebook([person, ANN], [column], {("=p", "=c"): ExportCell(Fraction(-1), comment=bad)})
    written = cells(WRITERS[form](book).text)
    assert any("cmd" in cell for row in written for cell in row)
    assert {cell for row in written for cell in row if cell[:1] in set("=+@\t\r")} == set()
    assert {cell for row in written for cell in row if cell[:1] == "-"} <= {"-", "-1", "-1.0"}
    assert {cell for row in written for cell in row if cell[:2] == "''"} == set()


def test_multiline_cells_keep_line_breaks() -> None:
    assert format_multiline_cell(" one\r\ntwo \x07\rthree\n\n") == "one\ntwo\nthree"
    assert format_multiline_cell("\n=1\n=2") == "'=1\n=2"
    assert format_multiline_cell("é\u2028ü\x0b \x85ö\tä \u200e\n\nb") == "é\nü\n\nö ä\n\nb"


@CALM
@given(st.text(st.sampled_from([*map(chr, LINES_TRANSLATION), "a", "é", "\U0001f600"])))
def test_comments_contain_no_characters_forbidden_in_spreadsheets(comment: str) -> None:
    lines = comment.replace("\r\n", "\n").translate(LINES_TRANSLATION).split("\n")
    assert format_multiline_cell(comment) == "\n".join(line.rstrip() for line in lines).strip()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (Fraction(0), "0"),
        (Fraction(-1, 10_000_000), "0"),
        (Fraction(-1, 3), "-0.333333"),
        (Fraction(2, 3), "0.666667"),
        (Fraction(999_999_999, 1_000_000_000), "1"),
        (Fraction(10), "10"),
        (Fraction(100, 8), "12.5"),
        (Fraction(10**20 + 1, 10), "10000000000000000000.1"),
    ],
)
def test_numbers_are_rounded_to_six_places_without_trailing_zeros(value, shown) -> None:
    assert format_number(value) == shown


def test_numbers_are_formatted_without_floats() -> None:
    assert format_number(Fraction(2**80 + 1)) == "1208925819614629174706177"
    assert (format_number(Fraction(7), min_places=1), format_number(Fraction(1, 8), places=2)) == (
        "7.0",
        "0.12",
    )


@pytest.mark.parametrize(
    ("seconds", "shown"), [(-1, "00:00:00"), (59, "00:00:59"), (360_000, "100:00:00")]
)
def test_lateness_counts_hours_beyond_a_day(seconds: int, shown: str) -> None:
    assert format_lateness_hms(seconds) == shown


def test_gradescope_file_uses_the_family_name_from_the_roster() -> None:
    ann = replace(ANN, name="Ann van Dyk", family_name="van Dyk")
    assert cells(write_gradescope_course(gradebook([ann])).text)[1][:2] == ["Ann", "van Dyk"]


def test_times_are_written_in_the_course_time_zone_across_dst() -> None:
    summer = SUBMITTED.replace(month=7)
    book = one(cell=ExportCell(Fraction(1), submitted_at=summer, submissions=1))
    assert "2026-07-28 00:59:30 +0200" in write_gradescope_course(book).text
    assert "2026-07-28T00:59:30+02:00" in write_cell_table(book).text
