"""The sheet of a class: a row for each student who opened the assignment, a column for each part.

A blank is 0 where nothing may earn credit for the student any more, for who opened the assignment;
nothing stands where the part does not count for the student: excused, void, not yet marked, or
still to be answered. While an answer to a part waits for a person, its blanks are no zeros either:
they would be the whole part, and have it look harder than it is.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cached_property
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from sqlalchemy.orm import Session

from api.services.analytics.given import First, Given, answers_given, first_answers
from api.services.analytics.reading import (
    Drawn,
    Hex,
    Posed,
    Students,
    Which,
    counted,
    excused,
    numbers_drawn,
    posed_problems,
    raw_credits,
)
from api.services.gradebook.book import is_over
from api.services.rules import rules_for
from api.tables import Assignment, Course
from grader.analysis import ItemStatistics, items, rests, top_third
from grader.kinds import KINDS

__all__ = ["Item", "Place", "Row", "Sheet", "read_sheet", "totals_of"]

Row: TypeAlias = list[float | None]
Place: TypeAlias = tuple[Hex, str]
"""A problem and a part."""
Earned: TypeAlias = float | Literal["blank", "waits"]
"""The points of a student in a part, or why there are none."""
BLANK: Final = "blank"
WAITS: Final = "waits"


@dataclass(frozen=True, slots=True)
class Item:
    """A part of a problem, worth *points* in the assignment."""

    posed: Posed
    part: str
    kind: str
    points: Fraction

    @property
    def voided(self) -> str:
        """``full`` or ``out`` where the part does not count as it was marked."""
        return str(self.posed.row.voided.get(self.part, ""))

    @property
    def by_person(self) -> bool:
        """Whether a person marks it, so that it has no attempts and no key."""
        return KINDS[self.kind].by_person

    @property
    def place(self) -> Place:
        """Where the answers to it are looked up."""
        return self.posed.id, self.part


@dataclass(frozen=True)
class Sheet:
    """The answers of a class, the first ones, and the points that these are measured by."""

    assignment: Assignment
    problems: tuple[Posed, ...]
    items: tuple[Item, ...]
    students: tuple[Hex, ...]
    excuses: frozenset[tuple[Hex, Hex | None]]
    draws: Mapping[Hex, Mapping[tuple[Hex, int], Drawn]]
    given: Sequence[Given]
    firsts: Mapping[Place, Mapping[Hex, First]]
    table: tuple[Row, ...]
    over: frozenset[Hex]

    @property
    def blank_is_zero(self) -> bool:
        """Whether the time of all who opened the assignment is over."""
        return bool(self.students) and self.over.issuperset(self.students)

    @cached_property
    def maxima(self) -> tuple[float, ...]:
        """The points of each part; 0 for a void one, which has no figures."""
        return tuple(0.0 if item.voided else float(item.points) for item in self.items)

    @cached_property
    def counting(self) -> tuple[bool, ...]:
        """Which parts belong to the maximum: none that is void or extra."""
        return tuple(not (item.voided or item.posed.row.extra) for item in self.items)

    @cached_property
    def maximum(self) -> float:
        """The points in the parts that count."""
        return sum(most for most, counts in zip(self.maxima, self.counting, strict=True) if counts)

    @cached_property
    def totals(self) -> Row:
        """The total of each student; who lacks a part has the share of the others."""
        return totals_of(self.table, self.maxima, self.counting)

    @cached_property
    def total_of(self) -> dict[Hex, float | None]:
        """The total of each student by their id."""
        return dict(zip(self.students, self.totals, strict=True))

    @cached_property
    def measured(self) -> tuple[ItemStatistics, ...]:
        """The figures of each part."""
        return items(self.table, self.maxima)

    @cached_property
    def _rests(self) -> Any:
        return rests(self.table, self.maxima) if self.items else ()

    def best_third(self, at: int) -> dict[Hex, bool]:
        """Return of each student whether the other parts put him into the best third."""
        if not self.students:
            return {}
        found = top_third(self._rests[:, at]).tolist()
        return dict(zip(self.students, found, strict=True))

    def column(self, at: int) -> Row:
        """Return the points of all students in a part."""
        return [row[at] for row in self.table]

    def answers(self, item: Item) -> Sequence[First]:
        """Return the first answers to a part, of those who are not excused."""
        return self._answers[item.place]

    @cached_property
    def _answers(self) -> dict[Place, list[First]]:
        found = {}
        for item in self.items:
            firsts, out = self.firsts.get(item.place, {}), excused_from(self.excuses, item)
            found[item.place] = [
                firsts[one] for one in self.students if one in firsts and one not in out
            ]
        return found

    def numbers(self, one: First) -> Drawn:
        """Return to which numbers an answer was given."""
        return self.draws[one.problem_id][one.student_id, one.draw]

    def of_problem(self, problem: Posed) -> list[int]:
        """Return the places of the parts of a problem."""
        return [at for at, item in enumerate(self.items) if item.posed.id == problem.id]


def read_sheet(
    session: Session,
    assignment: Assignment,
    *,
    attempt: Which,
    section: UUID | None,
    now: datetime,
) -> Sheet:
    """Return the sheet of the students who count, by a dozen queries at most."""
    students = counted(assignment.course_id, section)
    problems = posed_problems(session, assignment)
    columns = tuple(item for posed in problems for item in _items(posed))
    ids = [posed.row.id for posed in problems]
    draws = numbers_drawn(session, ids, students)
    firsts: defaultdict[Place, dict[Hex, First]] = defaultdict(dict)
    given = answers_given(session, ids, students)
    for one in first_answers(given):
        firsts[one.problem_id, one.part][one.student_id] = one
    excuses = excused(session, assignment, students)
    opened = {student for drawn in draws.values() for student, _ in drawn}
    rows = tuple(sorted(one for one in opened if (one, None) not in excuses))
    over = _over(session, assignment, rows, now=now)
    credit = _Credit(
        firsts,
        _standings(session, columns, students, attempt=attempt),
        by_best=attempt == "best",
        excuses=excuses,
        over=over,
    )
    found = [credit.column(item, rows) for item in columns]
    table = tuple(map(list, zip(*found, strict=True))) if found else tuple([] for _ in rows)
    return Sheet(
        assignment=assignment,
        problems=problems,
        items=columns,
        students=rows,
        excuses=frozenset(excuses),
        draws=draws,
        given=given,
        firsts=firsts,
        table=table,
        over=over,
    )


def excused_from(excuses: Iterable[tuple[Hex, Hex | None]], item: Item) -> set[Hex]:
    """Return who need not do the problem of a part."""
    return {student for student, problem in excuses if problem == item.posed.id}


def _over(
    session: Session, assignment: Assignment, students: Sequence[Hex], *, now: datetime
) -> frozenset[Hex]:
    """Return for whom nothing earns credit any more, by what was granted to each."""
    course = session.get_one(Course, assignment.course_id)
    held = rules_for(session, assignment, course, [UUID(one) for one in students])
    ended = {one: is_over(one, now=now) for one in set(held.values())}
    return frozenset(student.hex for student, rules in held.items() if ended[rules])


def _items(posed: Posed) -> Iterable[Item]:
    parts = [(part["id"], part["kind"], Fraction(part["points"])) for part in posed.version.parts]
    worth = sum(points for _, _, points in parts)
    own = posed.version.points if posed.row.points is None else posed.row.points
    scale = own / worth if worth else Fraction(0)
    return (Item(posed, part, kind, scale * points) for part, kind, points in parts)


def _standings(
    session: Session, items: Iterable[Item], students: Students, *, attempt: Which
) -> Mapping[tuple[Hex, Hex], Mapping[str, Any]]:
    """Return the standings that are needed: of a text the answer that counts is measured."""
    needed = {item.posed.row.id for item in items if attempt == "best" or item.by_person}
    return raw_credits(session, needed, students) if needed else {}


@dataclass(frozen=True, slots=True)
class _Credit:
    """What each student has of the points of a part; *over* is for whom a blank may be 0."""

    firsts: Mapping[Place, Mapping[Hex, First]]
    standings: Mapping[tuple[Hex, Hex], Mapping[str, Any]]
    by_best: bool
    excuses: set[tuple[Hex, Hex | None]]
    over: frozenset[Hex]

    def column(self, item: Item, students: Sequence[Hex]) -> Row:
        """Return the points before policy, None where the part does not count for a student."""
        if item.voided:
            return [None] * len(students)
        problem, out = item.posed.id, excused_from(self.excuses, item)
        if self.by_best or item.by_person:
            kept = (self.standings.get((problem, one), {}).get(item.part) for one in students)
            found = [_counts(item, told) for told in kept]
        else:
            firsts, most = self.firsts.get(item.place, {}), float(item.points)
            found = [_first(firsts.get(one), most) for one in students]
        inside = [BLANK if who in out else one for who, one in zip(students, found, strict=True)]
        zeros = () if WAITS in inside else self.over - out
        return [
            one if isinstance(one, float) else 0.0 if one == BLANK and who in zeros else None
            for who, one in zip(students, inside, strict=True)
        ]


def _first(first: First | None, most: float) -> Earned:
    if first is None:
        return BLANK
    return WAITS if first.credit is None else first.credit * most


def _counts(item: Item, told: Mapping[str, Any] | None) -> Earned:
    if told is None or (told["raw"] is None and not told["waiting"]):
        return BLANK
    return WAITS if told["raw"] is None else float(Fraction(told["raw"]) * item.points)


def totals_of(table: Iterable[Row], maxima: Sequence[float], counting: Sequence[bool]) -> Row:
    """Return the totals of rows: the share of the parts that are there, times the maximum.

    What is extra adds to a total, not to the maximum. None stands for who has nothing to count.
    """
    maximum = sum(most for most, counts in zip(maxima, counting, strict=True) if counts)
    return [_total(row, maxima, counting, maximum) for row in table]


def _total(
    row: Row, maxima: Sequence[float], counting: Sequence[bool], maximum: float
) -> float | None:
    earned = extra = possible = 0.0
    for points, most, counts in zip(row, maxima, counting, strict=True):
        if points is not None and counts:
            earned, possible = earned + points, possible + most
        elif points is not None:
            extra += points
    return earned * maximum / possible + extra if possible else None
