"""Permissions of the pages for editing courses and problems, and for grading."""

from uuid import UUID

from scene import Scene
from sqlalchemy import select

from access import Route
from access.courses import unreleased
from api.db.models import AssignmentProblem

COURSE = "/courses/{course}"
ASSIGNMENT = "/assignments/{assignment}"
POSED = f"{ASSIGNMENT}/problems/{{problem}}"
PROBLEM = f"{COURSE}/problems/{{problem_version}}"
PART = f"{ASSIGNMENT}/review/{{problem}}/{{part}}"
ANSWER = "/answers/{answer}"
FORM = "application/x-www-form-urlencoded"
SENT = {"media": FORM, "headers": {"Sec-Fetch-Site": "same-origin"}, "ok": 303}
MANAGES = {"least": "instructor", "scope": "manage", **SENT}
MARKS = {"least": "grader", "scope": "grade", **SENT}


def settings(scene: Scene) -> str:
    """Return a form body with the settings and current version of the scene's problem."""
    assignment = UUID(scene.places["here"]["assignment"])
    posed = select(AssignmentProblem.version).where(AssignmentProblem.assignment_id == assignment)
    with scene.world.db.reading() as session:
        version = session.scalars(posed).one()
    return f"points=3&group=&version=&held={version}"


def extension(scene: Scene) -> str:
    return f"student={scene.student.id}&grants.days=2&act=grant"


def version_of(path: str) -> object:
    """Return a function that builds a form body with the version from the API's ETag."""

    def told(scene: Scene) -> str:
        where = path.format_map(scene.places["here"])
        answer = scene.admin.get(where)
        assert answer.status_code == 200, answer.text
        tag = answer.headers["ETag"].strip('"v')
        return f"version={tag}&credit=1&title=Other&slug=other&zone=UTC&act=stay"

    return told


ROUTES = {
    ("GET", "/courses"): Route("person", site=True),
    ("POST", "/courses"): Route(
        "admin", scope="admin", site=True, body="slug=new&title=New&zone=UTC", **SENT
    ),
    ("GET", f"{COURSE}/settings"): Route("instructor"),
    ("POST", f"{COURSE}/settings"): Route(**MANAGES, body=version_of("/courses/{course}")),
    ("POST", f"{COURSE}/archive"): Route(**MANAGES, body=""),
    ("POST", f"{COURSE}/restore"): Route(**MANAGES, body=""),
    ("POST", f"{COURSE}/copy"): Route(**MANAGES, body="slug=copy&title=Copy"),
    ("GET", f"{COURSE}/export"): Route("instructor"),
    ("GET", f"{COURSE}/export/archive"): Route("instructor"),
    ("POST", f"{COURSE}/apply"): Route(
        **MANAGES, body="file.assignments/new.yaml=title:%20New&act=apply"
    ),
    ("GET", f"{COURSE}/extensions"): Route("instructor"),
    ("POST", f"{COURSE}/extensions"): Route(**MANAGES, body=extension),
    ("POST", f"{COURSE}/extensions/{{extension}}/withdraw"): Route(**MANAGES, body=""),
    ("GET", f"{COURSE}/assignments/new"): Route("instructor"),
    ("POST", f"{COURSE}/assignments/new"): Route(
        **MANAGES,
        body="slug=hw-9&title=Ninth&results=at_once&solutions=after_close&variants=each",
    ),
    ("GET", f"{ASSIGNMENT}/edit"): Route("instructor"),
    ("POST", f"{ASSIGNMENT}/edit"): Route(
        **MANAGES,
        body=lambda scene: (
            version_of("/assignments/{assignment}")(scene)
            + "&results=at_once&solutions=after_close&variants=each"
        ),
    ),
    ("POST", f"{ASSIGNMENT}/unpublish"): Route(**MANAGES, body="", prepare=unreleased),
    ("POST", f"{ASSIGNMENT}/release"): Route(**MANAGES, body="show_results=now"),
    ("POST", f"{ASSIGNMENT}/order"): Route(
        **MANAGES,
        body=lambda scene: (
            version_of("/assignments/{assignment}")(scene)
            + "&results=at_once&solutions=after_close&variants=each&up=why-small-kernels"
        ),
    ),
    ("POST", f"{ASSIGNMENT}/view"): Route(**MANAGES, body=""),
    ("GET", f"{ASSIGNMENT}/delete"): Route("instructor"),
    ("POST", f"{ASSIGNMENT}/delete"): Route(**MANAGES, body="confirm=yes"),
    ("POST", f"{ASSIGNMENT}/restore"): Route(**MANAGES, body="", restores=True),
    ("POST", f"{ASSIGNMENT}/problems"): Route(
        **MANAGES, body="problem=another&of=why-small-kernels"
    ),
    ("GET", f"{POSED}/settings"): Route("instructor"),
    ("POST", f"{POSED}/settings"): Route(**MANAGES, body=settings),
    ("POST", f"{POSED}/remove"): Route(
        **MANAGES, body=lambda scene: settings(scene) + "&confirm=yes"
    ),
    ("POST", f"{POSED}/notices"): Route(**MANAGES, body="text=Mended."),
    ("POST", f"{POSED}/notices/{{notice}}/withdraw"): Route(**MANAGES, body=""),
    ("GET", f"{COURSE}/problems"): Route("grader"),
    ("GET", f"{COURSE}/problems/check"): Route("instructor"),
    ("POST", f"{COURSE}/problems/check"): Route(
        **MANAGES | {"ok": 422}, body="source=id:%20nothing&act=check"
    ),
    ("POST", f"{COURSE}/problems/check/preview"): Route(
        **MANAGES | {"ok": 200}, body="source=id:%20x"
    ),
    ("GET", f"{COURSE}/problems/new"): Route("instructor"),
    ("GET", PROBLEM): Route("grader"),
    ("POST", f"{PROBLEM}/publish"): Route(**MANAGES, body="reason=good"),
    ("POST", f"{PROBLEM}/retire"): Route(**MANAGES, body="reason=bad"),
    ("GET", f"{ASSIGNMENT}/review"): Route("grader"),
    ("GET", f"{ASSIGNMENT}/requests"): Route("grader"),
    ("POST", "/requests/{request}/answer"): Route(
        **MARKS, body="decision=declined&reply=It+is+right+as+it+is."
    ),
    ("GET", PART): Route("grader"),
    ("POST", f"{PART}/next"): Route(**MARKS, body=""),
    ("GET", f"{PART}/groups"): Route("grader"),
    ("POST", f"{PART}/groups/{{group}}/mark"): Route(**MARKS, body="credit=1"),
    # A reader of the rubric marks by it, and so needs the right to mark.
    ("GET", f"{PART}/rubric"): Route("grader", scope="grade"),
    ("POST", f"{PART}/rubric"): Route(**MARKS, body="label=clear&points=1"),
    ("POST", f"{PART}/rubric/{{item}}"): Route(
        **MARKS, body="label=fewer&points=1&version=1&act=save"
    ),
    ("GET", f"{ANSWER}/review"): Route("grader"),
    ("POST", f"{ANSWER}/mark"): Route(**MARKS, body=version_of("/answers/{answer}/review")),
    # The answer of the scene has no mark to take back.
    ("POST", f"{ANSWER}/unmark"): Route(**MARKS | {"ok": 409}, body="version=1"),
    ("POST", f"{ANSWER}/undo"): Route(**MARKS | {"ok": 409}, body="version=1"),
    ("POST", f"{ANSWER}/claim"): Route(**MARKS, body=""),
    ("POST", f"{ANSWER}/release"): Route(**MARKS, body=""),
    ("POST", f"{ANSWER}/skip"): Route(**MARKS, body=""),
    ("POST", f"{ANSWER}/flag"): Route(**MARKS, body="note=Look."),
    ("POST", f"{ANSWER}/comments"): Route(**MARKS, body="text=Well+put.&public=on"),
    ("POST", "/comments/{comment}/withdraw"): Route(**MARKS, body="", refused=404),
}
