"""Property tests of score sheets."""

from fractions import Fraction

from factories import CALM
from gradebooks import sheet_row
from hypothesis import assume, given
from hypothesis import strategies as st
from score_sheets import list_problems, rows_of, save_rows

from api.services.exports.formats import (
    SheetChanges,
    SheetRow,
    read_score_sheet,
    reject_mismatched_changes,
    write_score_sheet,
)
from api.services.score_sheets.csv_format import COLUMNS

HEAD = ",".join(COLUMNS)

texts = st.text(max_size=20) | st.sampled_from(
    ['"', "=1", "'=1", "＝1", "a;b,c\td", "-x\n-y", "-3"]
)
points = st.fractions(min_value=0, max_value=8, max_denominator=64)
sheet_rows = st.lists(
    st.builds(
        SheetRow,
        submission_id=st.uuids().map(str),
        student=texts,
        email=texts,
        assignment=texts,
        problem=texts,
        part=st.from_regex("[a-z][a-z0-9_]{0,8}", fullmatch=True),
        answer=texts,
        status=st.sampled_from(["wrong", "needs_review", "partial"]),
        points=st.none() | points,
        possible=st.just(Fraction(8)),
        comment=texts,
        grading=st.uuids().map(str),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda row: row.submission_id,
)


@CALM
@given(rows=sheet_rows, style=st.sampled_from(["point", "comma"]))
def test_unchanged_sheet_with_arbitrary_content_changes_nothing(rows, style) -> None:
    sheet = read_score_sheet(write_score_sheet(rows, style=style), style=style)
    assert sheet == SheetChanges(unchanged=len(rows))


@CALM
@given(rows=sheet_rows, new=points, style=st.sampled_from(["point", "comma"]), data=st.data())
def test_points_entered_in_any_row_are_the_only_change(rows, new, style, data) -> None:
    at = data.draw(st.integers(0, len(rows) - 1))
    assume(rows[at].points is None or abs(rows[at].points - new) > Fraction(1, 1000))
    delimiter, mark = (";", ",") if style == "comma" else (",", ".")
    table = rows_of(write_score_sheet(rows, style=style), delimiter)
    table[at]["points"] = f"{float(new):.6f}".replace(".", mark)
    sheet = reject_mismatched_changes(
        read_score_sheet(save_rows(table, delimiter), style=style), rows
    )
    assert list_problems(sheet) == []
    (change,) = sheet.changes
    assert change.submission_id == rows[at].submission_id
    assert abs(change.points - new) <= Fraction(1, 1_000_000)


@CALM
@given(st.text(max_size=200) | st.binary(max_size=200))
def test_arbitrary_upload_does_not_crash_the_reader(source: str | bytes) -> None:
    sheet = read_score_sheet(source)
    assert not sheet.changes
    assert sheet.problems


@CALM
@given(st.text(st.characters() | st.sampled_from('",;\t\n\r='), max_size=120))
def test_arbitrary_rows_below_a_header_do_not_crash_the_reader(body: str) -> None:
    assert not reject_mismatched_changes(read_score_sheet(f"{HEAD}\n{body}"), [sheet_row()]).changes
