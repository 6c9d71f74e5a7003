"""Permissions of the pages for gradebook, people, files, audit log and administration."""

from uuid import UUID

from scene import Scene
from sqlalchemy import select

from access import Route
from api.db.models import Enrolment, Grade, User

FORM_TYPE = "application/x-www-form-urlencoded"
FORM_POST = {"media": FORM_TYPE, "headers": {"Sec-Fetch-Site": "same-origin"}, "ok": 303}
COURSE = "/courses/{course}"
ASSIGNMENT = "/assignments/{assignment}"
USER = "/users/{user}"
BY_INSTRUCTOR = {"access_level": "instructor", "scope": "manage"} | FORM_POST
BY_ADMIN = {"access_level": "admin", "scope": "admin", "site": True}
SCORE_SHEET = (
    "--x\r\nContent-Disposition: form-data; name=file; filename=a.csv\r\n\r\n"
    "submission_id,part,points,comment,version\r\n\r\n--x--\r\n"
)
ROSTER = SCORE_SHEET.replace(
    "submission_id,part,points,comment,version", "name,email\nBo,bo@example.edu"
)
PARTICIPANTS = (
    "--x\r\nContent-Disposition: form-data; name=force\r\n\r\nyes\r\n"
    "--x\r\nContent-Disposition: form-data; name=file; filename=a.csv\r\n\r\n"
    "name,email\r\nBo,bo@example.edu\r\n\r\n--x--\r\n"
)
FILE_UPLOAD = {"media": "multipart/form-data; boundary=x", "ok": 200}


def _build_grade_form(scene: Scene) -> str:
    """Return a form body with the version of the student's grade."""
    assignment = UUID(scene.places["here"]["assignment"])
    with scene.world.session() as session:
        query = select(Grade.version).where(
            Grade.assignment_id == assignment, Grade.student_id == scene.student.id
        )
        return f"student={scene.student.id}&version={session.scalar(query) or 0}"


def _build_override_form(scene: Scene) -> str:
    return f"student={scene.classmate.id}&version=0&points=1&reason=By+hand"


def _build_excuse_form(scene: Scene) -> str:
    return f"student={scene.classmate.id}&reason=ill"


def _build_refund_form(scene: Scene) -> str:
    return f"assignment={scene.places['here']['assignment']}&days=1"


def _build_role_form(scene: Scene) -> str:
    with scene.world.session() as session:
        query = select(Enrolment.version).where(
            Enrolment.user_id == scene.student.id, Enrolment.course_id == scene.course
        )
        return f"role=grader&version={session.scalar(query)}"


def _build_name_form(scene: Scene) -> str:
    with scene.world.session() as session:
        user = session.get_one(User, scene.student.id)
        return f"name=Bo&email={user.email}&version={user.version}"


def _build_invite_form(scene: Scene) -> str:
    return f"person={scene.classmate.id}"


ROUTES = {
    ("GET", f"{COURSE}/gradebook"): Route("grader"),
    ("GET", f"{COURSE}/students/{{user}}"): Route("grader"),
    ("POST", f"{COURSE}/students/{{user}}/late-days/refund"): Route(
        **BY_INSTRUCTOR, body=_build_refund_form
    ),
    ("POST", f"{ASSIGNMENT}/overrides"): Route(**BY_INSTRUCTOR, body=_build_override_form),
    ("POST", f"{ASSIGNMENT}/overrides/{{override}}/withdraw"): Route(
        **BY_INSTRUCTOR, body=_build_grade_form
    ),
    ("POST", f"{ASSIGNMENT}/excuses"): Route(**BY_INSTRUCTOR, body=_build_excuse_form),
    ("POST", f"{ASSIGNMENT}/excuses/{{excuse}}/withdraw"): Route(
        **BY_INSTRUCTOR, body=_build_grade_form
    ),
    ("GET", f"{COURSE}/exports"): Route("instructor"),
    ("GET", f"{COURSE}/exports/submissions"): Route("instructor"),
    ("GET", f"{COURSE}/exports/{{form}}"): Route("instructor"),
    ("POST", f"{COURSE}/exports/moodle"): Route(
        "instructor", **FORM_POST | FILE_UPLOAD, body=PARTICIPANTS
    ),
    ("GET", f"{ASSIGNMENT}/score-sheet"): Route("instructor"),
    ("POST", f"{ASSIGNMENT}/score-sheet"): Route(**BY_INSTRUCTOR | FILE_UPLOAD, body=SCORE_SHEET),
    ("GET", f"{COURSE}/people"): Route("grader"),
    ("POST", f"{COURSE}/people"): Route(**BY_INSTRUCTOR, body="name=Bo&email=bo%40example.edu"),
    ("GET", f"{COURSE}/people/{{user}}"): Route("grader"),
    ("POST", f"{COURSE}/people/{{user}}"): Route(**BY_INSTRUCTOR, body=_build_role_form),
    ("POST", f"{COURSE}/people/{{user}}/withdraw"): Route(**BY_INSTRUCTOR, body="a=b"),
    ("POST", f"{COURSE}/people/{{user}}/reset"): Route(**BY_INSTRUCTOR | {"ok": 200}, body="a=b"),
    ("POST", f"{COURSE}/test-student"): Route(**BY_INSTRUCTOR, body="a=b"),
    ("POST", f"{COURSE}/joining"): Route(**BY_INSTRUCTOR, body="act=on"),
    ("POST", f"{COURSE}/sections"): Route(**BY_INSTRUCTOR, body="section_name=C"),
    ("POST", f"{COURSE}/sections/{{section}}"): Route(**BY_INSTRUCTOR, body="section_name=C"),
    # A section with people cannot be deleted.
    ("POST", f"{COURSE}/sections/{{section}}/delete"): Route(
        **BY_INSTRUCTOR | {"ok": 409}, body="a=b"
    ),
    ("GET", f"{COURSE}/roster"): Route("instructor", scope="manage"),
    ("POST", f"{COURSE}/roster"): Route(**BY_INSTRUCTOR | FILE_UPLOAD, body=ROSTER),
    ("POST", f"{COURSE}/invites"): Route(**BY_INSTRUCTOR | {"ok": 200}, body=_build_invite_form),
    ("POST", f"{COURSE}/invites/mail"): Route(
        **BY_INSTRUCTOR | {"ok": 200}, body=_build_invite_form
    ),
    ("GET", f"{COURSE}/mail"): Route("instructor", scope="manage"),
    ("POST", f"{COURSE}/mail/{{message}}/resend"): Route(**BY_INSTRUCTOR | FORM_POST, body="a=b"),
    ("GET", "/mail"): Route(**BY_ADMIN),
    ("POST", "/mail/{message}/resend"): Route(**BY_ADMIN | FORM_POST, body="a=b"),
    ("GET", f"{COURSE}/audit"): Route("instructor"),
    ("GET", "/audit"): Route(**BY_ADMIN),
    ("GET", "/users"): Route(**BY_ADMIN),
    ("GET", "/users/new"): Route(**BY_ADMIN),
    ("POST", "/users/new"): Route(**BY_ADMIN | FORM_POST, body="name=Bo&email=bo%40example.edu"),
    ("GET", USER): Route(**BY_ADMIN),
    ("POST", USER): Route(**BY_ADMIN | FORM_POST, body=_build_name_form),
    ("POST", f"{USER}/suspend"): Route(**BY_ADMIN | FORM_POST, body="confirm=yes"),
    ("POST", f"{USER}/restore"): Route(**BY_ADMIN | FORM_POST, body="a=b"),
    ("GET", f"{USER}/administrator"): Route(**BY_ADMIN),
    ("POST", f"{USER}/administrator"): Route(**BY_ADMIN | FORM_POST, body="confirm=The+student"),
    ("POST", f"{USER}/administrator/withdraw"): Route(**BY_ADMIN | FORM_POST, body="a=b"),
    ("POST", f"{USER}/reset"): Route(**BY_ADMIN | FORM_POST | {"ok": 200}, body="a=b"),
    ("POST", f"{USER}/invite"): Route(**BY_ADMIN | FORM_POST | {"ok": 200}, body="a=b"),
    ("GET", f"{USER}/erase"): Route(**BY_ADMIN),
    ("POST", f"{USER}/erase"): Route(
        **BY_ADMIN | FORM_POST | {"ok": 200}, body="confirm=The+student"
    ),
}
