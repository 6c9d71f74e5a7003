"""Tests of export warnings about contents that another system would refuse or misread."""

from dataclasses import replace
from fractions import Fraction
from typing import get_args

import pytest
from gradebooks import ANN, BOB, BONUS, CY, HW1, HW2, cells, codes, gradebook, one

from api.services.exports.formats import (
    WARNINGS,
    ExportCell,
    ExportColumn,
    ExportPerson,
    WarningCode,
    write_canvas,
    write_gradescope_course,
    write_moodle,
)

CANVAS = [
    (ANN, HW1, []),
    (replace(ANN, lms_id=""), HW1, []),
    (replace(ANN, lms_id="", login=" "), HW1, [("no_login", "p1")]),
    (replace(ANN, lms_id="6f2c-44", login=""), HW1, [("no_login", "p1")]),
    (replace(ANN, lms_id="", login="+ann x"), HW1, [("guarded", "p1")]),
    (replace(ANN, name="Points Possible"), HW1, [("name_is_points_row", "p1")]),
    (ANN, replace(HW1, lms_id=""), [("new_assignment", "c1")]),
    (ANN, replace(HW1, lms_id="１２"), [("new_assignment", "c1")]),
    (ANN, replace(HW1, lms_id="", title="HW (2)"), [("title_is_id", "c1")]),
    (ANN, replace(HW1, title="HW (2)"), []),
    (ANN, replace(HW1, title="My Final Score"), [("reserved_title", "c1")]),
    (ANN, replace(HW1, title="Unposted Current Points"), [("reserved_title", "c1")]),
    (ANN, replace(HW1, title="Override Status"), [("reserved_title", "c1")]),
    (ANN, replace(HW1, title="Final project"), []),
    (ANN, replace(HW1, lms_id="", title="Section"), [("reserved_title", "c1")]),
    (ANN, replace(HW1, title="Section"), []),
]


@pytest.mark.parametrize(("person", "column", "found"), CANVAS)
def test_canvas_export_warns_about_logins_names_ids_and_titles(
    person: ExportPerson, column: ExportColumn, found
) -> None:
    assert codes(write_canvas(one(person, column))) == found


def test_rows_and_columns_that_canvas_would_merge_are_reported() -> None:
    people = [
        ANN,
        replace(BOB, lms_id="901"),
        CY,
        replace(BOB, id="p4", login="CY"),
        replace(BOB, id="p5", login=""),
        replace(BOB, id="p6", login=""),
    ]
    twin = replace(HW2, id="c9", title=HW1.title, lms_id=HW1.lms_id)
    found = codes(write_canvas(gradebook(people, [HW1, twin, replace(BONUS, title="HW1")], {})))
    assert [about for code, about in found if code == "same_person"] == ["p2", "p4", "p6"]
    assert [about for code, about in found if code == "same_title"] == ["c9"]


MOODLE = [
    (ANN, None, []),
    (replace(ANN, email=" "), None, [("no_email", "p1")]),
    (replace(ANN, email="=ann@example.edu"), None, [("guarded", "p1")]),
    (replace(ANN, email="ann@exa\u200bmple.edu"), None, [("guarded", "p1")]),
    (ANN, [], [("unknown_email", "p1")]),
    (ANN, ["bob@example.edu"], [("unknown_email", "p1")]),
    (ANN, [" Ann@Example.edu"], []),
]


@pytest.mark.parametrize(("person", "known", "found"), MOODLE)
def test_students_that_moodle_would_reject_are_omitted_and_reported(person, known, found) -> None:
    written = write_moodle(one(person, HW1, ExportCell(Fraction(1))), participant_emails=known)
    assert codes(written) == found
    assert len(cells(written.text)) == 1 + (not found)


def test_grade_above_the_moodle_limit_is_omitted_and_reported() -> None:
    book = one(cell=ExportCell(Fraction(10001, 100)))
    written = write_moodle(book)
    assert codes(written) == [("over_limit", "c1")]
    assert "over 100, so one student in 'HW1'" in written.warnings[0].message
    assert cells(written.text)[1][2] == "-"


def test_duplicate_people_and_titles_are_reported_for_moodle() -> None:
    book = gradebook([ANN, replace(BOB, email="ANN@example.edu")], [HW1, replace(HW2, title="hw1")])
    assert {("same_person", "p2"), ("same_title", "c2")} <= set(codes(write_moodle(book)))


def test_gradescope_file_requires_unique_student_numbers_and_titles() -> None:
    people = [replace(ANN, student_number=""), BOB, replace(CY, student_number="0018")]
    columns = [replace(HW1, title="Email"), replace(HW2, title="A - Max Points"), BONUS]
    assert codes(write_gradescope_course(gradebook(people, columns, {}))) == [
        ("no_number", "p1"),
        ("same_person", "p3"),
        ("reserved_title", "c1"),
        ("reserved_title", "c2"),
    ]


@pytest.mark.parametrize(
    ("write", "found"),
    [
        (write_canvas, [("waiting", "c1")]),
        (write_moodle, [("waiting", "c1"), ("excused_lost", "c1")]),
        (write_gradescope_course, [("waiting", "c1"), ("excused_lost", "c1")]),
    ],
)
def test_unmarked_and_excused_work_is_reported_if_a_format_loses_it(write, found) -> None:
    assert codes(write(gradebook())) == found


def test_excused_takes_precedence_over_waiting() -> None:
    written = write_canvas(one(cell=ExportCell(Fraction(3), excused=True, waiting=True)))
    assert cells(written.text)[2][4] == "EX"
    assert not written.warnings


def test_every_warning_code_is_documented_and_messages_are_sentences() -> None:
    assert set(WARNINGS) == set(get_args(WarningCode))
    people = [replace(ANN, login="", lms_id=""), replace(BOB, email=""), CY]
    columns = [replace(HW1, lms_id=""), replace(HW2, title="Final Score")]
    book = gradebook(people, columns)
    for write in (write_canvas, write_moodle, write_gradescope_course):
        for warning in write(book).warnings:
            assert warning.message.endswith(".")
            assert "!" not in warning.message
            assert len(warning.message) < 250
