"""What was handed in: all of it, one submission in full, its receipt, and requests about it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Final, TypeAlias
from uuid import UUID

from fastapi import Query
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from api.core.errors import NotFound
from api.dependencies import Here
from api.pages.forms.form import FormDep, validated
from api.pages.forms.redisplay import REFUSALS, Typed
from api.pages.layout.frame import page
from api.pages.layout.grade_steps import Names
from api.pages.layout.local_time import Wall
from api.pages.router import PageDep, PageRouter, window
from api.pages.student.components.feedback import PLAIN, verdict
from api.pages.student.components.grids import as_rows
from api.pages.student.components.location import Place
from api.pages.student.components.states import State
from api.pages.student.times import requests_in_words
from api.routes.grading import regrade_requests
from api.routes.student import history
from api.schemas.assignments.assignments import StudentAssignment
from api.schemas.grading.regrade_requests import CommentView, OwnRequest, PublicComment, RequestIn
from api.schemas.student.assignments import Moment
from api.schemas.student.work import (
    PartOutcome,
    ReceiptProof,
    StaffOutcome,
    StaffSubmission,
    StudentSubmission,
)
from api.services.courses.lifecycle import zones_of
from api.services.gradebook.book import posed_problems
from api.services.grades.assignment import PosedProblem
from api.services.problems.versions import titles_of_parts
from api.services.review.comments import comments_in
from api.services.student.times import moment_of

__all__ = ["router"]

router = PageRouter()

PER_PAGE: Final = 15
CursorText = Annotated[str, Query(max_length=2_000)]
NO_ERROR: Final = Typed()
Comments: TypeAlias = Sequence[PublicComment | CommentView]


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer of a submission: *typed* as a text, with what was said and asked about it.

    *is_staff* says that *outcome* has what only staff see.
    """

    outcome: PartOutcome
    state: State
    typed: str
    comments: Comments = ()
    request: OwnRequest | None = None
    may_ask: bool = False

    @property
    def is_staff(self) -> bool:
        """Whether there is more to show than students see."""
        return isinstance(self.outcome, StaffOutcome)


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A submission as it is listed."""

    submission: StudentSubmission | StaffSubmission
    at: Moment
    answers: tuple[Answered, ...]


@router.get("/assignments/{assignment}/problems/{problem}/submissions")
def submissions(assignment: UUID, problem: str, here: PageDep, cursor: CursorText = "") -> Response:
    """Return what the student has handed in to a problem, the last first."""
    asked = window(here, limit=PER_PAGE, cursor=cursor)
    told = history.submissions(assignment, problem, here, asked)
    where = Place.of(here, assignment, problem)
    return page(
        here,
        "student/submissions.html",
        title=f"Handed in to {where.title}",
        crumbs=where.crumbs,
        tab="assignments",
        place=where,
        handed_in=[_handed_in(one, where.wall) for one in told.items],
        next=told.next,
    )


def _handed_in(one: StudentSubmission, wall: Wall) -> HandedIn:
    return HandedIn(one, wall(one.received_at), tuple(_answered(each) for each in one.results))


def _answered(one: PartOutcome) -> Answered:
    return Answered(one, verdict(one.status, one.credit, manual=one.manual), _typed(one))


def _typed(one: PartOutcome) -> str:
    return "" if one.typed is None else as_rows(one.typed)


@router.get("/submissions/{submission}")
def submission_page(submission: UUID, here: PageDep) -> Response:
    """Return a submission in full, with its receipt."""
    return _submission(here, submission)


def _submission(here: Here, submission: UUID, *, at: str = "", asked: Typed = NO_ERROR) -> Response:
    """Return a submission; *asked* is the request about the part *at* that was refused."""
    told = history.submission(submission, here)
    where = Place.of(here, told.assignment, told.problem)
    return page(
        here,
        "student/submission.html",
        title=f"Submission {told.sequence} to {where.title}",
        plain=PLAIN,
        status=asked.status,
        crumbs=where.crumbs,
        tab="assignments",
        place=where,
        told=told,
        at=None if told.received_at is None else where.wall(told.received_at),
        results_from=_results_from(told, where.wall),
        answers=list(_in_full(here, told)),
        asking=_asking(where),
        part=at,
        asked=asked,
    )


def _results_from(told: StudentSubmission | StaffSubmission, wall: Wall) -> Moment | None:
    since = told.results_from if isinstance(told, StudentSubmission) else None
    return None if since is None else wall(since)


def _asking(where: Place) -> str:
    """Return when and how often one may ask; nothing for staff, who do not ask."""
    told = where.assignment
    return requests_in_words(told) if isinstance(told, StudentAssignment) else ""


def _own_requests(
    here: Here, told: StudentSubmission | StaffSubmission
) -> Mapping[UUID, OwnRequest]:
    """Return the student's last request about each answer of a submission."""
    if isinstance(told, StaffSubmission) or not told.results_shown:
        return {}
    found = regrade_requests.mine(here, window(here)).items
    return {one.answer: one for one in reversed(found) if one.submission == told.id}


def _said(here: Here, told: StudentSubmission | StaffSubmission) -> Mapping[UUID, Comments]:
    """Return the comments on each answer that who looks may read, read in one go."""
    if isinstance(told, StudentSubmission) and not told.results_shown:
        return {}
    with here.reading() as session:
        answers = [one.answer for one in told.results]
        found = comments_in(session, here.caller(session), answers, now=here.now)
        return {one: said.comments for one, said in found.items()}


def _in_full(here: Here, told: StudentSubmission | StaffSubmission) -> Iterator[Answered]:
    """Yield the answers of a submission with what was said and asked about each."""
    said, own = _said(here, told), _own_requests(here, told)
    member = here.visit.member
    looks_on = member is not None and member.viewing
    may_ask = isinstance(told, StudentSubmission) and told.results_shown and not looks_on
    for one in told.results:
        request = own.get(one.answer)
        is_open = request is not None and request.status == "open"
        yield replace(
            _answered(one),
            comments=said.get(one.answer, ()),
            request=request,
            may_ask=may_ask and one.credit not in {None, 1} and not is_open,
        )


@router.post("/submissions/{submission}/parts/{part}/request")
def ask_again(submission: UUID, part: str, form: FormDep, here: PageDep) -> Response:
    """Ask that one's answer to a part is marked again."""
    text = form.text("text")
    try:
        regrade_requests.request_regrade(
            submission, part, validated(RequestIn, {"text": text}), here
        )
    except REFUSALS as error:
        return _submission(here, submission, at=part, asked=Typed({"text": text}, error))
    return RedirectResponse(f"/submissions/{submission}#part-{part}", status_code=303)


@router.get("/me/requests")
def my_requests(here: PageDep, cursor: CursorText = "") -> Response:
    """Return one's requests in all courses with their answers, the last one first."""
    told = regrade_requests.mine(here, window(here, limit=PER_PAGE, cursor=cursor))
    about = {one.assignment for one in told.items}
    with here.reading() as session:
        zones, names = zones_of(session, about), _names(session, about)
    return page(
        here,
        "student/my_requests.html",
        title="My requests",
        requests=[
            (_called(one, names), *_timed(one, zones[one.assignment], here.now))
            for one in told.items
        ],
        next=told.next,
    )


def _names(session: Session, assignments: Collection[UUID]) -> dict[UUID, Names]:
    """Return by assignment the names of its problems."""
    posed = posed_problems(session, assignments)
    return {one: _named(posed[one]) for one in posed}


def _named(posed: Iterable[PosedProblem]) -> Names:
    versions = {one.row.slug: one.version for one in posed}
    return Names(
        {slug: version.title for slug, version in versions.items()},
        {slug: titles_of_parts(version.parts) for slug, version in versions.items()},
    )


def _called(one: OwnRequest, names: Mapping[UUID, Names]) -> str:
    return names.get(one.assignment, Names()).place(one.problem, one.part)


def _timed(one: OwnRequest, zone: str, now: datetime) -> tuple[OwnRequest, Moment, Moment | None]:
    """Return a request with when it was asked and answered, on the clocks of its course."""
    replied = None if one.replied_at is None else moment_of(one.replied_at, zone, now=now)
    return one, moment_of(one.created_at, zone, now=now), replied


@router.get("/receipts/{submission}")
def receipt(
    submission: UUID, here: PageDep, digest: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """Return what a receipt stands for, worked out again and compared with a *digest*."""
    proof = history.proof(submission, here, digest.strip().lower() or None)
    with here.reading() as session:
        [zone] = zones_of(session, [proof.assignment]).values()
    place = _place(here, proof)
    return page(
        here,
        "student/receipt.html",
        title="Receipt",
        crumbs=place.crumbs if place else (),
        tab="assignments",
        place=place,
        proof=proof,
        at=None if proof.received_at is None else moment_of(proof.received_at, zone, now=here.now),
        digest=digest.strip(),
        answers=_proven(proof),
    )


def _place(here: Here, proof: ReceiptProof) -> Place | None:
    """Return where a receipt belongs, None for who cannot see that now."""
    try:
        return Place.of(here, proof.assignment, proof.problem)
    except NotFound:
        return None


def _proven(proof: ReceiptProof) -> dict[str, str]:
    return {part: "" if typed is None else as_rows(typed) for part, typed in proof.answers.items()}
