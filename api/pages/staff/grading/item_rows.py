"""The rows of the item analysis: each part with its figures, drawn and in numbers, sorted."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from markupsafe import Markup

from api.pages.charts import interval_bar, interval_dot
from api.pages.staff.common import query
from api.schemas.analytics.assignment import (
    AssignmentAnalytics,
    PartFigures,
    ProblemFigures,
    WrongBrief,
)
from api.schemas.analytics.figures import FlagOut, IntervalOut

__all__ = [
    "Dir",
    "Head",
    "ItemRow",
    "Sort",
    "figures_bar",
    "figures_dot",
    "heads",
    "item_rows",
    "ordered",
    "spoken",
]

Sort: TypeAlias = Literal["place", "facility", "discrimination", "attempts", "wrong"]
Dir: TypeAlias = Literal["asc", "desc"]
FLAGS: Final[Mapping[str, str]] = {
    "check_key": "check the key",
    "weak": "weak",
    "too_easy": "too easy",
    "too_hard": "too hard",
    "unlike_variant": "unlike numbers",
}
"""The codes of flags in words."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column by which one can sort; *sorted* is the direction where it is sorted."""

    label: str
    href: str
    sorted: str
    right: bool


@dataclass(frozen=True, slots=True)
class Flagged:
    """A reason to look at a part, in two words and in a sentence."""

    name: str
    says: str


@dataclass(frozen=True, slots=True)
class ItemRow:
    """A part in the item analysis; *wrong* tells of its wrong answers where there are any."""

    place: int
    problem: str
    title: str
    told: PartFigures
    bar: Markup
    dot: Markup
    wrong: WrongBrief | None
    cause: str
    flags: tuple[Flagged, ...]

    @property
    def attempts(self) -> float | None:
        """The mean number of attempts of those who were right in the end."""
        return self.told.attempts.mean if self.told.attempts else None


def item_rows(told: AssignmentAnalytics) -> list[ItemRow]:
    """Return a row for each part of an assignment, in their order."""
    wrong = {(one.problem, one.part): one for one in told.wrong}
    pairs = [(problem, part) for problem in told.problems for part in problem.parts]
    return [
        _row(place, problem, part, wrong.get((problem.problem, part.part)), told.flags)
        for place, (problem, part) in enumerate(pairs)
    ]


def _row(
    place: int,
    problem: ProblemFigures,
    part: PartFigures,
    wrong: WrongBrief | None,
    flags: Iterable[FlagOut],
) -> ItemRow:
    own = (one for one in flags if (one.problem, one.part) == (problem.problem, part.part))
    return ItemRow(
        place=place,
        problem=problem.problem,
        title=problem.title,
        told=part,
        bar=figures_bar(part.item.facility, part.item.facility_interval),
        dot=figures_dot(part.item.discrimination, part.item.interval),
        wrong=wrong,
        cause=spoken(wrong.mistakes) if wrong else "",
        flags=tuple(Flagged(FLAGS[one.code], one.say) for one in own),
    )


def figures_bar(share: float | None, interval: IntervalOut | None) -> Markup:
    """Return a share drawn as a bar with its interval."""
    return interval_bar(share, (interval.low, interval.high) if interval else None)


def figures_dot(figure: float | None, interval: IntervalOut | None) -> Markup:
    """Return a correlation drawn as a dot with its interval."""
    return interval_dot(figure, (interval.low, interval.high) if interval else None)


def spoken(mistakes: Iterable[str]) -> str:
    """Return the names of mistakes in words.

    >>> spoken(("kernel_flipped", "bias_left_out"))
    'kernel flipped and bias left out'
    """
    return " and ".join(one.replace("_", " ") for one in mistakes)


KEYS: Final[Mapping[Sort, Callable[[ItemRow], float | None]]] = {
    "place": lambda row: row.place,
    "facility": lambda row: row.told.item.facility,
    "discrimination": lambda row: row.told.item.discrimination,
    "attempts": lambda row: row.attempts,
    "wrong": lambda row: row.wrong.wrong if row.wrong else None,
}
LABELS: Final[Mapping[Sort, str]] = {
    "place": "Part",
    "facility": "Facility",
    "discrimination": "Discrimination",
    "attempts": "Attempts",
    "wrong": "Wrong at first",
}

SAID: Final[Mapping[Dir, str]] = {"asc": "ascending", "desc": "descending"}


def ordered(rows: Iterable[ItemRow], *, sort: Sort, direction: Dir) -> list[ItemRow]:
    """Return *rows* by a column; those without a figure stand last, whichever way."""
    key = KEYS[sort]
    known = [(value, row) for row in rows if (value := key(row)) is not None]
    turned = -1 if direction == "desc" else 1
    known.sort(key=lambda pair: (turned * pair[0], pair[1].place))
    placed = {row.place for _, row in known}
    return [row for _, row in known] + [row for row in rows if row.place not in placed]


def heads(sort: Sort, direction: Dir, kept: Mapping[str, object]) -> dict[str, Head]:
    """Return the heads of the columns that sort, by column; *kept* is what else was asked."""
    return dict(_heads(sort, direction, kept))


def _heads(sort: Sort, direction: Dir, kept: Mapping[str, object]) -> Iterator[tuple[str, Head]]:
    for one, label in LABELS.items():
        is_sorted = one == sort
        turned = "desc" if is_sorted and direction == "asc" else "asc"
        href = query({**kept, "sort": one, "dir": turned}) + "#items"
        said = SAID[direction] if is_sorted else ""
        yield one, Head(label, href, said, right=one in {"attempts", "wrong"})
