"""Storage of admitted submissions, with the standings and grades that follow."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.core.clock import to_micros
from api.core.json_text import written
from api.db.models import Grade, GradeChange, Standing
from api.db.upserts import Row, Rows, insert_missing, write_all
from api.services.grades import (
    Cause,
    Tally,
    WholeAssignment,
    grade_change,
    grade_row,
    part_text,
    parts_text,
    standing_row,
    standings_of,
    tallies_of,
    tally,
)
from api.services.submissions.admission import Taken
from api.services.submissions.cache.memory import PartStandings, Seat, Sheet, Stamps
from api.services.submissions.cache.transaction import Recollection
from api.services.submissions.entries import Accepted
from api.services.submissions.replies import Worth, reply
from api.services.submissions.writer.lookup_statements import Pair, by_places, find_places
from api.services.submissions.writer.rows import rows_of
from grader.json_values import from_json
from grader.policy import Answered, PartStanding, stand
from grader.values import Value

__all__ = ["stand_at_once"]

GRADES: Final = Grade.__table__.c
HELD: Final = by_places(
    (GRADES.assignment_id, GRADES.student_id), GRADES.version, GRADES.score, lock="write"
)


@dataclass(frozen=True, slots=True)
class _StandingUpdate:
    """An admitted submission with the student's state and total in the problem after it."""

    taken: Taken
    seat: Seat
    here: WholeAssignment
    standings: PartStandings
    tally: Tally

    @property
    def place(self) -> Pair:
        """The key of the grade: assignment and student."""
        return self.taken.entry.ids.grade

    @property
    def row(self) -> Row:
        """The row of the standing."""
        entry, parts = self.taken.entry, parts_text(self.standings.texts.values())
        last = self.seat.given[next(iter(entry.judged))][-1]
        return standing_row(entry.ids.standing, parts, self.tally, last)

    @property
    def stamps(self) -> Stamps | None:
        """The stamps that validate it in the cache, None if it must not be cached."""
        return self.taken.ground.stamps


def stand_at_once(
    session: Session, taken: Mapping[int, Taken], recalled: Recollection, *, now: datetime
) -> dict[int, Accepted]:
    """Store admitted submissions with their standings and grades; return the replies by index."""
    if not taken:
        return {}
    updates = [_update(one) for one in taken.values()]
    told = {one.taken.id: written(reply(one.taken, _worth(one))) for one in updates}
    rows, sizes = rows_of(
        list(taken.values()), told, now=now
    )  # before the grades: ids follow this order
    standings = [one.row for one in updates]
    grades, changes = _grades(session, updates, recalled, now=now)
    write_all(
        session,
        [
            *rows,
            Rows(Standing, standings, "counted"),
            Rows(Grade, grades, "counted"),
            Rows(GradeChange, changes),
        ],
    )
    for one in updates:
        recalled.sit(one.taken.entry.ids.standing, None if one.stamps is None else one.seat)
    return {
        at: Accepted(one.id, told[one.id], stored_bytes=sizes[one.id]) for at, one in taken.items()
    }


def _update(taken: Taken) -> _StandingUpdate:
    student, problem = taken.entry.student_id, taken.ground.problem
    here = taken.ground.here.with_rules(student, taken.rules)
    given, carried = _given(taken), _carried(taken)
    standings = _standings(taken, given)
    return _StandingUpdate(
        taken,
        Seat(
            taken.entry.drawn,
            opened=True,
            sequence=taken.sequence,
            version=taken.seat.version + 1,
            given=given,
            carried=carried,
            stamps=taken.ground.stamps or {},  # without stamps it is not cached
            standings=standings,
        ),
        here,
        standings,
        tally(here, problem, student, standings.parts),
    )


def _standings(taken: Taken, given: Mapping[str, Sequence[Answered]]) -> PartStandings:
    """Return the progress in each part; under unchanged rules, compute only answered parts."""
    rules, kept = taken.rules, taken.seat.standings
    if kept is None or kept.rules is not rules:
        kept = PartStandings(rules, {}, {})
    parts: dict[str, PartStanding] = {}
    texts: dict[str, str] = {}
    for part in taken.ground.problem.asked:
        name = part.id
        if name in kept.parts and name not in taken.entry.judged:
            parts[name], texts[name] = kept.parts[name], kept.texts[name]
        else:
            parts[name] = stand(rules, given.get(name, ()), text=part.text)
            texts[name] = part_text(name, parts[name])
    return PartStandings(rules, parts, texts)


def _given(taken: Taken) -> Mapping[str, tuple[Answered, ...]]:
    """Return all answers of the student by part, those of this submission included."""
    given = dict(taken.seat.given)
    for part in taken.entry.judged:
        given[part] = (*given.get(part, ()), _answered(taken, part))
    return given


def _carried(taken: Taken) -> Mapping[int, Mapping[str, Value]]:
    """Return the last readable values by draw, those of this submission included."""
    before, entry = taken.seat.carried, taken.entry
    more = {
        part: from_json(one.carries["value"])
        for part, one in entry.judged.items()
        if one.carries is not None
    }
    number = entry.drawn.number
    return {**before, number: {**before.get(number, {}), **more}} if more else before


def _answered(taken: Taken, part: str) -> Answered:
    judged = taken.entry.judged[part]
    return Answered(
        submission=taken.name,
        sequence=taken.sequence,
        at=to_micros(taken.entry.received_at),
        attempt=taken.admission.attempts.get(part),
        value=judged.value,
        status=judged.status,
        credit=judged.credit,
        admitted_late=taken.admission.late,
    )


def _worth(one: _StandingUpdate) -> Worth:
    graded = one.tally.graded
    used = {part: where.attempts_used for part, where in one.standings.parts.items()}
    return Worth(used, graded.score, graded.possible, waiting=graded.waiting)


def _grades(
    session: Session, updates: Sequence[_StandingUpdate], recalled: Recollection, *, now: datetime
) -> tuple[list[Row], list[Row]]:
    """Lock the grades; return their new rows and, for each changed score, a row with its cause."""
    by_place: defaultdict[Pair, list[_StandingUpdate]] = defaultdict(list)
    for one in updates:
        by_place[one.place].append(one)
    sheets = _sheets(session, by_place, recalled, now=now)
    rows: list[Row] = []
    changes: list[Row] = []
    for place, some in by_place.items():
        before, last = sheets[place], some[-1]
        tallies = {**before.tallies, **{one.taken.entry.problem_id: one.tally for one in some}}
        row = grade_row(last.here, last.taken.entry.student_id, tallies, at=now)
        rows.append(row)
        if row["score"] != before.score:
            cause = Cause("submission", last.taken.id, last.taken.entry.author_id, now)
            changes.append(grade_change(row, before.score, cause))
        if last.stamps is not None:
            recalled.enter(place, Sheet(before.version + 1, row["score"], tallies, last.stamps))
    return rows, changes


def _sheets(
    session: Session,
    by_place: Mapping[Pair, Sequence[_StandingUpdate]],
    recalled: Recollection,
    *,
    now: datetime,
) -> dict[Pair, Sheet]:
    """Lock the grades and return them as they were; those not in the cache are read."""
    held = _held(session, by_place)
    missing = sorted(by_place.keys() - held.keys())
    if missing:
        insert_missing(session, Grade, [_no_grade(place, now) for place in missing])
        held |= _held(session, missing)
    sheets: dict[Pair, Sheet] = {}
    unknown: list[_StandingUpdate] = []
    for place, (version, _) in held.items():
        last = by_place[place][-1]
        sheet = None if last.stamps is None else recalled.sheet(place, version, last.stamps)
        if sheet is None:
            unknown.append(last)
        else:
            sheets[place] = sheet
    for one, tallies in _tallies(session, unknown):
        sheets[one.place] = Sheet(*held[one.place], tallies, {})
    return sheets


def _tallies(
    session: Session, updates: Sequence[_StandingUpdate]
) -> Iterator[tuple[_StandingUpdate, Mapping[UUID, Tally]]]:
    """Yield the stored totals of each student in the problems of their assignment."""
    by_assignment: defaultdict[str, list[_StandingUpdate]] = defaultdict(list)
    for one in updates:
        by_assignment[one.place[0]].append(one)
    for some in by_assignment.values():
        students = [one.taken.entry.student_id for one in some]
        standings = standings_of(session, some[0].here, students)
        for one, student in zip(some, students, strict=True):
            yield one, tallies_of(one.here, student, standings)


def _held(session: Session, places: Collection[Pair]) -> dict[Pair, tuple[int, Fraction | None]]:
    asked = sorted(places)
    rows = find_places(session, HELD, asked)
    return {asked[at]: (version, score) for at, version, score in rows}


def _no_grade(place: Pair, at: datetime) -> Row:
    return {
        "assignment_id": place[0],
        "student_id": place[1],
        "possible": 0,
        "updated_at": at,
    }
