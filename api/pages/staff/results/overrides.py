"""Adjustments for one student in an assignment: overrides, excuses, late-day refunds."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from fastapi.responses import RedirectResponse, Response

from api.auth.roles import Permission
from api.core.errors import InvalidInput
from api.core.ids import parse_id
from api.dependencies import RequestContext
from api.pages.forms.form import FormDep, PostedForm, validate_body
from api.pages.forms.form_version import parse_form_version
from api.pages.forms.rows import parse_whole_number
from api.pages.router import PageDep, PageRouter
from api.pages.staff.common import RECOVERABLE_ERRORS
from api.pages.staff.results.student_detail import render_student_page
from api.routes.assignments import exceptions
from api.routes.grades import overrides as api
from api.schemas.assignments.exceptions import ExcuseIn, RefundIn
from api.schemas.grades.overrides import OverrideIn

router = PageRouter()
ASSIGNMENT_PATH = "/assignments/{assignment}"


@dataclass(frozen=True, slots=True)
class StudentPageTarget:
    """Student page to return to: the course, the assignment's slug and the student."""

    course: UUID
    slug: str
    student: UUID


@router.post(f"{ASSIGNMENT_PATH}/overrides")
def set_points(assignment: UUID, form: FormDep, context: PageDep) -> Response:
    """Set points by hand and redirect to the student page."""
    target = _load_target(context, assignment, form, right="override_grades")

    def save_override() -> None:
        body = validate_body(OverrideIn, _build_override(form, target.student))
        api.post_override(
            assignment, body, context, parse_form_version(form.text("version")), Response()
        )

    return _act_and_redirect(context, target, form, save_override, "points-set")


def _build_override(form: PostedForm, student: UUID) -> dict[str, object]:
    """Return the API fields of an override.

    The posted target is empty, a problem, or a problem and a part.
    """
    problem, _, part = form.text("target").partition(", ")
    return {
        "student": student,
        "problem": problem or None,
        "part": part or None,
        "points": form.text("points"),
        "reason": form.text("reason"),
        "over_maximum": form.has("over_maximum"),
    }


@router.post(f"{ASSIGNMENT_PATH}/overrides/{{override}}/withdraw")
def withdraw_override(
    assignment: UUID, override: UUID, form: FormDep, context: PageDep
) -> Response:
    """Withdraw points set by hand and redirect to the student page."""
    target = _load_target(context, assignment, form, right="override_grades")
    version = parse_form_version(form.text("version"))

    def delete_override() -> None:
        api.delete_override(assignment, override, context, version, Response())

    return _act_and_redirect(context, target, form, delete_override, "points-withdrawn")


@router.post(f"{ASSIGNMENT_PATH}/excuses")
def excuse_student(assignment: UUID, form: FormDep, context: PageDep) -> Response:
    """Excuse a student from an assignment or a problem, and redirect to the student page."""
    target = _load_target(context, assignment, form, right="grant_extensions")

    def save_excuse() -> None:
        values = {"student": target.student, **form.non_empty_texts("problem", "reason")}
        exceptions.post_excuse(assignment, validate_body(ExcuseIn, values), context, Response())

    return _act_and_redirect(context, target, form, save_excuse, "excuse-saved")


@router.post(f"{ASSIGNMENT_PATH}/excuses/{{excuse}}/withdraw")
def withdraw_excuse(assignment: UUID, excuse: UUID, form: FormDep, context: PageDep) -> Response:
    """Withdraw an excuse and redirect to the student page."""
    target = _load_target(context, assignment, form, right="grant_extensions")
    return _act_and_redirect(
        context,
        target,
        form,
        lambda: exceptions.delete_excuse(assignment, excuse, context),
        "excuse-withdrawn",
    )


@router.post("/courses/{course}/students/{user}/late-days/refund")
def refund_late_days(course: UUID, user: UUID, form: FormDep, context: PageDep) -> Response:
    """Refund late days and redirect to the student page."""
    with context.reading() as session:
        context.authorize_course(session, course, right="grant_extensions")
    target = StudentPageTarget(course, form.text("open"), user)

    def save_refund() -> None:
        days = form.text("days")
        values = {"assignment": form.text("assignment"), "reason": form.text("reason")}
        body = validate_body(RefundIn, {**values, "days": parse_whole_number(days)})
        exceptions.post_late_days_refund(course, user, body, context)

    return _act_and_redirect(context, target, form, save_refund, "late-days-refunded")


def _load_target(
    context: RequestContext, assignment: UUID, form: PostedForm, *, right: Permission
) -> StudentPageTarget:
    """Return the target of an action, after checking that the caller has the *right*."""
    with context.reading() as session:
        member, assignment_row = context.authorize_assignment(session, assignment, right=right)
    student = parse_id(form.text("student"))
    if student is None:
        raise InvalidInput.for_field("student", "is missing")
    return StudentPageTarget(member.course.id, assignment_row.slug, student)


def _act_and_redirect(
    context: RequestContext,
    target: StudentPageTarget,
    form: PostedForm,
    act: Callable[[], object],
    outcome: str,
) -> Response:
    """Run *act* and redirect to the student page, which states the *outcome*.

    On an error, redisplay the form.
    """
    try:
        act()
    except RECOVERABLE_ERRORS as error:
        return render_student_page(
            context, target.course, target.student, opened=target.slug, form=form, error=error
        )
    address = f"/courses/{target.course}/students/{target.student}"
    opened = f"&open={target.slug}#open" if target.slug else ""
    return RedirectResponse(f"{address}?saved={outcome}{opened}", status_code=303)
