"""Paged gradebook: sorted by any column, with statistics of the whole class for each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from fractions import Fraction
from heapq import nlargest, nsmallest
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
from api.services.gradebook.student_groups import StudentGroup, load_student_groups
from api.services.gradebook.students import (
    ClassFilter,
    GradebookStudent,
    StudentOrder,
    list_students,
    list_students_among,
    load_students,
)
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

    def class_filter(self, course_id: UUID) -> ClassFilter:
        """Return the filter of the students."""
        return ClassFilter(course_id, self.section, self.text)


@dataclass(frozen=True, slots=True)
class _ClassData:
    """Groups of a class with the cells and total of each."""

    book: GradebookData
    groups: Sequence[StudentGroup]
    cells: Mapping[UUID, Sequence[GradeCell]]
    totals: Mapping[UUID, CourseTotal]

    def counted_cells(self, index: int) -> Iterator[tuple[GradeCell, int]]:
        """Yield the cells of an assignment with their numbers of students."""
        return ((self.cells[group.id][index], group.count) for group in self.groups)


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
    class_data = _load_class(session, member, query, now=now)
    book = class_data.book
    head = GradebookOut(
        course=course.id,
        students=sum(group.count for group in class_data.groups),
        categories=tuple(
            GradebookCategory(id=one.id, weight=one.weight, drop_lowest=one.drop_lowest)
            for one in parse_categories(course)
        ),
        columns=_serialize_columns(class_data, query.below_share),
        total=_serialize_summary(
            summarize_totals(
                ((class_data.totals[group.id], group.count) for group in class_data.groups),
                query.below_share,
            )
        ),
        withheld=tuple(one.id for one in book.withheld),
        items=(),
        next=None,
    )
    page = _load_page(session, class_data, query)
    students = [student for _, student in page]
    cells = load_cells(session, book, students=students, now=now)
    totals = compute_totals(book, cells)
    return head, [
        (
            _serialize_row(book, student, cells[student.id], totals[student.id]),
            Cursor(query.order.cursor_name, key, student.id),
        )
        for key, student in page
    ]


def _load_class(
    session: Session, member: CourseMembership, query: GradebookQuery, *, now: datetime
) -> _ClassData:
    """Return the groups of the filtered class; with their members if the order needs them."""
    book = load_gradebook(session, member.course, (), reader=member)
    groups = load_student_groups(
        session,
        book,
        query.class_filter(member.course.id),
        with_members=query.only_below or query.order.by not in TEXT_COLUMNS,
    )
    cells = load_cells(session, book, students=groups, now=now)
    return _ClassData(book, groups, cells, compute_totals(book, cells))


def _load_page(
    session: Session, class_data: _ClassData, query: GradebookQuery
) -> list[tuple[SortValue, GradebookStudent]]:
    """Return the students after the cursor in order with their sort keys, one more than *limit*."""
    course_id, count = class_data.book.course.id, query.limit + 1
    listed = [group for group in class_data.groups if _is_listed(class_data, group, query)]
    if query.order.by not in TEXT_COLUMNS:
        keys = _sort_by_score(class_data, listed, query)
        students = load_students(session, course_id, [student for _, student in keys])
        return [(key, student) for (key, _), student in zip(keys, students, strict=True)]
    chosen = query.class_filter(course_id)
    order = StudentOrder(query.order.by == "section", query.order.direction == "desc", query.after)
    if not query.only_below:
        return [*list_students(session, chosen, order, count)]
    ids = {student for group in listed for student in group.members}
    return [*list_students_among(session, chosen, order, ids, count)]


def _is_listed(class_data: _ClassData, group: StudentGroup, query: GradebookQuery) -> bool:
    percent = class_data.totals[group.id].percent
    return not query.only_below or (
        percent is not None and is_below(percent, query.below_share, HUNDRED)
    )


def _sort_by_score(
    class_data: _ClassData, groups: Sequence[StudentGroup], query: GradebookQuery
) -> list[tuple[SortValue, UUID]]:
    """Return the first rows after the cursor by total or by the score of an assignment."""
    key = _make_sort_key(class_data, query.order)
    rows = (
        (value, student) for group in groups for value in [key(group)] for student in group.members
    )
    is_descending, after = query.order.direction == "desc", query.after
    if after is not None:
        end = (after.value, after.id)
        rows = (row for row in rows if (row < end if is_descending else row > end))
    return (nlargest if is_descending else nsmallest)(query.limit + 1, rows)


def _make_sort_key(class_data: _ClassData, order: GradebookOrder) -> Callable[[StudentGroup], int]:
    """Return the sort key of a group; raise `InvalidInput` for an assignment without a column."""
    if order.by == "total":
        return lambda group: _score_sort_key(class_data.totals[group.id].percent)
    ids = [assignment.id for assignment in class_data.book.assignments]
    if UUID(order.by) not in ids:
        raise InvalidInput.for_field(
            "query sort", "is not an assignment in the gradebook of this course"
        )
    index = ids.index(UUID(order.by))
    return lambda group: _score_sort_key(class_data.cells[group.id][index].score)


def _score_sort_key(score: Fraction | None) -> int:
    return NO_SCORE_KEY if score is None else round(score * MILLIONTHS)


def _serialize_columns(
    class_data: _ClassData, below_share: Fraction
) -> tuple[GradebookColumn, ...]:
    return tuple(
        GradebookColumn(
            assignment=assignment.id,
            slug=assignment.slug,
            title=assignment.title,
            category=assignment.category,
            possible=class_data.book.blank_grades[assignment.id].possible,
            extra=assignment.extra,
            due_at=assignment.due_at,
            closes_at=assignment.closes_at,
            lms_id=assignment.lms_id,
            summary=_serialize_summary(
                summarize_column(class_data.counted_cells(index), below_share)
            ),
        )
        for index, assignment in enumerate(class_data.book.assignments)
    )


def _serialize_summary(statistics: ColumnStatistics) -> ColumnSummary:
    return ColumnSummary(**asdict(statistics))


def _serialize_row(
    book: GradebookData, student: GradebookStudent, cells: Sequence[GradeCell], total: CourseTotal
) -> GradebookRow:
    return GradebookRow(
        user=student.id,
        name=student.name,
        email=student.email,
        student_number=student.number,
        section=student.section_id,
        section_name=student.section,
        cells=tuple(
            _serialize_cell(assignment, cell)
            for assignment, cell in zip(book.assignments, cells, strict=True)
        ),
        percent=total.percent,
        waiting=total.waiting,
        waiting_points=total.waiting_points,
    )


def _serialize_cell(assignment: Assignment, cell: GradeCell) -> GradebookCell:
    fields = cell._asdict()
    del fields["stored_numbers"]
    pending, due = fields.pop("pending"), fields.pop("is_due")
    return GradebookCell(
        assignment=assignment.id, waiting_points=pending.possible, due=due, **fields
    )
