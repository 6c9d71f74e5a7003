"""The gradebook of a course: sorted by links, filtered, each cell a link to its story."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import Depends, Query
from fastapi.responses import Response

from api.core.ids import read_id
from api.dependencies import Here
from api.http.fields import Text
from api.pages.layout.formatting import number, points
from api.pages.layout.frame import page
from api.pages.router import PageDep, PageRouter, window
from api.pages.staff.common import course_crumbs, may, query
from api.routes.courses import people
from api.routes.grades import gradebook as api
from api.schemas.grades.gradebook import ColumnSummary, GradebookCell, GradebookOut, GradebookRow
from api.services.gradebook.book import published

__all__ = ["router"]

router = PageRouter()

SIZES: Final = ("", "50", "100", "200", "all")
"""How many students stand on a page; empty is as many as make a short one."""
ALL: Final = 10_000
FEWEST, MOST = 20, 50
ROOM: Final = 24_000
"""So many characters the rows of a short page take; a row and each of its cells about so many."""
ROW, CELL = 190, 115
DASH: Final = "\N{EN DASH}"
MARKS: Final = (
    ("excused", "excused", "Excused: counts neither way"),
    ("missing", "missing", "Nothing was handed in, and it is closed: counts 0"),
    ("overridden", "by hand", "A person gave the points"),
    ("late", "late", "Something was handed in late"),
    ("waiting", "waits", "A person has yet to mark these; course and mean take the others for all"),
)
"""The states of a cell: the field that tells it, its word, and what it means."""
LINES: Final = (
    ("median", "Median"),
    ("below", "Below {below} %"),
    ("missing", "Missing"),
    ("waiting", "Waiting"),
)
"""What stands below the students of each column."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the gradebook is asked for, as the address says it."""

    section: str = ""
    text: Text = ""
    sort: str = "name"
    dir: Literal["asc", "desc"] = "asc"
    below: int = 50
    limit: Literal["", "50", "100", "200", "all"] = ""
    cursor: str = ""

    def address(self, **changes: object) -> str:
        """Return the query of this page with *changes*; what is as at first is left out."""
        told = {one.name: getattr(self, one.name) for one in fields(self)} | changes
        first = {one.name: one.default for one in fields(self)}
        return query({name: told[name] for name in told if told[name] != first[name]}) or "?"


async def _asked(
    section: Annotated[str, Query(max_length=40)] = "",
    text: Annotated[str, Query(max_length=200)] = "",
    sort: Annotated[str, Query(max_length=40)] = "name",
    direction: Annotated[Literal["asc", "desc"], Query(alias="dir")] = "asc",
    below: Annotated[int, Query(ge=0, le=100)] = 50,
    limit: Literal["", "50", "100", "200", "all"] = "",
    cursor: Annotated[str, Query(max_length=2_000)] = "",
) -> Asked:
    return Asked(section, text.strip(), sort, direction, below, limit, cursor)


AskedDep = Annotated[Asked, Depends(_asked)]


@dataclass(frozen=True, slots=True)
class Head:
    """A column: its title, the link that sorts by it, and how it is sorted now.

    *order* is empty where it does not sort; *out_of* is the maximum, *link* leads to its results.
    """

    label: str
    href: str
    order: str
    summary: ColumnSummary | None = None
    out_of: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A score as it is written, the address of its story, and the words for its state.

    The course has no address here: the name at the head of the row leads to its story.
    """

    text: str
    href: str
    marks: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A student: name, section, and the cells, percent of the course first."""

    name: str
    href: str
    section: str
    cells: tuple[Cell, ...]


@router.get("/courses/{course}/gradebook")
def gradebook_page(course: UUID, here: PageDep, asked: AskedDep) -> Response:
    """Return a page of students with their scores, and what the class has in each column."""
    book = _book(here, course, asked)
    sections = people.get_sections(course, here).items
    return page(
        here,
        "staff/gradebook.html",
        title="Gradebook",
        tab="gradebook",
        crumbs=course_crumbs(here),
        asked=asked,
        book=book,
        sections=sections,
        sizes=SIZES,
        marks=MARKS,
        heads=tuple(_heads(book, asked, with_sections=bool(sections))),
        rows=[_row(one, book) for one in book.items],
        lines=tuple(_lines(book, asked)),
        more=asked.address(cursor=book.next) if book.next else "",
        exports=may(here, "export"),
    )


def _book(here: Here, course: UUID, asked: Asked) -> GradebookOut:
    """Return the page that was asked for; all students in one where that was."""
    return api.get_gradebook(
        course,
        here,
        window(here, limit=_most(here, course, asked), cursor=asked.cursor),
        section=read_id(asked.section),
        text=asked.text,
        sort=asked.sort,
        direction=asked.dir,
        below=asked.below,
    )


def _most(here: Here, course: UUID, asked: Asked) -> int:
    """Return how many students stand on a page: of a course with many assignments, fewer."""
    if asked.limit:
        return ALL if asked.limit == "all" else int(asked.limit)
    with here.reading() as session:
        here.member(session, course, right="see_gradebook")
        columns = len(published(session, course))
    return min(max(ROOM // (ROW + CELL * columns), FEWEST), MOST)


def _heads(book: GradebookOut, asked: Asked, *, with_sections: bool) -> Iterator[Head]:
    yield _head(asked, "name", "Student")
    if with_sections:
        yield _head(asked, "section", "Section")
    yield _head(asked, "total", "Course", summary=book.total, out_of="%")
    for one in book.columns:
        yield _head(
            asked,
            str(one.assignment),
            one.title,
            summary=one.summary,
            out_of=f"of {points(one.possible)}",
            link=f"/assignments/{one.assignment}/results",
        )


def _head(asked: Asked, by: str, label: str, **more: Any) -> Head:
    """Return a column; what is sorted by already is turned round, scores begin with the highest."""
    is_now = asked.sort == by
    first = "asc" if by in {"name", "section"} else "desc"
    other = "desc" if asked.dir == "asc" else "asc"
    href = asked.address(sort=by, dir=other if is_now else first, cursor="")
    way = "ascending" if asked.dir == "asc" else "descending"
    return Head(label, href, way if is_now else "", **more)


def _row(one: GradebookRow, book: GradebookOut) -> Row:
    """Return a student; addresses are relative, as they stand in thousands of cells."""
    href = f"students/{one.user}"
    total = Cell(_told(one.percent), "", (_waits(one),) if one.waiting else ())
    cells = (
        _cell(cell, f"{href}?open={column.slug}#open")
        for cell, column in zip(one.cells, book.columns, strict=True)
    )
    return Row(one.name, href, one.section_name, (total, *cells))


def _cell(cell: GradebookCell, href: str) -> Cell:
    told = (one[:2] for one in MARKS if getattr(cell, one[0]))
    marks = tuple(_waits(cell) if one[0] == "waiting" else one for one in told)
    return Cell(points(cell.score), href, marks)


def _waits(one: GradebookCell | GradebookRow) -> tuple[str, str]:
    """Return the mark of what waits, with its points where it is part of a maximum."""
    few = one.waiting_points
    return "waiting", f"{points(few)} waiting" if few else "waits"


def _lines(book: GradebookOut, asked: Asked) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what the class has in each column, the course first."""
    summaries = [book.total, *(one.summary for one in book.columns)]
    for name, label in LINES:
        said = label.format(below=asked.below)
        yield said, tuple(_told(getattr(one, name)) for one in summaries)


def _told(value: Fraction | float | None) -> str:
    return DASH if value is None else number(value, 1)
