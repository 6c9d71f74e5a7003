"""Gradebook of a course: sortable, filtered, with a link to the details in each cell."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Annotated, Any, Final, Literal, TypeAlias
from uuid import UUID

from fastapi import Depends, Query
from fastapi.responses import Response
from pydantic import BeforeValidator, Field

from api.core.ids import parse_id
from api.dependencies import RequestContext
from api.http.field_types import Text
from api.pages.layout.formatting import format_number, format_points
from api.pages.layout.frame import render_page
from api.pages.router import PageDep, PageRouter, build_page_request
from api.pages.staff.common import build_query_string, course_crumbs, has_permission
from api.routes.courses import people
from api.routes.grades import gradebook as api
from api.schemas.grades.gradebook import ColumnSummary, GradebookCell, GradebookOut, GradebookRow
from api.services.gradebook.gradebook_data import load_published_assignments

router = PageRouter()

SIZES: Final = ("", "50", "100", "200", "all")
"""Options for the number of students per page; the empty one keeps the page short."""
ALL_ROWS_LIMIT: Final = 10_000
MIN_ROWS, MAX_ROWS = 20, 50
PAGE_CHARACTERS: Final = 24_000
"""Target size in characters of the rows of a short page.

`ROW_CHARACTERS` and `CELL_CHARACTERS` are the approximate sizes of a row and of each
cell.
"""
ROW_CHARACTERS, CELL_CHARACTERS = 190, 115
DEFAULT_BELOW_PERCENT: Final = 50
Percent: TypeAlias = Annotated[int, Field(ge=0, le=100)]
DASH: Final = "\N{EN DASH}"
CELL_MARKS: Final = (
    ("excused", "excused", "Excused: not counted"),
    ("missing", "missing", "Nothing was submitted and it is closed: counts 0"),
    ("overridden", "by hand", "Points were set by hand"),
    ("late", "late", "Some work was late"),
    ("waiting", "ungraded", "A TA has not graded these yet; course and mean leave them out"),
)
"""States of a cell: the field that has it, its label and its meaning."""
SUMMARY_LINES: Final = (
    ("median", "Median"),
    ("below", "Below {below} %"),
    ("missing", "Missing"),
    ("waiting", "Ungraded"),
)
"""Summary lines below the students: the field and the label."""


@dataclass(frozen=True, slots=True)
class GradebookPageFilters:
    """Filters of the gradebook, as in the query string."""

    section: str = ""
    text: Text = ""
    sort: str = "name"
    dir: Literal["asc", "desc"] = "asc"
    below: int | None = None
    limit: Literal["", "50", "100", "200", "all"] = ""
    cursor: str = ""

    @property
    def below_percent(self) -> int:
        """Percentage under which the summary counts students."""
        return DEFAULT_BELOW_PERCENT if self.below is None else self.below

    @property
    def may_exclude_students(self) -> bool:
        """Whether the page may leave students out."""
        return bool(self.text or self.section or self.below is not None)

    def query_string(self, **changes: object) -> str:
        """Return the query string of this page with *changes*, without default values."""
        params = {one.name: getattr(self, one.name) for one in fields(self)} | changes
        defaults = {one.name: one.default for one in fields(self)}
        return (
            build_query_string(
                {name: params[name] for name in params if params[name] != defaults[name]}
            )
            or "?"
        )


def _parse_empty(typed: object) -> object:
    """Return None for a field that was left empty."""
    return None if typed == "" else typed


async def _read_filters(
    section: Annotated[str, Query(max_length=40)] = "",
    text: Annotated[str, Query(max_length=200)] = "",
    sort: Annotated[str, Query(max_length=40)] = "name",
    direction: Annotated[Literal["asc", "desc"], Query(alias="dir")] = "asc",
    below: Annotated[Percent | None, BeforeValidator(_parse_empty), Query()] = None,
    limit: Literal["", "50", "100", "200", "all"] = "",
    cursor: Annotated[str, Query(max_length=2_000)] = "",
) -> GradebookPageFilters:
    return GradebookPageFilters(section, text.strip(), sort, direction, below, limit, cursor)


GradebookPageFiltersDep = Annotated[GradebookPageFilters, Depends(_read_filters)]


@dataclass(frozen=True, slots=True)
class GradebookPageHeader:
    """Column header: its label, the link that sorts by it, and the current order.

    *order* is empty if the page is not sorted by the column. *out_of* is the maximum,
    and *link* leads to the results of the assignment.
    """

    label: str
    href: str
    order: str
    summary: ColumnSummary | None = None
    out_of: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class GradebookPageCell:
    """Formatted score, with the link to its details and the labels of its states.

    The course total has no link here: the name at the start of the row links to its
    details.
    """

    text: str
    href: str
    marks: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class GradebookPageRow:
    """Row of a student: name, section and cells, starting with the course percentage."""

    name: str
    href: str
    section: str
    cells: tuple[GradebookPageCell, ...]


@router.get("/courses/{course}/gradebook")
def show_gradebook(course: UUID, context: PageDep, filters: GradebookPageFiltersDep) -> Response:
    """Return a page of students with their scores, and a summary of each column."""
    book = _load_gradebook(context, course, filters)
    sections = people.get_sections(course, context).items
    return render_page(
        context,
        "staff/gradebook.html",
        title="Gradebook",
        tab="gradebook",
        crumbs=course_crumbs(context),
        filters=filters,
        book=book,
        sections=sections,
        sizes=SIZES,
        marks=CELL_MARKS,
        heads=tuple(_iterate_headers(book, filters, with_sections=bool(sections))),
        rows=[_build_row(item, book) for item in book.items],
        lines=tuple(_iterate_summary_lines(book, filters)),
        more=filters.query_string(cursor=book.next) if book.next else "",
        exports=has_permission(context, "export"),
    )


def _load_gradebook(
    context: RequestContext, course: UUID, filters: GradebookPageFilters
) -> GradebookOut:
    """Return the requested page of the gradebook, or all students on one page."""
    return api.get_gradebook(
        course,
        context,
        build_page_request(
            context, limit=_page_size(context, course, filters), cursor=filters.cursor
        ),
        api.GradeThreshold(
            Fraction(filters.below_percent, 100), is_filter=filters.below is not None
        ),
        section=parse_id(filters.section),
        text=filters.text,
        sort=filters.sort,
        direction=filters.dir,
    )


def _page_size(context: RequestContext, course: UUID, filters: GradebookPageFilters) -> int:
    """Return the number of students per page; a course with many assignments gets fewer."""
    if filters.limit:
        return ALL_ROWS_LIMIT if filters.limit == "all" else int(filters.limit)
    with context.reading() as session:
        context.authorize_course(session, course, right="see_gradebook")
        columns = len(load_published_assignments(session, course))
    return min(
        max(PAGE_CHARACTERS // (ROW_CHARACTERS + CELL_CHARACTERS * columns), MIN_ROWS), MAX_ROWS
    )


def _iterate_headers(
    book: GradebookOut, filters: GradebookPageFilters, *, with_sections: bool
) -> Iterator[GradebookPageHeader]:
    yield _build_header(filters, "name", "Student")
    if with_sections:
        yield _build_header(filters, "section", "Section")
    yield _build_header(filters, "total", "Course", summary=book.total, out_of="%")
    for column in book.columns:
        yield _build_header(
            filters,
            str(column.assignment),
            column.title,
            summary=column.summary,
            out_of=f"of {format_points(column.possible)}",
            link=f"/assignments/{column.assignment}/results",
        )


def _build_header(
    filters: GradebookPageFilters, by: str, label: str, **more: Any
) -> GradebookPageHeader:
    """Return the header of a column.

    The link of the sorted column reverses its order. Scores sort in descending order
    first.
    """
    is_sorted = filters.sort == by
    first = "asc" if by in {"name", "section"} else "desc"
    other = "desc" if filters.dir == "asc" else "asc"
    href = filters.query_string(sort=by, dir=other if is_sorted else first, cursor="")
    order = "ascending" if filters.dir == "asc" else "descending"
    return GradebookPageHeader(label, href, order if is_sorted else "", **more)


def _build_row(row: GradebookRow, book: GradebookOut) -> GradebookPageRow:
    """Return the row of a student; links are relative, to keep thousands of cells short."""
    href = f"students/{row.user}"
    total = GradebookPageCell(
        _format_score(row.percent), "", (_describe_waiting_answers(row),) if row.waiting else ()
    )
    cells = (
        _build_cell(cell, f"{href}?open={column.slug}#open")
        for cell, column in zip(row.cells, book.columns, strict=True)
    )
    return GradebookPageRow(row.name, href, row.section_name, (total, *cells))


def _build_cell(cell: GradebookCell, href: str) -> GradebookPageCell:
    states = (mark[:2] for mark in CELL_MARKS if getattr(cell, mark[0]))
    marks = tuple(
        _describe_waiting_answers(cell) if state[0] == "waiting" else state for state in states
    )
    return GradebookPageCell(format_points(cell.score), href, marks)


def _describe_waiting_answers(entry: GradebookCell | GradebookRow) -> tuple[str, str]:
    """Return the state of waiting answers, with their points if they count in a maximum."""
    waiting_points = entry.waiting_points
    return "waiting", f"{format_points(waiting_points)} ungraded" if waiting_points else "ungraded"


def _iterate_summary_lines(
    book: GradebookOut, filters: GradebookPageFilters
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the label and the values of each summary line, the course total first."""
    summaries = [book.total, *(column.summary for column in book.columns)]
    for name, label in SUMMARY_LINES:
        line_label = label.format(below=filters.below_percent)
        yield line_label, tuple(_format_score(getattr(summary, name)) for summary in summaries)


def _format_score(value: Fraction | float | None) -> str:
    return DASH if value is None else format_number(value, 1)
