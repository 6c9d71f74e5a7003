"""The student's submissions: list, details, receipt and regrade requests."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Annotated, Final, TypeAlias
from uuid import UUID

from fastapi import Query
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from api.dependencies import RequestContext
from api.pages.forms.form import FormDep, validate_body
from api.pages.forms.redisplay import FORM_ERRORS, BoundForm
from api.pages.layout.frame import render_page
from api.pages.layout.grade_steps import ProblemTitles
from api.pages.layout.local_time import CourseClock
from api.pages.router import PageDep, PageRouter, build_page_request
from api.pages.student.components.feedback import VERDICT_ONLY_MESSAGES, label_verdict
from api.pages.student.components.grids import format_answer
from api.pages.student.components.location import ProblemLocation
from api.pages.student.components.scores import format_answer_score
from api.pages.student.components.states import StatusLabel
from api.pages.student.times import describe_request_rules
from api.routes.grading import regrade_requests
from api.routes.student import history
from api.schemas.assignments.assignments import StudentAssignment
from api.schemas.grading.regrade_requests import CommentView, OwnRequest, PublicComment, RequestIn
from api.schemas.student.assignments import Moment
from api.schemas.student.work import (
    PartOutcome,
    StaffOutcome,
    StaffSubmission,
    StudentSubmission,
)
from api.services.courses.lifecycle import load_zones
from api.services.gradebook.gradebook_data import load_assigned_problems
from api.services.grades.assignment import VersionedProblem
from api.services.problems.versions import part_titles
from api.services.review.comments import load_comments_by_answer
from api.services.student.times import serialize_moment

router = PageRouter()

ROWS_PER_PAGE: Final = 15
CursorText = Annotated[str, Query(max_length=2_000)]
EMPTY_REQUEST_FORM: Final = BoundForm()
Comments: TypeAlias = Sequence[PublicComment | CommentView]


@dataclass(frozen=True, slots=True)
class SubmittedAnswer:
    """A submitted answer with its comments and its regrade request.

    *typed* is the answer as text, *score* its points with the shares of its attempt and of its
    lateness. *is_staff* is True if *outcome* has staff-only
    fields.
    """

    outcome: PartOutcome
    state: StatusLabel
    typed: str
    score: str = ""
    comments: Comments = ()
    request: OwnRequest | None = None
    may_ask: bool = False

    @property
    def is_staff(self) -> bool:
        """Whether the outcome has fields that only staff see."""
        return isinstance(self.outcome, StaffOutcome)


@dataclass(frozen=True, slots=True)
class SubmissionListItem:
    """A submission in a list."""

    submission: StudentSubmission | StaffSubmission
    received_at: Moment
    answers: tuple[SubmittedAnswer, ...]


@router.get("/assignments/{assignment}/problems/{problem}/submissions")
def problem_submissions_page(
    assignment: UUID, problem: str, context: PageDep, cursor: CursorText = ""
) -> Response:
    """Return the student's submissions to a problem, latest first."""
    page_request = build_page_request(context, limit=ROWS_PER_PAGE, cursor=cursor)
    listing = history.get_submissions(assignment, problem, context, page_request)
    location = ProblemLocation.load(context, assignment, problem)
    return render_page(
        context,
        "student/submissions.html",
        title=f"Submitted to {location.title}",
        crumbs=location.crumbs,
        tab="assignments",
        location=location,
        handed_in=[
            _build_list_item(item, location.clock, location.assignment.by_attempt)
            for item in listing.items
        ],
        next=listing.next,
    )


def _build_list_item(
    submission: StudentSubmission, clock: CourseClock, attempt_credits: Sequence[Fraction]
) -> SubmissionListItem:
    return SubmissionListItem(
        submission,
        clock(submission.received_at),
        tuple(_build_answer(submission, each, attempt_credits) for each in submission.results),
    )


def _build_answer(
    submission: StudentSubmission | StaffSubmission,
    outcome: PartOutcome,
    attempt_credits: Sequence[Fraction],
) -> SubmittedAnswer:
    return SubmittedAnswer(
        outcome,
        label_verdict(outcome.status, outcome.credit, manual=outcome.manual),
        "" if outcome.typed is None else format_answer(outcome.typed),
        format_answer_score(submission, outcome, attempt_credits),
    )


@router.get("/submissions/{submission}")
def submission_page(submission: UUID, context: PageDep) -> Response:
    """Return the details of a submission, with its receipt."""
    return _render_submission(context, submission)


def _render_submission(
    context: RequestContext,
    submission_id: UUID,
    *,
    refused_part: str = "",
    request_form: BoundForm = EMPTY_REQUEST_FORM,
) -> Response:
    """Return the page of a submission.

    *request_form* is the rejected regrade request for the part *refused_part*.
    """
    submission = history.get_submission(submission_id, context)
    location = ProblemLocation.load(context, submission.assignment, submission.problem)
    return render_page(
        context,
        "student/submission.html",
        title=f"Submission {submission.sequence} to {location.title}",
        plain=VERDICT_ONLY_MESSAGES,
        status=request_form.status,
        crumbs=location.crumbs,
        tab="assignments",
        location=location,
        submission=submission,
        received_at=None
        if submission.received_at is None
        else location.clock(submission.received_at),
        results_from=_get_results_time(submission, location.clock),
        answers=list(_iter_annotated_answers(context, submission, location.assignment.by_attempt)),
        rules=_request_rules_text(location),
        part=refused_part,
        form=request_form,
    )


def _get_results_time(
    submission: StudentSubmission | StaffSubmission, clock: CourseClock
) -> Moment | None:
    since = submission.results_from if isinstance(submission, StudentSubmission) else None
    return None if since is None else clock(since)


def _request_rules_text(location: ProblemLocation) -> str:
    """Return when and how often the student may request a regrade, or "" for staff."""
    assignment = location.assignment
    return describe_request_rules(assignment) if isinstance(assignment, StudentAssignment) else ""


def _load_requests_by_answer(
    context: RequestContext, submission: StudentSubmission | StaffSubmission
) -> Mapping[UUID, OwnRequest]:
    """Return the student's latest regrade request for each answer, by answer id."""
    if isinstance(submission, StaffSubmission) or not submission.results_shown:
        return {}
    requests = regrade_requests.get_my_requests(context, build_page_request(context)).items
    return {
        request.answer: request
        for request in reversed(requests)
        if request.submission == submission.id
    }


def _load_visible_comments(
    context: RequestContext, submission: StudentSubmission | StaffSubmission
) -> Mapping[UUID, Comments]:
    """Return the comments visible to the viewer by answer id, read in one go."""
    if isinstance(submission, StudentSubmission) and not submission.results_shown:
        return {}
    with context.reading() as session:
        answer_ids = [result.answer for result in submission.results]
        visible_comments = load_comments_by_answer(
            session, context.authenticate(session), answer_ids, now=context.now
        )
        return {comment: said.comments for comment, said in visible_comments.items()}


def _iter_annotated_answers(
    context: RequestContext,
    submission: StudentSubmission | StaffSubmission,
    attempt_credits: Sequence[Fraction],
) -> Iterator[SubmittedAnswer]:
    """Yield each answer of a submission with its comments and its regrade request."""
    comments, own_requests = (
        _load_visible_comments(context, submission),
        _load_requests_by_answer(context, submission),
    )
    member = context.activity.member
    is_viewing = member is not None and member.viewing
    may_ask = (
        isinstance(submission, StudentSubmission) and submission.results_shown and not is_viewing
    )
    for outcome in submission.results:
        request = own_requests.get(outcome.answer)
        is_open = request is not None and request.status == "open"
        yield replace(
            _build_answer(submission, outcome, attempt_credits),
            comments=comments.get(outcome.answer, ()),
            request=request,
            may_ask=may_ask and outcome.credit not in {None, 1} and not is_open,
        )


@router.post("/submissions/{submission}/parts/{part}/request")
def request_regrade_page(submission: UUID, part: str, form: FormDep, context: PageDep) -> Response:
    """Request a regrade of the student's own answer to a part."""
    text = form.text("text")
    try:
        regrade_requests.request_regrade(
            submission, part, validate_body(RequestIn, {"text": text}), context
        )
    except FORM_ERRORS as error:
        return _render_submission(
            context, submission, refused_part=part, request_form=BoundForm({"text": text}, error)
        )
    return RedirectResponse(f"/submissions/{submission}#part-{part}", status_code=303)


@router.get("/me/requests")
def my_requests_page(context: PageDep, cursor: CursorText = "") -> Response:
    """Return the user's regrade requests in all courses with the replies, latest first."""
    listing = regrade_requests.get_my_requests(
        context, build_page_request(context, limit=ROWS_PER_PAGE, cursor=cursor)
    )
    assignment_ids = {item.assignment for item in listing.items}
    with context.reading() as session:
        zones, titles = load_zones(session, assignment_ids), _load_titles(session, assignment_ids)
    return render_page(
        context,
        "student/my_requests.html",
        title="My requests",
        requests=[
            (_request_title(item, titles), *_add_times(item, zones[item.assignment], context.now))
            for item in listing.items
        ],
        next=listing.next,
    )


def _load_titles(session: Session, assignments: Collection[UUID]) -> dict[UUID, ProblemTitles]:
    problems_by_assignment = load_assigned_problems(session, assignments)
    return {one: _build_titles(problems_by_assignment[one]) for one in problems_by_assignment}


def _build_titles(problems: Iterable[VersionedProblem]) -> ProblemTitles:
    versions = {problem.row.slug: problem.version for problem in problems}
    return ProblemTitles(
        {slug: version.title for slug, version in versions.items()},
        {slug: part_titles(version.parts) for slug, version in versions.items()},
    )


def _request_title(request: OwnRequest, titles: Mapping[UUID, ProblemTitles]) -> str:
    return titles.get(request.assignment, ProblemTitles()).full_title(request.problem, request.part)


def _add_times(
    request: OwnRequest, zone: str, now: datetime
) -> tuple[OwnRequest, Moment, Moment | None]:
    """Return a request with the times of request and reply in the course's time zone."""
    replied = (
        None if request.replied_at is None else serialize_moment(request.replied_at, zone, now=now)
    )
    return request, serialize_moment(request.created_at, zone, now=now), replied
