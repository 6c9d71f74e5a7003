"""Rows of the item analysis: statistics of each part as charts and numbers, sorted."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from markupsafe import Markup

from api.pages.charts import draw_interval_bar, draw_interval_dot
from api.pages.staff.common import build_query_string
from api.schemas.analytics.assignment import (
    AssignmentAnalytics,
    PartFigures,
    ProblemFigures,
    WrongBrief,
)
from api.schemas.analytics.statistics import FlagOut, IntervalOut

SortColumn: TypeAlias = Literal["place", "facility", "discrimination", "attempts", "wrong"]
SortDirection: TypeAlias = Literal["asc", "desc"]
FLAG_LABELS: Final[Mapping[str, str]] = {
    "check_key": "check the key",
    "weak": "weak",
    "too_easy": "too easy",
    "too_hard": "too hard",
    "unlike_variant": "unlike numbers",
}
"""Labels of the flag codes."""


@dataclass(frozen=True, slots=True)
class SortableHeader:
    """Header of a sortable column; *sorted* is the direction, or "" if not sorted by it."""

    label: str
    href: str
    sorted: str
    right: bool


@dataclass(frozen=True, slots=True)
class PartFlag:
    """Reason to review a part: a short label and a sentence."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class ItemRow:
    """Row of a part in the item analysis; *wrong* summarizes its wrong answers, if any."""

    position: int
    problem: str
    title: str
    figures: PartFigures
    bar: Markup
    dot: Markup
    wrong: WrongBrief | None
    cause: str
    flags: tuple[PartFlag, ...]

    @property
    def attempts(self) -> float | None:
        """Mean number of attempts of the students who got the part right in the end."""
        return self.figures.attempts.mean if self.figures.attempts else None


def build_item_rows(analytics: AssignmentAnalytics) -> list[ItemRow]:
    """Return a row for each part of an assignment, in order."""
    wrong = {(one.problem, one.part): one for one in analytics.wrong}
    pairs = [(problem, part) for problem in analytics.problems for part in problem.parts]
    return [
        _build_row(place, problem, part, wrong.get((problem.problem, part.part)), analytics.flags)
        for place, (problem, part) in enumerate(pairs)
    ]


def _build_row(
    position: int,
    problem: ProblemFigures,
    part: PartFigures,
    wrong: WrongBrief | None,
    flags: Iterable[FlagOut],
) -> ItemRow:
    part_flags = (
        flag for flag in flags if (flag.problem, flag.part) == (problem.problem, part.part)
    )
    return ItemRow(
        position=position,
        problem=problem.problem,
        title=problem.title,
        figures=part,
        bar=draw_share_bar(part.item.facility, part.item.facility_interval),
        dot=draw_correlation_dot(part.item.discrimination, part.item.interval),
        wrong=wrong,
        cause=join_mistake_names(wrong.mistakes) if wrong else "",
        flags=tuple(PartFlag(FLAG_LABELS[flag.code], flag.say) for flag in part_flags),
    )


def draw_share_bar(share: float | None, interval: IntervalOut | None) -> Markup:
    """Return a proportion as a bar with its interval."""
    return draw_interval_bar(share, (interval.low, interval.high) if interval else None)


def draw_correlation_dot(figure: float | None, interval: IntervalOut | None) -> Markup:
    """Return a correlation as a dot with its interval."""
    return draw_interval_dot(figure, (interval.low, interval.high) if interval else None)


def join_mistake_names(mistakes: Iterable[str]) -> str:
    """Return the names of mistakes in words.

    >>> join_mistake_names(("kernel_flipped", "bias_left_out"))
    'kernel flipped and bias left out'
    """
    return " and ".join(mistake.replace("_", " ") for mistake in mistakes)


SORT_KEYS: Final[Mapping[SortColumn, Callable[[ItemRow], float | None]]] = {
    "place": lambda row: row.position,
    "facility": lambda row: row.figures.item.facility,
    "discrimination": lambda row: row.figures.item.discrimination,
    "attempts": lambda row: row.attempts,
    "wrong": lambda row: row.wrong.wrong if row.wrong else None,
}
SORT_LABELS: Final[Mapping[SortColumn, str]] = {
    "place": "Part",
    "facility": "Facility",
    "discrimination": "Discrimination",
    "attempts": "Attempts",
    "wrong": "Incorrect at first",
}

DIRECTION_WORDS: Final[Mapping[SortDirection, str]] = {"asc": "ascending", "desc": "descending"}


def sort_rows(
    rows: Iterable[ItemRow], *, sort: SortColumn, direction: SortDirection
) -> list[ItemRow]:
    """Return *rows* sorted by a column.

    Rows without a value come last in both directions.
    """
    key = SORT_KEYS[sort]
    known = [(value, row) for row in rows if (value := key(row)) is not None]
    sign = -1 if direction == "desc" else 1
    known.sort(key=lambda pair: (sign * pair[0], pair[1].position))
    known_positions = {row.position for _, row in known}
    return [row for _, row in known] + [row for row in rows if row.position not in known_positions]


def build_headers(
    sort: SortColumn, direction: SortDirection, params: Mapping[str, object]
) -> dict[str, SortableHeader]:
    """Return the headers of the sortable columns; *params* are the other query parameters."""
    return dict(_iterate_headers(sort, direction, params))


def _iterate_headers(
    sort: SortColumn, direction: SortDirection, params: Mapping[str, object]
) -> Iterator[tuple[str, SortableHeader]]:
    for column, label in SORT_LABELS.items():
        is_sorted = column == sort
        next_direction = "desc" if is_sorted and direction == "asc" else "asc"
        href = build_query_string({**params, "sort": column, "dir": next_direction}) + "#statistics"
        direction_word = DIRECTION_WORDS[direction] if is_sorted else ""
        yield (
            column,
            SortableHeader(label, href, direction_word, right=column in {"attempts", "wrong"}),
        )
