"""Paged gradebook: sorted by any column, with statistics of the whole class for each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from fractions import Fraction
from typing import Final, Literal, TypeAlias
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.authorization import Member
from api.core.errors import Invalid
from api.core.ids import read_id
from api.db.models import Assignment
from api.http.pagination import Cursor, Sort
from api.schemas.grades.gradebook import (
    ColumnSummary,
    GradebookCategory,
    GradebookCell,
    GradebookColumn,
    GradebookOut,
    GradebookRow,
)
from api.services.gradebook.book import Book, categories_of, load_book
from api.services.gradebook.cells import Cell, Total, cells_of, totals_of
from api.services.gradebook.students import Student, counting
from api.services.gradebook.summaries import Summary, of_column, of_totals

__all__ = ["Direction", "GradebookQuery", "Order", "gradebook", "kind_of", "order_of"]

Direction: TypeAlias = Literal["asc", "desc"]
MILLIONTHS: Final = 1_000_000
NONE_YET: Final = -(2**62)
"""Where there is no score stands below every score."""
TEXTS: Final = ("name", "section")


@dataclass(frozen=True, slots=True)
class Order:
    """Sort order of the rows: by name, section, total, or the id of an assignment."""

    by: str
    direction: Direction

    @property
    def name(self) -> str:
        """Name of this order in a cursor."""
        return f"{self.by} {self.direction}"


@dataclass(frozen=True, slots=True)
class GradebookQuery:
    """Filter, sort order and page of a gradebook.

    The summaries count the scores under the share *below*.
    """

    order: Order
    section: UUID | None = None
    text: str = ""
    below: Fraction = Fraction(1, 2)
    after: Cursor | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class _Row:
    student: Student
    cells: Sequence[Cell]
    total: Total
    key: tuple[Sort, UUID]


def order_of(by: str, direction: Direction) -> Order:
    """Return the sort order that a query names.

    Raises `Invalid` unless *by* names a column or is an id.
    """
    if by not in {*TEXTS, "total"} and read_id(by) is None:
        said = "must be name, section, total, or the id of an assignment of the course"
        raise Invalid.of("query sort", said)
    return Order(by, direction)


def kind_of(order: Order) -> type[Sort]:
    """Return the type of the values in a cursor of this order."""
    return str if order.by in TEXTS else int


def gradebook(
    session: Session, member: Member, query: GradebookQuery, *, now: datetime
) -> tuple[GradebookOut, list[tuple[GradebookRow, Cursor]]]:
    """Return the head of a gradebook and a page of its rows, with one row more if there are more.

    Each row comes with the cursor of a page that ends there.
    """
    course = member.course
    students = counting(session, course.id, section=query.section, text=query.text)
    book = load_book(session, course, students, reader=member)
    cells = cells_of(session, book, now=now)
    totals = totals_of(book, cells)
    key = _key(book, cells, totals, query.order)
    rows = [_Row(one, cells[one.id], totals[one.id], (key(one), one.id)) for one in students]
    head = GradebookOut(
        course=course.id,
        students=len(rows),
        categories=tuple(
            GradebookCategory(id=one.id, weight=one.weight, drop_lowest=one.drop_lowest)
            for one in categories_of(course)
        ),
        columns=_columns(book, cells, query.below),
        total=_summary(of_totals(totals.values(), query.below)),
        withheld=tuple(one.id for one in book.withheld),
        items=(),
        next=None,
    )
    page = _page(rows, query)
    return head, [(_row(book, one), Cursor(query.order.name, *one.key)) for one in page]


def _page(rows: Sequence[_Row], query: GradebookQuery) -> list[_Row]:
    """Return the sorted rows after the cursor, at most one more than *limit*."""
    down = query.order.direction == "desc"
    after = query.after
    if after is not None:
        end = (after.value, after.id)
        rows = [row for row in rows if (row.key < end if down else row.key > end)]
    return sorted(rows, key=lambda row: row.key, reverse=down)[: query.limit + 1]


def _key(
    book: Book,
    cells: Mapping[UUID, Sequence[Cell]],
    totals: Mapping[UUID, Total],
    order: Order,
) -> Callable[[Student], Sort]:
    """Return the sort key of an order; raise `Invalid` for an assignment without a column."""
    match order.by:
        case "name":
            return lambda one: one.sort_name
        case "section":
            return lambda one: f"{one.section.casefold()}\n{one.sort_name}"
        case "total":
            return lambda one: _millionths(totals[one.id].percent)
    ids = [one.id for one in book.assignments]
    if UUID(order.by) not in ids:
        raise Invalid.of("query sort", "is no assignment in the gradebook of this course")
    at = ids.index(UUID(order.by))
    return lambda one: _millionths(cells[one.id][at].score)


def _millionths(score: Fraction | None) -> int:
    return NONE_YET if score is None else round(score * MILLIONTHS)


def _columns(
    book: Book, cells: Mapping[UUID, Sequence[Cell]], below: Fraction
) -> tuple[GradebookColumn, ...]:
    rows = list(cells.values())
    return tuple(
        GradebookColumn(
            assignment=one.id,
            slug=one.slug,
            title=one.title,
            category=one.category,
            possible=book.blanks[one.id].possible,
            extra=one.extra,
            due_at=one.due_at,
            closes_at=one.closes_at,
            lms_id=one.lms_id,
            summary=_summary(of_column((row[at] for row in rows), below)),
        )
        for at, one in enumerate(book.assignments)
    )


def _summary(found: Summary) -> ColumnSummary:
    return ColumnSummary(**asdict(found))


def _row(book: Book, row: _Row) -> GradebookRow:
    student = row.student
    return GradebookRow(
        user=student.id,
        name=student.name,
        email=student.email,
        student_number=student.number,
        section=student.section_id,
        section_name=student.section,
        cells=tuple(
            _cell(one, cell) for one, cell in zip(book.assignments, row.cells, strict=True)
        ),
        percent=row.total.percent,
        waiting=row.total.waiting,
        waiting_points=row.total.waiting_points,
    )


def _cell(one: Assignment, cell: Cell) -> GradebookCell:
    told = cell._asdict()
    del told["written"]
    pending = told.pop("pending")
    return GradebookCell(assignment=one.id, waiting_points=pending.possible, **told)
