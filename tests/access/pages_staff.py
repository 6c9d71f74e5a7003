"""Permissions of the pages for gradebook, people, files, audit log and administration."""

from uuid import UUID

from scene import Scene
from sqlalchemy import select

from access import Route
from api.db.models import Enrolment, Grade, User

FORM = "application/x-www-form-urlencoded"
POST = {"media": FORM, "headers": {"Sec-Fetch-Site": "same-origin"}, "ok": 303}
COURSE = "/courses/{course}"
ASSIGNMENT = "/assignments/{assignment}"
USER = "/users/{user}"
MANAGES = {"least": "instructor", "scope": "manage"} | POST
SITE = {"least": "admin", "scope": "admin", "site": True}
SHEET = (
    "--x\r\nContent-Disposition: form-data; name=file; filename=a.csv\r\n\r\n"
    "submission_id,part,points,comment,version\r\n\r\n--x--\r\n"
)
LIST = SHEET.replace("submission_id,part,points,comment,version", "name,email\nBo,bo@example.edu")
PARTICIPANTS = (
    "--x\r\nContent-Disposition: form-data; name=force\r\n\r\nyes\r\n"
    "--x\r\nContent-Disposition: form-data; name=file; filename=a.csv\r\n\r\n"
    "name,email\r\nBo,bo@example.edu\r\n\r\n--x--\r\n"
)
FILE = {"media": "multipart/form-data; boundary=x", "ok": 200}


def _version(scene: Scene) -> str:
    """Return a form body with the version of the student's grade."""
    key = (UUID(scene.places["here"]["assignment"]), scene.student.id)
    with scene.world.session() as session:
        found = select(Grade.version).where(
            Grade.assignment_id == key[0], Grade.student_id == key[1]
        )
        return f"student={scene.student.id}&version={session.scalar(found) or 0}"


def _points(scene: Scene) -> str:
    return f"student={scene.classmate.id}&version=0&points=1&reason=By+hand"


def _excuse(scene: Scene) -> str:
    return f"student={scene.classmate.id}&reason=ill"


def _refund(scene: Scene) -> str:
    return f"assignment={scene.places['here']['assignment']}&days=1"


def _role(scene: Scene) -> str:
    with scene.world.session() as session:
        found = select(Enrolment.version).where(
            Enrolment.user_id == scene.student.id, Enrolment.course_id == scene.course
        )
        return f"role=grader&version={session.scalar(found)}"


def _name(scene: Scene) -> str:
    with scene.world.session() as session:
        user = session.get_one(User, scene.student.id)
        return f"name=Bo&email={user.email}&version={user.version}"


def _invited(scene: Scene) -> str:
    return f"person={scene.classmate.id}"


ROUTES = {
    ("GET", f"{COURSE}/gradebook"): Route("grader"),
    ("GET", f"{COURSE}/students/{{user}}"): Route("grader"),
    ("POST", f"{COURSE}/students/{{user}}/late-days/refund"): Route(**MANAGES, body=_refund),
    ("POST", f"{ASSIGNMENT}/overrides"): Route(**MANAGES, body=_points),
    ("POST", f"{ASSIGNMENT}/overrides/{{override}}/withdraw"): Route(**MANAGES, body=_version),
    ("POST", f"{ASSIGNMENT}/excuses"): Route(**MANAGES, body=_excuse),
    ("POST", f"{ASSIGNMENT}/excuses/{{excuse}}/withdraw"): Route(**MANAGES, body=_version),
    ("GET", f"{COURSE}/exports"): Route("instructor"),
    ("GET", f"{COURSE}/exports/submissions"): Route("instructor"),
    ("GET", f"{COURSE}/exports/{{form}}"): Route("instructor"),
    ("POST", f"{COURSE}/exports/moodle"): Route("instructor", **POST | FILE, body=PARTICIPANTS),
    ("GET", f"{ASSIGNMENT}/score-sheet"): Route("instructor"),
    ("POST", f"{ASSIGNMENT}/score-sheet"): Route(**MANAGES | FILE, body=SHEET),
    ("GET", f"{COURSE}/people"): Route("grader"),
    ("POST", f"{COURSE}/people"): Route(**MANAGES, body="name=Bo&email=bo%40example.edu"),
    ("GET", f"{COURSE}/people/{{user}}"): Route("grader"),
    ("POST", f"{COURSE}/people/{{user}}"): Route(**MANAGES, body=_role),
    ("POST", f"{COURSE}/people/{{user}}/withdraw"): Route(**MANAGES, body="a=b"),
    ("POST", f"{COURSE}/people/{{user}}/reset"): Route(**MANAGES | {"ok": 200}, body="a=b"),
    ("POST", f"{COURSE}/test-student"): Route(**MANAGES, body="a=b"),
    ("POST", f"{COURSE}/joining"): Route(**MANAGES, body="act=on"),
    ("POST", f"{COURSE}/sections"): Route(**MANAGES, body="section_name=C"),
    ("POST", f"{COURSE}/sections/{{section}}"): Route(**MANAGES, body="section_name=C"),
    # The section of the scene has people, so that it stays.
    ("POST", f"{COURSE}/sections/{{section}}/delete"): Route(**MANAGES | {"ok": 409}, body="a=b"),
    ("GET", f"{COURSE}/roster"): Route("instructor", scope="manage"),
    ("POST", f"{COURSE}/roster"): Route(**MANAGES | FILE, body=LIST),
    ("POST", f"{COURSE}/invites"): Route(**MANAGES | {"ok": 200}, body=_invited),
    ("POST", f"{COURSE}/invites/mail"): Route(**MANAGES | {"ok": 200}, body=_invited),
    ("GET", f"{COURSE}/mail"): Route("instructor", scope="manage"),
    ("POST", f"{COURSE}/mail/{{message}}/resend"): Route(**MANAGES | POST, body="a=b"),
    ("GET", "/mail"): Route(**SITE),
    ("POST", "/mail/{message}/resend"): Route(**SITE | POST, body="a=b"),
    ("GET", f"{COURSE}/audit"): Route("instructor"),
    ("GET", "/audit"): Route(**SITE),
    ("GET", "/users"): Route(**SITE),
    ("GET", "/users/new"): Route(**SITE),
    ("POST", "/users/new"): Route(**SITE | POST, body="name=Bo&email=bo%40example.edu"),
    ("GET", USER): Route(**SITE),
    ("POST", USER): Route(**SITE | POST, body=_name),
    ("POST", f"{USER}/suspend"): Route(**SITE | POST, body="confirm=yes"),
    ("POST", f"{USER}/restore"): Route(**SITE | POST, body="a=b"),
    ("GET", f"{USER}/administrator"): Route(**SITE),
    ("POST", f"{USER}/administrator"): Route(**SITE | POST, body="confirm=The+student"),
    ("POST", f"{USER}/administrator/withdraw"): Route(**SITE | POST, body="a=b"),
    ("POST", f"{USER}/reset"): Route(**SITE | POST | {"ok": 200}, body="a=b"),
    ("POST", f"{USER}/invite"): Route(**SITE | POST | {"ok": 200}, body="a=b"),
    ("GET", f"{USER}/erase"): Route(**SITE),
    ("POST", f"{USER}/erase"): Route(**SITE | POST | {"ok": 200}, body="confirm=The+student"),
}
