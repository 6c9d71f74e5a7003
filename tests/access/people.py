"""Permissions of accounts, the people of courses, and the audit log."""

from scene import Scene

from access import Route
from api.core.ids import new_id
from api.db.models import CalendarFeed, MailKey, MailOptOut, OutboxMessage

API = "/api/v1"
COURSE = f"{API}/courses/{{course}}"
USER = f"{API}/users/{{user}}"
MANAGES = {"least": "instructor", "scope": "manage"}
SITE = {"least": "admin", "scope": "admin", "site": True}


def user_to_name(scene):
    return {"people": [str(scene.classmate.id)]}


ROUTES = {
    # Their refusals depend on what is sent: tests/api/test_people_login.py asks.
    ("POST", f"{API}/login"): Route("anyone", called=False),
    ("POST", f"{API}/invites/accept"): Route("anyone", called=False),
    ("POST", f"{API}/device/code"): Route("anyone", body={"client": "A notebook"}),
    ("POST", f"{API}/device/token"): Route(
        "anyone", ok=400, body={"device_code": "gr_code_unknown"}
    ),
    # Without e-mail it is refused: tests/api/test_password_reset.py asks.
    ("POST", f"{API}/password-reset"): Route("anyone", called=False, ok=202),
    ("POST", f"{API}/logout"): Route("person", login=True, ok=204),
    ("GET", f"{API}/me"): Route("person"),
    ("PATCH", f"{API}/me"): Route("person", login=True, body={"name": "Ann"}),
    ("POST", f"{API}/me/password"): Route(
        "person",
        login=True,
        called=False,  # nobody in the scene has a password
        body={"current": "a b c", "new": "four words of mine"},
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
    # Joining is off in the scene: tests/api/test_joining.py asks.
    ("POST", f"{COURSE}/joining/code"): Route(**MANAGES, ok=409),
    ("GET", f"{API}/join/{{code}}"): Route("anyone", ok=404, path={"code": "BDFK-XTRW"}),
    ("POST", f"{API}/join"): Route(
        "person", login=True, called=False, body={"code": "BDFK-XTRW-BDFK-XTRW"}
    ),
    ("POST", f"{API}/join/account"): Route("anyone", called=False, ok=201),
    ("GET", f"{COURSE}/sections"): Route("grader"),
    ("POST", f"{COURSE}/sections"): Route(**MANAGES, ok=201, body={"name": "C"}),
    ("PATCH", f"{COURSE}/sections/{{section}}"): Route(**MANAGES, body={"name": "C"}),
    # The section of the scene has people, so that it stays.
    ("DELETE", f"{COURSE}/sections/{{section}}"): Route(**MANAGES, ok=409),
    ("POST", f"{COURSE}/roster"): Route(**MANAGES, body="name,email\nBo,bo@example.edu\n"),
    ("POST", f"{COURSE}/invites"): Route(**MANAGES, body=user_to_name),
    # No e-mail is set up in the scene.
    ("POST", f"{COURSE}/invites/mail"): Route(**MANAGES, ok=409, body=user_to_name),
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
    """Add a failed message in each course."""
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
    with scene.world.session() as session:
        session.add_all(messages.values())
        session.add(MailOptOut(user_id=scene.student.id, kind="results_released"))
        session.add(MailKey(user_id=scene.student.id, key=bytes(32)))
        feed = {"prefix": "a" * 12, "digest": bytes(32), "created_at": scene.world.clock()}
        session.add(CalendarFeed(user_id=scene.student.id, **feed))
    scene.put("secret", here="none", elsewhere="none")
    scene.put("message", here=messages["here"].id, elsewhere=messages["elsewhere"].id)
