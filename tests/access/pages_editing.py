"""Permissions of the pages for editing courses, assignments and problems."""

from collections.abc import Callable
from uuid import UUID

from scene import Scene
from sqlalchemy import select

from access import Route
from access.courses import use_unreleased_assignment
from api.db.models import AssignmentProblem

COURSE = "/courses/{course}"
ASSIGNMENT = "/assignments/{assignment}"
ASSIGNED_PROBLEM = f"{ASSIGNMENT}/problems/{{problem}}"
PROBLEM = f"{COURSE}/problems/{{problem_version}}"
FORM_TYPE = "application/x-www-form-urlencoded"
FORM_POST = {"media": FORM_TYPE, "headers": {"Sec-Fetch-Site": "same-origin"}, "ok": 303}
BY_INSTRUCTOR = {"access_level": "instructor", "scope": "manage", **FORM_POST}


def build_settings_form(scene: Scene) -> str:
    """Return a form body with settings and the current version of the scene's problem."""
    assignment = UUID(scene.places["here"]["assignment"])
    version_query = select(AssignmentProblem.version).where(
        AssignmentProblem.assignment_id == assignment
    )
    with scene.world.db.reading() as session:
        version = session.scalars(version_query).one()
    return f"points=3&group=&version=&held={version}"


def build_extension_form(scene: Scene) -> str:
    return f"student={scene.student.id}&grants.days=2&act=grant"


def build_versioned_form(path: str) -> Callable[[Scene], str]:
    """Return a function that builds a form body with the version from the API's ETag."""

    def build_form(scene: Scene) -> str:
        response = scene.admin.get(path.format_map(scene.places["here"]))
        assert response.status_code == 200, response.text
        version = response.headers["ETag"].strip('"v')
        return f"version={version}&credit=1&title=Other&slug=other&zone=UTC&act=stay"

    return build_form


ROUTES = {
    ("GET", "/courses"): Route("person", site=True),
    ("POST", "/courses"): Route(
        "admin", scope="admin", site=True, body="slug=new&title=New&zone=UTC", **FORM_POST
    ),
    ("GET", f"{COURSE}/settings"): Route("instructor"),
    ("POST", f"{COURSE}/settings"): Route(
        **BY_INSTRUCTOR, body=build_versioned_form("/courses/{course}")
    ),
    ("POST", f"{COURSE}/archive"): Route(**BY_INSTRUCTOR, body=""),
    ("POST", f"{COURSE}/restore"): Route(**BY_INSTRUCTOR, body=""),
    ("POST", f"{COURSE}/copy"): Route(**BY_INSTRUCTOR, body="slug=copy&title=Copy"),
    ("GET", f"{COURSE}/export"): Route("instructor"),
    ("GET", f"{COURSE}/export/archive"): Route("instructor"),
    ("POST", f"{COURSE}/apply"): Route(
        **BY_INSTRUCTOR, body="file.assignments/new.yaml=title:%20New&act=apply"
    ),
    ("GET", f"{COURSE}/extensions"): Route("instructor"),
    ("POST", f"{COURSE}/extensions"): Route(**BY_INSTRUCTOR, body=build_extension_form),
    ("POST", f"{COURSE}/extensions/{{extension}}/withdraw"): Route(**BY_INSTRUCTOR, body=""),
    ("GET", f"{COURSE}/assignments/new"): Route("instructor"),
    ("POST", f"{COURSE}/assignments/new"): Route(
        **BY_INSTRUCTOR,
        body="slug=hw-9&title=Ninth&results=at_once&solutions=after_close&variants=each",
    ),
    ("GET", f"{ASSIGNMENT}/edit"): Route("instructor"),
    ("POST", f"{ASSIGNMENT}/edit"): Route(
        **BY_INSTRUCTOR,
        body=lambda scene: (
            build_versioned_form("/assignments/{assignment}")(scene)
            + "&results=at_once&solutions=after_close&variants=each"
        ),
    ),
    ("POST", f"{ASSIGNMENT}/unpublish"): Route(
        **BY_INSTRUCTOR, body="", prepare=use_unreleased_assignment
    ),
    ("POST", f"{ASSIGNMENT}/release"): Route(**BY_INSTRUCTOR, body="show_results=now"),
    ("POST", f"{ASSIGNMENT}/order"): Route(
        **BY_INSTRUCTOR,
        body=lambda scene: (
            build_versioned_form("/assignments/{assignment}")(scene)
            + "&results=at_once&solutions=after_close&variants=each&up=why-small-kernels"
        ),
    ),
    ("POST", f"{ASSIGNMENT}/view"): Route(**BY_INSTRUCTOR, body=""),
    ("GET", f"{ASSIGNMENT}/delete"): Route("instructor"),
    ("POST", f"{ASSIGNMENT}/delete"): Route(**BY_INSTRUCTOR, body="confirm=yes"),
    ("POST", f"{ASSIGNMENT}/restore"): Route(**BY_INSTRUCTOR, body="", restores=True),
    ("POST", f"{ASSIGNMENT}/problems"): Route(
        **BY_INSTRUCTOR, body="problem=another&of=why-small-kernels"
    ),
    ("GET", f"{ASSIGNED_PROBLEM}/settings"): Route("instructor"),
    ("POST", f"{ASSIGNED_PROBLEM}/settings"): Route(**BY_INSTRUCTOR, body=build_settings_form),
    ("POST", f"{ASSIGNED_PROBLEM}/remove"): Route(
        **BY_INSTRUCTOR, body=lambda scene: build_settings_form(scene) + "&confirm=yes"
    ),
    ("POST", f"{ASSIGNED_PROBLEM}/notices"): Route(**BY_INSTRUCTOR, body="text=Mended."),
    ("POST", f"{ASSIGNED_PROBLEM}/notices/{{notice}}/withdraw"): Route(**BY_INSTRUCTOR, body=""),
    ("GET", f"{COURSE}/problems"): Route("grader"),
    ("GET", f"{COURSE}/problems/check"): Route("instructor"),
    ("POST", f"{COURSE}/problems/check"): Route(
        **BY_INSTRUCTOR | {"ok": 422}, body="source=id:%20nothing&act=check"
    ),
    ("POST", f"{COURSE}/problems/check/preview"): Route(
        **BY_INSTRUCTOR | {"ok": 200}, body="source=id:%20x"
    ),
    ("GET", f"{COURSE}/problems/new"): Route("instructor"),
    ("GET", PROBLEM): Route("grader"),
    ("POST", f"{PROBLEM}/publish"): Route(**BY_INSTRUCTOR, body="reason=good"),
    ("POST", f"{PROBLEM}/retire"): Route(**BY_INSTRUCTOR, body="reason=bad"),
}
