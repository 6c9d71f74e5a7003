"""Permissions of accounts, the people of courses, and the audit log."""

from api_browser import OTHER_PASSWORD, PASSWORD
from scene import HERE, NEWCOMER_EMAIL, Scene

from access import Route
from access.pages import JOIN_CODE
from api.auth.secrets import new_secret
from api.core.ids import new_id
from api.db.models import CalendarFeed, MailKey, MailOptOut, OutboxMessage
from api.services.accounts.links.unsubscribe import create_unsubscribe_token

API = "/api/v1"
COURSE = f"{API}/courses/{{course}}"
USER = f"{API}/users/{{user}}"
MANAGES = {"least": "instructor", "scope": "manage"}
SITE = {"least": "admin", "scope": "admin", "site": True}


def user_to_name(scene):
    return {"people": [str(scene.classmate.id)]}


def invitation(scene: Scene) -> dict[str, str]:
    return {"secret": scene.places[HERE]["invitation"], "password": OTHER_PASSWORD}


ROUTES = {
    ("POST", f"{API}/login"): Route("anyone", body={"email": NEWCOMER_EMAIL, "password": PASSWORD}),
    ("POST", f"{API}/invites/accept"): Route("anyone", body=invitation),
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
    ("GET", f"{API}/mail"): Route(**SITE),
    ("POST", f"{API}/mail/{{message}}/resend"): Route(**SITE, ok=204),
    ("GET", f"{COURSE}/mail"): Route(**MANAGES),
    ("POST", f"{COURSE}/mail/{{message}}/resend"): Route(**MANAGES, ok=204),
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
        **MANAGES, ok=201, body={"name": "Bo", "email": "bo@example.edu"}
    ),
    ("GET", f"{COURSE}/people/{{user}}"): Route("grader"),
    ("PATCH", f"{COURSE}/people/{{user}}"): Route(**MANAGES, body={"role": "grader"}),
    ("DELETE", f"{COURSE}/people/{{user}}"): Route(**MANAGES, ok=204),
    ("POST", f"{COURSE}/people/{{user}}/reset"): Route(**MANAGES, ok=201),
    ("POST", f"{COURSE}/test-student"): Route(**MANAGES),
    ("GET", f"{COURSE}/joining"): Route(**MANAGES | {"scope": "manage"}),
    # Joining is off in the two courses of the scene: tests/api/test_joining.py asks.
    ("POST", f"{COURSE}/joining/code"): Route(**MANAGES, ok=409),
    ("GET", f"{API}/join/{{code}}"): Route("anyone", path={"code": JOIN_CODE}),
    ("POST", f"{API}/join"): Route("person", login=True, body={"code": JOIN_CODE}),
    ("POST", f"{API}/join/account"): Route(
        "anyone", ok=201, body={"code": JOIN_CODE, "name": "Bo", "email": "bo@example.edu"}
    ),
    ("GET", f"{COURSE}/sections"): Route("grader"),
    ("POST", f"{COURSE}/sections"): Route(**MANAGES, ok=201, body={"name": "C"}),
    ("PATCH", f"{COURSE}/sections/{{section}}"): Route(**MANAGES, body={"name": "C"}),
    # The section of the scene has people, so that it stays.
    ("DELETE", f"{COURSE}/sections/{{section}}"): Route(**MANAGES, ok=409),
    ("POST", f"{COURSE}/roster"): Route(**MANAGES, body="name,email\nBo,bo@example.edu\n"),
    ("POST", f"{COURSE}/invites"): Route(**MANAGES, body=user_to_name),
    ("POST", f"{COURSE}/invites/mail"): Route(**MANAGES, ok=202, body=user_to_name),
    ("GET", f"{COURSE}/audit"): Route("instructor"),
    ("GET", f"{API}/audit"): Route(**SITE),
    ("GET", f"{API}/users"): Route(**SITE),
    ("POST", f"{API}/users"): Route(**SITE, ok=201, body={"name": "Bo", "email": "bo@example.edu"}),
    ("GET", USER): Route(**SITE),
    ("PATCH", USER): Route(**SITE, body={"name": "Bo"}),
    ("POST", f"{USER}/suspend"): Route(**SITE),
    ("POST", f"{USER}/restore"): Route(**SITE),
    ("POST", f"{USER}/erase"): Route(**SITE, body={"confirm": "The student"}),
    ("PUT", f"{USER}/administrator"): Route(**SITE),
    ("DELETE", f"{USER}/administrator"): Route(**SITE),
    ("POST", f"{USER}/reset"): Route(**SITE, ok=201),
    ("POST", f"{USER}/invite"): Route(**SITE, ok=201),
}


def furnish(scene: Scene) -> None:
    """Add a failed message in each course, news, and a calendar."""
    messages = {}
    for place, person, course in (
        ("here", scene.student, scene.course),
        ("elsewhere", scene.stranger, scene.other),
    ):
        messages[place] = OutboxMessage(
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
        assignment_id=scene.posed.assignment,
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
