"""The first page: what is to be done, and one's courses."""

from collections.abc import Iterable
from dataclasses import dataclass

from fastapi.responses import RedirectResponse, Response

from api.pages.course import student_course
from api.pages.forms.form import FormDep
from api.pages.layout.frame import page
from api.pages.login import local
from api.pages.router import VIEW_AS, PageDep, PageRouter, window
from api.pages.student.components.states import Work, work_of
from api.routes.courses import courses
from api.routes.student import assigned_problems
from api.schemas.courses.courses import CourseView

__all__ = ["router"]

router = PageRouter()


@dataclass(frozen=True, slots=True)
class _Mine:
    """A course with what is *open* in it for a student, and how many assignments are *closed*."""

    course: CourseView
    open: tuple[Work, ...]
    closed: int


@router.get("/")
def home(here: PageDep) -> Response:
    """Return one's courses with the open work; who studies in one alone gets that course."""
    mine = courses.get_courses(here, window(here)).items
    if len(mine) == 1 and mine[0].role == "student":
        return student_course(here, mine[0])
    work = [work_of(one) for one in assigned_problems.mine(here, window(here)).items]
    here.visit.member = None
    told = [_mine(one, work) for one in mine]
    archived = () if mine else courses.get_courses(here, window(here), archived=True).items
    return page(here, "home.html", title="My courses", courses=told, archived=bool(archived))


def _mine(course: CourseView, work: Iterable[Work]) -> _Mine:
    own = [one for one in work if one.set.course == course.id]
    active = tuple(one for one in own if one.is_open)
    return _Mine(course, active, len(own) - len(active))


@router.post("/view-as")
def view_as(form: FormDep, here: PageDep) -> Response:
    """Look with the eyes of a student, named by id or as ``test``; an empty name stops it."""
    student = form.text("student")
    answer = RedirectResponse(local(form.text("next", "/")), status_code=303)
    secure = here.service.settings.public_url.startswith("https")
    if student:
        answer.set_cookie(VIEW_AS, student, httponly=True, samesite="lax", secure=secure)
    else:
        answer.delete_cookie(VIEW_AS)
    return answer
