"""Paged gradebook: sorted by any column, with statistics of the whole class for each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from fractions import Fraction
from typing import Final, Literal, TypeAlias
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.core.errors import InvalidInput
from api.core.ids import parse_id
from api.db.models import Assignment
from api.http.pagination import Cursor, SortValue
from api.schemas.grades.gradebook import (
    ColumnSummary,
    GradebookCategory,
    GradebookCell,
    GradebookColumn,
    GradebookOut,
    GradebookRow,
)
from api.services.gradebook.cells import GradeCell, load_cells
from api.services.gradebook.gradebook_data import GradebookData, load_gradebook, parse_categories
from api.services.gradebook.students import GradebookStudent, load_active_students
from api.services.gradebook.summaries import (
    HUNDRED,
    ColumnStatistics,
    is_below,
    summarize_column,
    summarize_totals,
)
from api.services.gradebook.totals import CourseTotal, compute_totals

Direction: TypeAlias = Literal["asc", "desc"]
MILLIONTHS: Final = 1_000_000
NO_SCORE_KEY: Final = -(2**62)
"""Sort key of a missing score, below every score."""
TEXT_COLUMNS: Final = ("name", "section")


@dataclass(frozen=True, slots=True)
class GradebookOrder:
    """Sort order of the rows: by name, section, total, or the id of an assignment."""

    by: str
    direction: Direction

    @property
    def cursor_name(self) -> str:
        """Name of this order in a cursor."""
        return f"{self.by} {self.direction}"


@dataclass(frozen=True, slots=True)
class GradebookQuery:
    """Filter, sort order and page of a gradebook.

    The summaries count the scores under the share *below_share*. With *only_below*, the rows are
    those of students whose course total is below it.
    """

    order: GradebookOrder
    section: UUID | None = None
    text: str = ""
    below_share: Fraction = Fraction(1, 2)
    only_below: bool = False
    after: Cursor | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class _StudentRow:
    student: GradebookStudent
    cells: Sequence[GradeCell]
    total: CourseTotal
    sort_key: tuple[SortValue, UUID]


def parse_order(by: str, direction: Direction) -> GradebookOrder:
    """Return the sort order that a query names.

    Raises `InvalidInput` unless *by* names a column or is an id.
    """
    if by not in {*TEXT_COLUMNS, "total"} and parse_id(by) is None:
        message = "must be name, section, total, or the id of an assignment of the course"
        raise InvalidInput.for_field("query sort", message)
    return GradebookOrder(by, direction)


def cursor_value_type(order: GradebookOrder) -> type[SortValue]:
    """Return the type of the values in a cursor of this order."""
    return str if order.by in TEXT_COLUMNS else int


def load_gradebook_page(
    session: Session, member: CourseMembership, query: GradebookQuery, *, now: datetime
) -> tuple[GradebookOut, list[tuple[GradebookRow, Cursor]]]:
    """Return the head of a gradebook and a page of its rows, with one row more if there are more.

    Each row comes with the cursor of a page that ends there.
    """
    course = member.course
    students = load_active_students(session, course.id, section=query.section, text=query.text)
    book = load_gradebook(session, course, students, reader=member)
    cells = load_cells(session, book, now=now)
    totals = compute_totals(book, cells)
    key = _make_sort_key(book, cells, totals, query.order)
    rows = [
        _StudentRow(student, cells[student.id], totals[student.id], (key(student), student.id))
        for student in students
    ]
    head = GradebookOut(
        course=course.id,
        students=len(rows),
        categories=tuple(
            GradebookCategory(id=one.id, weight=one.weight, drop_lowest=one.drop_lowest)
            for one in parse_categories(course)
        ),
        columns=_serialize_columns(book, cells, query.below_share),
        total=_serialize_summary(summarize_totals(totals.values(), query.below_share)),
        withheld=tuple(one.id for one in book.withheld),
        items=(),
        next=None,
    )
    page = _select_page([row for row in rows if _is_listed(row, query)], query)
    return head, [
        (_serialize_row(book, one), Cursor(query.order.cursor_name, *one.sort_key)) for one in page
    ]


def _is_listed(row: _StudentRow, query: GradebookQuery) -> bool:
    percent = row.total.percent
    return not query.only_below or (
        percent is not None and is_below(percent, query.below_share, HUNDRED)
    )


def _select_page(rows: Sequence[_StudentRow], query: GradebookQuery) -> list[_StudentRow]:
    """Return the sorted rows after the cursor, at most one more than *limit*."""
    is_descending = query.order.direction == "desc"
    after = query.after
    if after is not None:
        end = (after.value, after.id)
        rows = [
            row for row in rows if (row.sort_key < end if is_descending else row.sort_key > end)
        ]
    return sorted(rows, key=lambda row: row.sort_key, reverse=is_descending)[: query.limit + 1]


def _make_sort_key(
    book: GradebookData,
    cells: Mapping[UUID, Sequence[GradeCell]],
    totals: Mapping[UUID, CourseTotal],
    order: GradebookOrder,
) -> Callable[[GradebookStudent], SortValue]:
    """Return the sort key of an order; raise `InvalidInput` for an assignment without a column."""
    match order.by:
        case "name":
            return lambda item: item.sort_name
        case "section":
            return lambda item: f"{item.section.casefold()}\n{item.sort_name}"
        case "total":
            return lambda item: _score_sort_key(totals[item.id].percent)
    ids = [assignment.id for assignment in book.assignments]
    if UUID(order.by) not in ids:
        raise InvalidInput.for_field(
            "query sort", "is not an assignment in the gradebook of this course"
        )
    index = ids.index(UUID(order.by))
    return lambda item: _score_sort_key(cells[item.id][index].score)


def _score_sort_key(score: Fraction | None) -> int:
    return NO_SCORE_KEY if score is None else round(score * MILLIONTHS)


def _serialize_columns(
    book: GradebookData, cells: Mapping[UUID, Sequence[GradeCell]], below_share: Fraction
) -> tuple[GradebookColumn, ...]:
    rows = list(cells.values())
    return tuple(
        GradebookColumn(
            assignment=assignment.id,
            slug=assignment.slug,
            title=assignment.title,
            category=assignment.category,
            possible=book.blank_grades[assignment.id].possible,
            extra=assignment.extra,
            due_at=assignment.due_at,
            closes_at=assignment.closes_at,
            lms_id=assignment.lms_id,
            summary=_serialize_summary(summarize_column((row[index] for row in rows), below_share)),
        )
        for index, assignment in enumerate(book.assignments)
    )


def _serialize_summary(statistics: ColumnStatistics) -> ColumnSummary:
    return ColumnSummary(**asdict(statistics))


def _serialize_row(book: GradebookData, row: _StudentRow) -> GradebookRow:
    student = row.student
    return GradebookRow(
        user=student.id,
        name=student.name,
        email=student.email,
        student_number=student.number,
        section=student.section_id,
        section_name=student.section,
        cells=tuple(
            _serialize_cell(assignment, cell)
            for assignment, cell in zip(book.assignments, row.cells, strict=True)
        ),
        percent=row.total.percent,
        waiting=row.total.waiting,
        waiting_points=row.total.waiting_points,
    )


def _serialize_cell(assignment: Assignment, cell: GradeCell) -> GradebookCell:
    fields = cell._asdict()
    del fields["stored_numbers"]
    pending, due = fields.pop("pending"), fields.pop("is_due")
    return GradebookCell(
        assignment=assignment.id, waiting_points=pending.possible, due=due, **fields
    )
