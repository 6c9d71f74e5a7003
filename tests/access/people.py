"""Permissions of accounts, the people of courses, and the audit log."""

from api_browser import OTHER_PASSWORD, PASSWORD
from scene import ELSEWHERE, HERE, NEWCOMER_EMAIL, Scene

from access import Route
from access.pages import JOIN_CODE
from api.auth.secrets import new_secret
from api.core.ids import new_id
from api.db.models import CalendarFeed, MailKey, MailOptOut, OutboxMessage
from api.services.accounts.links.unsubscribe import create_unsubscribe_token

API = "/api/v1"
COURSE = f"{API}/courses/{{course}}"
USER = f"{API}/users/{{user}}"
BY_INSTRUCTOR = {"access_level": "instructor", "scope": "manage"}
BY_ADMIN = {"access_level": "admin", "scope": "admin", "site": True}


def build_invite(scene: Scene) -> dict[str, list[str]]:
    return {"people": [str(scene.classmate.id)]}


def build_invitation(scene: Scene) -> dict[str, str]:
    return {"secret": scene.places[HERE]["invitation"], "password": OTHER_PASSWORD}


ROUTES = {
    ("POST", f"{API}/login"): Route("anyone", body={"email": NEWCOMER_EMAIL, "password": PASSWORD}),
    ("POST", f"{API}/invites/accept"): Route("anyone", body=build_invitation),
    ("POST", f"{API}/device/code"): Route("anyone", body={"client": "A notebook"}),
    ("POST", f"{API}/device/token"): Route(
        "anyone", ok=400, body={"device_code": "gr_code_unknown"}
    ),
    ("POST", f"{API}/password-reset"): Route("anyone", ok=202, body={"email": NEWCOMER_EMAIL}),
    ("POST", f"{API}/logout"): Route("person", login=True, ok=204),
    ("GET", f"{API}/me"): Route("person"),
    ("PATCH", f"{API}/me"): Route("person", login=True, body={"name": "Ann"}),
    ("POST", f"{API}/me/password"): Route(
        "person",
        login=True,
        caller="newcomer",
        body={"current": PASSWORD, "new": OTHER_PASSWORD},
    ),
    ("GET", f"{API}/me/export"): Route("person"),
    ("GET", f"{API}/me/news"): Route("person"),
    ("POST", f"{API}/me/news/read"): Route("person", login=True, ok=204),
    ("GET", f"{API}/me/mail"): Route("person"),
    ("PUT", f"{API}/me/mail"): Route("person", login=True, body={"declined": ["results_released"]}),
    ("GET", f"{API}/me/calendar"): Route("person"),
    ("POST", f"{API}/me/calendar"): Route("person", login=True, ok=201),
    ("DELETE", f"{API}/me/calendar"): Route("person", login=True, ok=204),
    ("GET", f"{API}/mail"): Route(**BY_ADMIN),
    ("POST", f"{API}/mail/{{message}}/resend"): Route(**BY_ADMIN, ok=204),
    ("GET", f"{COURSE}/mail"): Route(**BY_INSTRUCTOR),
    ("POST", f"{COURSE}/mail/{{message}}/resend"): Route(**BY_INSTRUCTOR, ok=204),
    ("GET", f"{API}/me/sessions"): Route("person"),
    ("DELETE", f"{API}/me/sessions"): Route("person", login=True, ok=204),
    ("DELETE", f"{API}/me/sessions/{{session_id}}"): Route("person", login=True, ok=204),
    ("GET", f"{API}/me/tokens"): Route("person"),
    ("POST", f"{API}/me/tokens"): Route(
        "person", login=True, ok=201, body={"name": "laptop", "scopes": ["read"]}
    ),
    ("DELETE", f"{API}/me/tokens/{{token}}"): Route("person", login=True, ok=204),
    ("GET", f"{COURSE}/people"): Route("grader"),
    ("POST", f"{COURSE}/people"): Route(
        **BY_INSTRUCTOR, ok=201, body={"name": "Bo", "email": "bo@example.edu"}
    ),
    ("GET", f"{COURSE}/people/{{user}}"): Route("grader"),
    ("PATCH", f"{COURSE}/people/{{user}}"): Route(**BY_INSTRUCTOR, body={"role": "grader"}),
    ("DELETE", f"{COURSE}/people/{{user}}"): Route(**BY_INSTRUCTOR, ok=204),
    ("POST", f"{COURSE}/people/{{user}}/reset"): Route(**BY_INSTRUCTOR, ok=201),
    ("POST", f"{COURSE}/test-student"): Route(**BY_INSTRUCTOR),
    ("GET", f"{COURSE}/joining"): Route(**BY_INSTRUCTOR | {"scope": "manage"}),
    # Joining is off in both courses of the scene: tests/api/test_join_codes.py covers it.
    ("POST", f"{COURSE}/joining/code"): Route(**BY_INSTRUCTOR, ok=409),
    ("GET", f"{API}/join/{{code}}"): Route("anyone", path={"code": JOIN_CODE}),
    ("POST", f"{API}/join"): Route("person", login=True, body={"code": JOIN_CODE}),
    ("POST", f"{API}/join/account"): Route(
        "anyone", ok=201, body={"code": JOIN_CODE, "name": "Bo", "email": "bo@example.edu"}
    ),
    ("GET", f"{COURSE}/sections"): Route("grader"),
    ("POST", f"{COURSE}/sections"): Route(**BY_INSTRUCTOR, ok=201, body={"name": "C"}),
    ("PATCH", f"{COURSE}/sections/{{section}}"): Route(**BY_INSTRUCTOR, body={"name": "C"}),
    # A section with people cannot be deleted.
    ("DELETE", f"{COURSE}/sections/{{section}}"): Route(**BY_INSTRUCTOR, ok=409),
    ("POST", f"{COURSE}/roster"): Route(**BY_INSTRUCTOR, body="name,email\nBo,bo@example.edu\n"),
    ("POST", f"{COURSE}/invites"): Route(**BY_INSTRUCTOR, body=build_invite),
    ("POST", f"{COURSE}/invites/mail"): Route(**BY_INSTRUCTOR, ok=202, body=build_invite),
    ("GET", f"{COURSE}/audit"): Route("instructor"),
    ("GET", f"{API}/audit"): Route(**BY_ADMIN),
    ("GET", f"{API}/users"): Route(**BY_ADMIN),
    ("POST", f"{API}/users"): Route(
        **BY_ADMIN, ok=201, body={"name": "Bo", "email": "bo@example.edu"}
    ),
    ("GET", USER): Route(**BY_ADMIN),
    ("PATCH", USER): Route(**BY_ADMIN, body={"name": "Bo"}),
    ("POST", f"{USER}/suspend"): Route(**BY_ADMIN),
    ("POST", f"{USER}/restore"): Route(**BY_ADMIN),
    ("POST", f"{USER}/erase"): Route(**BY_ADMIN, body={"confirm": "The student"}),
    ("PUT", f"{USER}/administrator"): Route(**BY_ADMIN),
    ("DELETE", f"{USER}/administrator"): Route(**BY_ADMIN),
    ("POST", f"{USER}/reset"): Route(**BY_ADMIN, ok=201),
    ("POST", f"{USER}/invite"): Route(**BY_ADMIN, ok=201),
}


def add_objects(scene: Scene) -> None:
    """Add a failed message in each course, news, and a calendar."""
    messages = {}
    for course_key, person, course in (
        (HERE, scene.student, scene.course),
        (ELSEWHERE, scene.stranger, scene.other),
    ):
        messages[course_key] = OutboxMessage(
            id=new_id(),
            recipient_id=person.id,
            kind="invitation",
            course_id=course,
            created_at=scene.world.clock(),
            due_at=scene.world.clock(),
            status="failed",
        )
    news = OutboxMessage(
        recipient_id=scene.student.id,
        kind="request_answered",
        course_id=scene.course,
        assignment_id=scene.assigned.assignment,
        created_at=scene.world.clock(),
        due_at=scene.world.clock(),
        status="sent",
    )
    with scene.world.session() as session:
        session.add_all([*messages.values(), news])
        session.add(MailOptOut(user_id=scene.student.id, kind="results_released"))
        session.add(MailKey(user_id=scene.student.id, key=bytes(range(1, 33))))
        session.flush()
        unsubscribe = create_unsubscribe_token(session, scene.student.id, "request_answered")
        calendar = new_secret("calendar")
        feed = {"prefix": calendar.prefix, "digest": calendar.digest}
        feed |= {"user_id": scene.student.id, "created_at": scene.world.clock()}
        session.add(CalendarFeed(**feed))
    scene.put("secret", here=calendar.text, elsewhere="none")
    scene.places[HERE]["unsubscribe_token"] = unsubscribe
    scene.put("message", here=messages["here"].id, elsewhere=messages["elsewhere"].id)
