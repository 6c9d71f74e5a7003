"""Permissions of the pages that everyone has: home, login, invitation, documentation."""

from scene import Scene

from access import Route
from api.pages.layout.templating import static_url
from api.services.files.client_wheel import load_client_wheel

FORM = "application/x-www-form-urlencoded"
OURS = {"Sec-Fetch-Site": "same-origin"}

ROUTES = {
    ("GET", "/"): Route("person", site=True),
    ("GET", "/api"): Route("anyone"),
    ("GET", "/docs"): Route("anyone"),
    ("GET", "/docs/search"): Route("anyone", query={"q": "late days"}),
    ("GET", "/docs/pictures/{name}"): Route("anyone", path={"name": "problem.png"}),
    ("GET", "/docs/{name:path}"): Route("anyone", path={"name": "gradebook"}),
    ("GET", "/static/{name}"): Route("anyone"),
    ("GET", "/client"): Route("anyone"),
    ("GET", "/client/{file}"): Route("anyone", path={"file": load_client_wheel().name}),
    ("GET", "/login"): Route("anyone"),
    ("POST", "/login"): Route("anyone", called=False),
    # These depend on settings and cookies: tests/api/test_proxy_login.py, test_oidc_login.py.
    ("POST", "/login/proxy"): Route("anyone", called=False),
    ("GET", "/login/oidc/{provider}"): Route("anyone", called=False),
    ("GET", "/login/oidc/{provider}/callback"): Route("anyone", called=False),
    ("GET", "/login/link"): Route("anyone", called=False),
    ("POST", "/login/link"): Route("anyone", called=False),
    ("POST", "/logout"): Route("anyone", called=False, headers=OURS),
    ("GET", "/logged-out"): Route("anyone", ok=303),
    # These need a secret: tests/api/test_calendar.py and test_unsubscribe.py ask.
    ("GET", "/calendar/{secret}.ics"): Route("anyone", called=False),
    ("GET", "/mail/unsubscribe/{token}"): Route("anyone", called=False),
    ("POST", "/mail/unsubscribe/{token}"): Route("anyone", called=False),
    ("GET", "/forgot"): Route("anyone"),
    ("POST", "/forgot"): Route("anyone", called=False),
    ("GET", "/join"): Route("anyone"),
    ("POST", "/join"): Route("anyone", called=False),
    ("GET", "/welcome"): Route("anyone"),
    ("POST", "/welcome"): Route("anyone", called=False),
    ("POST", "/theme"): Route("anyone", ok=303, body="theme=dark", media=FORM, headers=OURS),
    ("POST", "/view-as"): Route("anyone", ok=303, body="student=", media=FORM, headers=OURS),
}


def furnish(scene: Scene) -> None:
    """Register the name of a static file."""
    name = static_url("app.css").removeprefix("/static/")
    scene.put("name", here=name, elsewhere=name)
