"""Home page: pending work and the courses of the caller."""

from collections.abc import Iterable
from dataclasses import dataclass

from fastapi.responses import RedirectResponse, Response

from api.dependencies import RequestContext
from api.pages.course import render_student_course
from api.pages.forms.form import FormDep
from api.pages.layout.frame import render_page
from api.pages.login import local_path_or_home
from api.pages.mail import load_news
from api.pages.router import VIEW_AS_COOKIE, PageDep, PageRouter, build_page_request
from api.pages.student.components.states import AssignmentProgress, build_assignment_progress
from api.routes.courses import courses
from api.routes.student import assigned_problems
from api.schemas.courses.courses import CourseView

router = PageRouter()


@dataclass(frozen=True, slots=True)
class _CourseOverview:
    """Course with a student's *open* assignments, and the number of *closed* ones."""

    course: CourseView
    open: tuple[AssignmentProgress, ...]
    closed: int


@router.get("/")
def home_page(context: PageDep) -> Response:
    """Return the courses of the caller with their open work.

    A student with a single course gets the page of that course.
    """
    mine = courses.get_courses(context, build_page_request(context)).items
    if len(mine) == 1 and mine[0].role == "student":
        return render_student_course(context, mine[0], news=load_news(context))
    progress = [
        build_assignment_progress(item)
        for item in assigned_problems.get_my_assignments(context, build_page_request(context)).items
    ]
    context.activity.member = None
    overviews = [_build_overview(one, progress) for one in mine]
    archived = (
        ()
        if mine
        else courses.get_courses(context, build_page_request(context), archived=True).items
    )
    return render_page(
        context,
        "home.html",
        title="My courses",
        courses=overviews,
        archived=bool(archived),
        news=load_news(context),
    )


def _build_overview(course: CourseView, progress: Iterable[AssignmentProgress]) -> _CourseOverview:
    course_progress = [one for one in progress if one.set.course == course.id]
    active = tuple(one for one in course_progress if one.is_open)
    return _CourseOverview(course, active, len(course_progress) - len(active))


@router.post("/view-as")
def set_view_as_cookie(form: FormDep, context: PageDep) -> Response:
    """Start viewing as a student, given by id or as ``test``; an empty name stops it."""
    path = local_path_or_home(form.text("next", "/"))
    return view_as_student(context, form.text("student"), path)


def view_as_student(context: RequestContext, student: str, path: str) -> Response:
    """Redirect to *path* and set the cookie to view as *student*; an empty name deletes it."""
    response = RedirectResponse(path, status_code=303)
    secure = context.service.settings.public_url.startswith("https")
    if student:
        response.set_cookie(VIEW_AS_COOKIE, student, httponly=True, samesite="lax", secure=secure)
    else:
        response.delete_cookie(VIEW_AS_COOKIE)
    return response
