"""Submissions that were taken, written with the standings and grades that follow."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.clock import to_micros
from api.json_text import written
from api.services.standings import (
    Cause,
    Key,
    Tally,
    WholeAssignment,
    grade_change,
    grade_row,
    standing_row,
    standings_of,
    tallies_of,
    tally,
)
from api.services.submitting.admission import Taken
from api.services.submitting.entries import Accepted
from api.services.submitting.memory import Seat, Sheet, Stamps
from api.services.submitting.pairs import by_pairs, for_pairs, given
from api.services.submitting.recollection import Recollection
from api.services.submitting.replies import Worth, reply
from api.services.submitting.rows import insert
from api.services.upserts import insert_all, insert_missing, upsert
from api.tables import Grade, GradeChange, Standing
from grader.json_values import from_json
from grader.policy import Answered, PartStanding, stand

__all__ = ["stand_at_once"]

Place: TypeAlias = tuple[UUID, UUID]
"""An assignment and a student."""
GRADES: Final = Grade.__table__.c
PLACE: Final = (GRADES.assignment_id, GRADES.student_id)
HELD: Final = {
    is_sqlite: select(*PLACE, GRADES.version, GRADES.score)
    .where(found)
    .order_by(*PLACE)
    .with_for_update()
    for is_sqlite, found in by_pairs(*PLACE).items()
}


@dataclass(frozen=True, slots=True)
class _Stood:
    """Something taken, with where its student stands in the problem then."""

    taken: Taken
    seat: Seat
    here: WholeAssignment
    parts: Mapping[str, PartStanding]
    tally: Tally

    @property
    def place(self) -> Place:
        """The assignment and the student."""
        return self.here.assignment.id, self.taken.entry.student_id

    @property
    def key(self) -> Key:
        """Whose standing it is."""
        return self.taken.entry.standing

    @property
    def stamps(self) -> Stamps | None:
        """By which it can be remembered, None where it cannot."""
        return self.taken.ground.stamps


def stand_at_once(
    session: Session, taken: Mapping[int, Taken], recalled: Recollection, *, now: datetime
) -> dict[int, Accepted]:
    """Write what was taken, with standings and grades; return what its authors are told."""
    if not taken:
        return {}
    stood = {at: _stood(one) for at, one in taken.items()}
    told = {one.taken.id: written(reply(one.taken, _worth(one))) for one in stood.values()}
    insert(session, list(taken.values()), told, now=now)
    rows = [standing_row(one.key, one.parts, one.tally, _last(one)) for one in stood.values()]
    upsert(session, Standing, rows, version=True)
    _grade(session, list(stood.values()), recalled, now=now)
    for one in stood.values():
        recalled.sit(one.key, None if one.stamps is None else one.seat)
    return {at: Accepted(one.id, told[one.id]) for at, one in taken.items()}


def _stood(taken: Taken) -> _Stood:
    seat, student, problem = _moved_on(taken), taken.entry.student_id, taken.ground.problem
    here = taken.ground.here.with_rules(student, taken.rules)
    parts = _parts(taken, seat)
    found = tally(here, problem, student, parts)
    return _Stood(taken, replace(seat, stood=(taken.rules, parts)), here, parts, found)


def _parts(taken: Taken, seat: Seat) -> Mapping[str, PartStanding]:
    """Return where the student stands in each part; only what was answered can have changed."""
    rules, before = seat.stood or (None, {})
    kept = before if rules is taken.rules else {}
    return {
        part.id: kept[part.id]
        if part.id in kept and part.id not in taken.entry.judged
        else stand(taken.rules, seat.given.get(part.id, ()), text=part.text)
        for part in taken.ground.problem.asked
    }


def _moved_on(taken: Taken) -> Seat:
    """Return where the student is after what was taken."""
    seat, entry = taken.seat, taken.entry
    given, carried = dict(seat.given), dict(seat.carried.get(entry.drawn.number, {}))
    for part, judged in entry.judged.items():
        given[part] = (*given.get(part, ()), _answered(taken, part))
        if judged.carries is not None:
            carried[part] = from_json(judged.carries["value"])
    return Seat(
        entry.drawn,
        opened=True,
        sequence=taken.sequence,
        version=seat.version + 1,
        given=given,
        carried={**seat.carried, entry.drawn.number: carried},
        stamps=taken.ground.stamps or {},  # without, it is not remembered
        stood=seat.stood,
    )


def _answered(taken: Taken, part: str) -> Answered:
    judged = taken.entry.judged[part]
    return Answered(
        submission=str(taken.id),
        sequence=taken.sequence,
        at=to_micros(taken.entry.received_at),
        attempt=taken.admission.attempts.get(part),
        value=judged.value,
        status=judged.status,
        credit=judged.credit,
        admitted_late=taken.admission.late,
    )


def _last(one: _Stood) -> Answered:
    return next(reversed(one.seat.given[next(iter(one.taken.entry.judged))]))


def _worth(one: _Stood) -> Worth:
    graded = one.tally.graded
    used = {part: where.attempts_used for part, where in one.parts.items()}
    return Worth(used, graded.score, graded.possible, waiting=graded.waiting)


def _grade(
    session: Session, stood: Sequence[_Stood], recalled: Recollection, *, now: datetime
) -> None:
    """Write the grades that follow, and what of them changed, with its cause."""
    by_place: defaultdict[Place, list[_Stood]] = defaultdict(list)
    for one in stood:
        by_place[one.place].append(one)
    sheets = _sheets(session, by_place, recalled, now=now)
    rows, changes = [], []
    for place, some in by_place.items():
        tallies = {
            **sheets[place].tallies,
            **{one.taken.entry.problem_id: one.tally for one in some},
        }
        row = grade_row(some[-1].here, place[1], tallies, at=now)
        rows.append(row)
        if row["score"] != sheets[place].score:
            cause = Cause("submission", some[-1].taken.id, some[-1].taken.entry.author_id, now)
            changes.append(grade_change(row, sheets[place].score, cause))
        if some[-1].stamps is not None:
            sheet = Sheet(sheets[place].version + 1, row["score"], tallies, some[-1].stamps)
            recalled.enter(place, sheet)
    upsert(session, Grade, rows, version=True)
    insert_all(session, GradeChange, changes)


def _sheets(
    session: Session,
    by_place: Mapping[Place, Sequence[_Stood]],
    recalled: Recollection,
    *,
    now: datetime,
) -> dict[Place, Sheet]:
    """Return the grades before, held from here on; what is not remembered of them is read."""
    held = _held(session, sorted(by_place))
    missing = [place for place in sorted(by_place) if place not in held]
    if missing:
        insert_missing(session, Grade, [_no_grade(place, now) for place in missing])
        held |= _held(session, missing)
    kept = {
        place: sheet
        for place, (version, _) in held.items()
        if (stamps := by_place[place][-1].stamps) is not None
        and (sheet := recalled.sheet(place, version, stamps)) is not None
    }
    unknown = [by_place[place][-1] for place in held if place not in kept]
    tallies = _tallies(session, unknown)
    return kept | {one.place: Sheet(*held[one.place], tallies[one.place], {}) for one in unknown}


def _tallies(session: Session, stood: Sequence[_Stood]) -> dict[Place, Mapping[UUID, Tally]]:
    """Return what students have in each problem of their assignments, as it is kept."""
    by_assignment: defaultdict[UUID, list[_Stood]] = defaultdict(list)
    for one in stood:
        by_assignment[one.place[0]].append(one)
    found: dict[Place, Mapping[UUID, Tally]] = {}
    for some in by_assignment.values():
        standings = standings_of(session, some[0].here, [one.place[1] for one in some])
        found |= {one.place: tallies_of(one.here, one.place[1], standings) for one in some}
    return found


def _held(session: Session, places: Sequence[Place]) -> dict[Place, tuple[int, Any]]:
    rows = session.execute(for_pairs(session, HELD), given(session, places))
    asked = set(places)
    return {pair: (row[2], row[3]) for row in rows if (pair := (row[0], row[1])) in asked}


def _no_grade(place: Place, at: datetime) -> dict[str, Any]:
    return {
        "assignment_id": place[0],
        "student_id": place[1],
        "possible": 0,
        "updated_at": at,
    }
