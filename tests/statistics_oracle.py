"""Oracle for the database's aggregates: an assignment's figures, computed row by row."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from scipy import stats
from score_tables import items, reliability, rests
from sqlalchemy import select
from world import ProblemReference, World

from api.db.models import Answer, Draw, Excuse
from grader.grading.result import FREE_STATUSES

Place = tuple[UUID, str]
HALF_AN_HOUR = 1800
QUARTERS = (0.25, 0.5, 0.75)


@dataclass
class StatisticsOracle:
    """The readable answers of a class by student and part, and the figures from them.

    *over* holds the students whose deadline has passed. With *best*, the best answer of
    each student earns the points instead of the first.
    """

    world: World
    assigned: Sequence[ProblemReference]
    points: Mapping[str, float]
    over: set[UUID]
    best: bool = False

    def __post_init__(self) -> None:
        self.places = [(one.id, part) for one in self.assigned for part in self.points]
        self.most = [self.points[part] for _, part in self.places]
        self.given: defaultdict[tuple[UUID, Place], list[Answer]] = defaultdict(list)
        with self.world.db.reading() as session:
            for row in session.scalars(select(Answer).order_by(Answer.sequence)):
                if row.status not in FREE_STATUSES:
                    self.given[row.student_id, (row.problem_id, row.part)].append(row)
            draws = session.scalars(select(Draw)).all()
            self.excused = {
                (one.student_id, one.problem_id) for one in session.scalars(select(Excuse))
            }
        self.opened_at = {(one.student_id, one.problem_id): one.opened_at for one in draws}
        self.students = sorted({one.student_id for one in draws})
        self.table = [[self._points(who, place) for place in self.places] for who in self.students]

    def _points(self, who: UUID, place: Place) -> float | None:
        if (who, place[0]) in self.excused:
            return None
        if answers := self.given.get((who, place)):
            earned = [one.credit_float for one in answers]
            return (max(earned) if self.best else earned[0]) * self.points[place[1]]
        return 0.0 if who in self.over else None

    def answers(self, place: Place) -> dict[UUID, list[Answer]]:
        """Return the answers to a part by student, without excused students."""
        found = {who: self.given.get((who, place), []) for who in self.students}
        return {
            who: those
            for who, those in found.items()
            if those and (who, place[0]) not in self.excused
        }

    def totals(self) -> list[float | None]:
        """Return each student's total: the share earned in scored parts, times the maximum."""
        found = []
        for row in self.table:
            there = [
                (one, most) for one, most in zip(row, self.most, strict=True) if one is not None
            ]
            possible = sum(most for _, most in there)
            found.append(
                sum(one for one, _ in there) * sum(self.most) / possible if there else None
            )
        return found

    def by_problem(self) -> list[list[float | None]]:
        """Return the score table with one column per problem."""
        width, worth = len(self.points), sum(self.points.values())
        return [
            [
                _share(row[at : at + width], self.most[at : at + width], worth)
                for at in range(0, len(row), width)
            ]
            for row in self.table
        ]

    def figures(self) -> dict[str, Any]:
        """Return all figures, in the form that the analysis returns."""
        worth = sum(self.points.values())
        return {
            "parts": items(self.table, self.most),
            "problems": items(self.by_problem(), [worth] * len(self.assigned)),
            "scores": _described(self.totals(), sum(self.most)),
            "reliability": reliability(self.table),
            "gains": [self._gain(place) for place in self.places],
            "attempts": [self._attempts(place) for place in self.places],
            "times": [self._times(one) for one in self.assigned],
        }

    def _gain(self, place: Place) -> Any:
        each = self.answers(place).values()
        best = [max(one.credit_float for one in those) for those in each]
        first = [those[0].credit_float for those in each]
        open_ = [(one, top) for one, top in zip(first, best, strict=True) if one < 1]
        return {
            "n": len(each),
            "first": np.mean(first),
            "best": np.mean(best),
            "gain": np.mean(np.subtract(best, first)),
            "improvable": len(open_),
            "improved": sum(top > one for one, top in open_),
        }

    def _attempts(self, place: Place) -> Counter[int | None]:
        return Counter(
            min(
                (one.attempt for one in those if one.credit_float >= 1 and not one.repeats),
                default=None,
            )
            for those in self.answers(place).values()
        )

    def _times(self, assigned: ProblemReference) -> Any:
        first: dict[UUID, Any] = {}
        for place in self.places:
            for who, those in self.answers(place).items() if place[0] == assigned.id else ():
                first[who] = min(first.get(who, those[0].received_at), those[0].received_at)
        took = [
            (at - self.opened_at[who, assigned.id]).total_seconds() for who, at in first.items()
        ]
        known = [one for one in took if one]  # who sent an answer only never opened the page
        low, median, high = np.quantile(np.minimum(known, HALF_AN_HOUR), QUARTERS)
        idle = sum(one > HALF_AN_HOUR for one in known)
        return {"n": len(known), "median": median, "quartiles": [low, high], "idle": idle}

    def groups(self, at: int) -> dict[str, tuple[int, int, float]]:
        """Return the groups of equal wrong first answers to the part at index *at*, by value.

        A group is its size, the number of its students in the best third, and its mean
        total.
        """
        totals = dict(zip(self.students, self.totals(), strict=True))
        best = self._best_third(at)
        groups: defaultdict[str, list[UUID]] = defaultdict(list)
        for who, those in self.answers(self.places[at]).items():
            if those[0].credit_float < 1 and those[0].status != "follow_through":
                groups[those[0].value].append(who)
        return {
            value: (len(whose), len(best & {*whose}), np.mean([totals[who] for who in whose]))
            for value, whose in groups.items()
        }

    def _best_third(self, at: int) -> set[UUID]:
        """Return the best third of students by points in the other parts, ties included."""
        rest = rests(self.table, self.most)[:, at]
        known = np.sort(rest[~np.isnan(rest)])[::-1]
        least = known[(known.size - 1) // 3]
        return {who for who, one in zip(self.students, rest, strict=True) if one >= least}


def _described(totals: Sequence[float | None], maximum: float) -> dict[str, Any]:
    known = np.array([one for one in totals if one is not None])
    counts, _ = np.histogram(np.round(known * 10 / maximum, 9), bins=range(11))
    edges = [maximum * edge / 10 for edge in range(11)]
    return {
        "n": known.size,
        "maximum": maximum,
        "mean": known.mean(),
        "median": np.median(known),
        "sd": known.std(ddof=1),
        "skewness": stats.skew(known, bias=False),
        "kurtosis": stats.kurtosis(known, bias=False),
        "quartiles": [*np.quantile(known, QUARTERS)],
        "histogram": [
            {"low": low, "high": high, "count": count}
            for low, high, count in zip(edges, edges[1:], counts, strict=False)
        ],
    }


def _share(points: Sequence[float | None], most: Sequence[float], worth: float) -> float | None:
    there = [(one, of) for one, of in zip(points, most, strict=True) if one is not None]
    return sum(one for one, _ in there) * worth / sum(of for _, of in there) if there else None
