"""Tests of our gradebook files, read by the published import rules of other systems."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest
from factories import CALM
from gradebooks import ANN, BOB, CY, HW1, HW2, SUBMITTED, gradebook
from hypothesis import given
from hypothesis import strategies as st
from lms_imports import (
    CanvasCourse,
    ImportRefusedError,
    canvas_import,
    gradescope_course,
    moodle_import,
    php_csv,
)

from api.services.exports.formats import (
    WRITERS,
    ExportCell,
    ExportColumn,
    ExportGradebook,
    ExportPerson,
    write_canvas,
    write_gradescope_course,
    write_moodle,
)

MAILS = {"ann@example.edu", "bob@example.edu", "cy@example.edu"}
COURSE = CanvasCourse(
    logins={"901": "ann", "902": "bob", "903": "cy"},
    names={"901": "Ann Lee", "902": "Bob Núñez", "903": "Cy"},
    titles={"123": "HW1", "124": "Boxes", "125": "Bonus"},
)

words = st.text(max_size=12) | st.sampled_from(
    ['"', "\\", '\\"', 'a\\"b, c\\', ";;;", "a;b", "=1", "-x", "1,5", "EX", "\r\n", "-", "\u202e"]
)
scores = st.fractions(min_value=-5, max_value=100, max_denominator=12)
cell_values = st.builds(
    ExportCell,
    score=st.none() | scores,
    excused=st.booleans(),
    waiting=st.booleans(),
    late_seconds=st.integers(0, 10**6),
    submitted_at=st.none() | st.just(SUBMITTED),
    submissions=st.integers(0, 9),
    comment=words,
)


@st.composite
def books(draw: st.DrawFn) -> ExportGradebook:
    """Draw a gradebook with ids that the other system knows and arbitrary texts."""
    people = [
        replace(one, name=draw(words), sections=(draw(words),))
        for one in (ANN, replace(BOB, lms_id="902"), CY)
    ]
    columns = [
        ExportColumn(f"c{at}", f"{draw(words)} #{at}", draw(scores.map(abs)), lms_id=str(at))
        for at in (123, 124, 125)
    ]
    cells = {(one.id, column.id): draw(cell_values) for one in people for column in columns}
    return gradebook(people, columns, cells)


def close(shown: str | float, score: Fraction, places: int) -> bool:
    return abs(Fraction(shown) - score) <= Fraction(1, 2 * 10**places)


@CALM
@given(books())
def test_canvas_import_matches_students_and_assignments_and_reads_scores(
    book: ExportGradebook,
) -> None:
    done = canvas_import(write_canvas(book).text, COURSE)
    assert not done.new_assignments
    assert not done.new_students
    ids = {"p1": "901", "p2": "902", "p3": "903"}
    for (person, column), cell in book.cells.items():
        read = done.scores[ids[person], column[1:]]
        if cell.excused:
            assert read == "EX"
        elif cell.exported_score is None:
            assert read == ""
        else:
            assert close(read, cell.exported_score, 6)
    assert all(close(done.possible[one.lms_id], one.possible, 6) for one in book.columns)


@CALM
@given(books())
def test_moodle_import_reads_each_grade_and_comment(book: ExportGradebook) -> None:
    done = moodle_import(write_moodle(book).text, MAILS)
    assert len(done.grades) == 9
    read = list(done.grades.values())
    for at, cell in enumerate(book.cells.values()):
        if cell.exported_score is None:
            assert read[at] is None
        else:
            assert read[at] == pytest.approx(float(cell.exported_score), abs=0.000005)


@CALM
@given(books())
def test_gradescope_readers_find_the_scores(book: ExportGradebook) -> None:
    found = gradescope_course(write_gradescope_course(book).text)
    assert len(found) == 9
    read = [found[sid, title] for sid in ("0017", "0018", "0019") for title in _titles(found)]
    for (score, _, when, late), cell in zip(read, book.cells.values(), strict=True):
        assert (score == "") == (cell.exported_score is None)
        assert cell.exported_score is None or close(score, cell.exported_score, 6)
        assert (when == "") == (late == "") == (cell.submitted_at is None)
        if late:
            hours, minutes, seconds = map(int, late.split(":"))
            told = timedelta(hours=hours, minutes=minutes, seconds=seconds)
            assert told.total_seconds() == cell.late_seconds


def _titles(found: dict[tuple[str, str], tuple[str, ...]]) -> list[str]:
    return list(dict.fromkeys(title for _, title in found))


@CALM
@given(books())
def test_every_file_has_one_line_per_row(book: ExportGradebook) -> None:
    quiet = replace(book, cells={key: replace(one, comment="") for key, one in book.cells.items()})
    for form, write in WRITERS.items():
        expected = {"canvas": 5, "cells": 10, "json": 3}.get(form, 4)
        assert write(quiet).text.count("\n") == expected
        assert len(write(quiet).text.splitlines()) == expected


def test_moodle_file_omits_unknown_users_because_one_aborts_the_import() -> None:
    book = gradebook(columns=[HW1])
    with pytest.raises(ImportRefusedError, match="unknown user cy"):
        moodle_import(write_moodle(book).text, MAILS - {"cy@example.edu"})
    known = MAILS - {"cy@example.edu"}
    assert len(moodle_import(write_moodle(book, participant_emails=known).text, known).grades) == 2


def test_moodle_reader_gives_a_row_without_email_to_the_previous_student() -> None:
    """The test's reader behaves like Moodle, so the test below can fail."""
    text = "Email address,ID number,HW1,Feedback: HW1\r\nann@example.edu,,9,\r\n,,1,\r\n"
    assert moodle_import(text, MAILS).grades == {("ann@example.edu", "HW1"): 1.0}


def test_student_without_an_email_does_not_overwrite_another_grade() -> None:
    book = gradebook([ANN, replace(BOB, email="")], [HW2])
    grades = moodle_import(write_moodle(book).text, MAILS).grades
    assert grades == {("ann@example.edu", HW2.title): 0.33333}


def test_backslash_before_a_quote_does_not_merge_cells_in_moodle() -> None:
    broken = 'a,b\n"one, \\""two",1\n'
    assert list(php_csv(broken)) != [["a", "b"], ['one, \\"two', "1"]]
    comments = ['one, \\"two', "ends, with \\", 'both \\\\"', "plain"]
    people = [replace(ANN, id=str(at), email=f"{at}@example.edu") for at in range(4)]
    cells = {
        (str(at), "c1"): ExportCell(Fraction(at), comment=one) for at, one in enumerate(comments)
    }
    done = moodle_import(
        write_moodle(gradebook(people, [HW1], cells)).text, {one.email for one in people}
    )
    assert list(done.grades.values()) == [0, 1, 2, 3]
    shown = [comment.replace("\\ ", "\\") for comment in done.feedback.values()]
    assert shown == comments


def test_class_of_500_with_50_assignments_is_written_completely() -> None:
    people = [
        ExportPerson(
            str(at), f"Student {at}", f"s{at}@example.edu", f"{at:05}", f"s{at}", f"{9000 + at}"
        )
        for at in range(500)
    ]
    columns = [ExportColumn(f"c{at}", f"HW {at}", Fraction(10), lms_id=str(at)) for at in range(50)]
    cells = {
        (person.id, column.id): ExportCell(
            Fraction(at % 61, 6), comment="Look at the padding again."
        )
        for at, (person, column) in enumerate((one, two) for one in people for two in columns)
    }
    book = gradebook(people, columns, cells)
    total = sum(cell.score for cell in cells.values())
    course = CanvasCourse(
        logins={},
        names={one.lms_id: one.name for one in people},
        titles={one.lms_id: one.title for one in columns},
    )
    canvas = canvas_import(write_canvas(book).text, course)
    moodle = moodle_import(write_moodle(book).text, {one.email for one in people})
    assert len(canvas.scores) == len(moodle.grades) == 25_000
    assert abs(sum(map(Fraction, canvas.scores.values())) - total) < Fraction(1, 50)
    assert sum(moodle.grades.values()) == pytest.approx(float(total), abs=0.2)
    lines = {form: write(book).text.count("\n") for form, write in WRITERS.items()}
    assert lines == {
        "canvas": 502,
        "cells": 25_001,
        "gradescope": 501,
        "json": 500,
        "moodle": 501,
        "table": 501,
    }
