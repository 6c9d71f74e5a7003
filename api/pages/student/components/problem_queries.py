"""What the page of a problem is made from, asked of the services behind the routes of the API.

All of it is read in one transaction: a page is one moment, and quick.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy.orm import Session

from api.dependencies import Here
from api.pages.student.components.inputs import is_given
from api.pages.student.components.problem_view import JudgedAnswer, Look, Place
from api.routes.student import assigned_problems
from api.schemas.student.assignments import MyAssignment
from api.schemas.student.problem import ProblemView
from api.schemas.student.work import ReadAs
from api.services.engine.keyless_reading import Question, read_answer
from api.services.student.assignments import my_assignment
from api.services.student.history import last_submissions
from api.services.student.problem import problem_view
from api.services.student.problem_session import Choice, Seat, numbers_of, take_seat
from grader.reading import Typed
from grader.variants.variant import Variant
from problems.book import BOOK

__all__ = ["Where", "look_at"]

Where: TypeAlias = tuple[UUID, str]
"""An assignment, and a problem of it."""


def look_at(here: Here, where: Where, *, choice: Choice, **form: Any) -> Look:
    """Return all that the page of a problem shows; *form* is what a form says, as in `Look`."""
    while True:
        with here.reading() as session:
            seat = take_seat(session, here.posed(session, *where), choice, now=here.now)
            if not seat.is_first_sight:
                return _look(here, session, seat, form)
        assigned_problems.posed(*where, here)  # notes that the student has seen the numbers


def _look(here: Here, session: Session, seat: Seat, form: Mapping[str, Any]) -> Look:
    view = problem_view(session, seat, variants=here.service.variants)
    variant = seat.variant(session, here.service.variants)
    place, judged = _place(seat, variant), _judged(session, seat, view)
    bare = Look(view, place, _mine(session, seat), judged, {}, **form)
    typed = {one.id: text for one in view.parts if (text := bare.text_of(one)) is not None}
    return Look(view, place, bare.mine, judged, _readings(variant, typed, place), **form)


def _place(seat: Seat, variant: Variant) -> Place:
    member, assignment = seat.posed.member, seat.posed.assignment
    return Place(
        course=member.course.title,
        assignment=assignment.title,
        zone=member.course.zone,
        numbers=numbers_of(seat, variant),
        now=seat.now,
        may_write=not (seat.preview or member.viewing or member.course.archived_at),
    )


def _readings(variant: Variant, typed: Mapping[str, Typed], place: Place) -> dict[str, ReadAs]:
    """Return how answers are read, by what cannot know whether they are right."""
    scope = variant.scope(BOOK)
    return {
        part: read_answer(
            Question.of(variant.problem.part(part), scope), text, numbers=place.numbers
        )
        for part, text in typed.items()
        if is_given(text)
    }


def _judged(session: Session, seat: Seat, view: ProblemView) -> dict[str, JudgedAnswer]:
    """Return the last answer to each part, as far as its results are shown."""
    last = {one.id: one.last.submission for one in view.parts if one.last is not None}
    if not last:
        return {}
    found = {one.id: one for one in last_submissions(session, seat, set(last.values()))}
    return {
        part: JudgedAnswer(outcome, found[submission])
        for part, submission in last.items()
        for outcome in found[submission].results
        if outcome.part == part
    }


def _mine(session: Session, seat: Seat) -> MyAssignment | None:
    """Return the assignment as its student has it, None for staff."""
    if seat.preview:
        return None
    return my_assignment(session, seat.posed.member, seat.posed.assignment, now=seat.now)
