"""Permissions of the pages that everyone has: home, login, invitation, documentation."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from api_browser import OTHER_PASSWORD, PASSWORD
from event_loops import use_shared_loop
from oidc_provider import OidcProvider
from scene import HERE, NEWCOMER_EMAIL, PROVIDER, PROVIDER_ISSUER, PROXY, Scene
from sqlalchemy import select

from access import Route
from api.config.login_header import SOCKET_PEER
from api.core.ids import new_id
from api.db.models import Course, LoginFlow, LoginSession, ProviderSession
from api.pages.layout.templating import static_url
from api.services.external_login.flows import FlowSecret
from api.services.external_login.provider_http import ProviderHttp
from api.services.files.client_wheel import load_client_wheel

FORM = "application/x-www-form-urlencoded"
OURS = {"Sec-Fetch-Site": "same-origin"}
SENT = {"media": FORM, "headers": OURS}
NEWCOMER = urlencode({"email": NEWCOMER_EMAIL, "password": PASSWORD})
FLOW = FlowSecret("of-a-login-that-waits-for-a-link")
WAITING = {"Cookie": f"grader-flow={FLOW.text}"}
JOIN_CODE = "BDFK-XTRW-QLMN-CVZH"


def answer_of_provider(scene: Scene) -> dict[str, Any]:
    """Begin a login, and return the query and the cookie with which its browser comes back."""
    begun = scene.ask("GET", f"/login/oidc/{PROVIDER}", headers={})
    provider: OidcProvider = scene.provider
    person = {"email": "new@example.edu", "email_verified": True, "name": "New"}
    back = provider.authorize(begun.headers["location"], sub="1", **person)
    cookie = begun.headers["set-cookie"].partition(";")[0]
    return {"query": dict(parse_qsl(urlsplit(back).query)), "headers": {"Cookie": cookie}}


def logged_in(scene: Scene) -> dict[str, Any]:
    """Return the headers of the newcomer, who has logged in."""
    return {"headers": scene.logins[scene.newcomer.id]}


def invitation(scene: Scene) -> str:
    """Return the form that sets a password with an invitation."""
    secret = scene.places[HERE]["invitation"]
    return urlencode({"secret": secret, "password": OTHER_PASSWORD, "again": OTHER_PASSWORD})


def unsubscribing(scene: Scene) -> dict[str, Any]:
    """Return the path parameter with the token of a link to unsubscribe."""
    return {"path": {"token": scene.places[HERE]["unsubscribe_token"]}}


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
    ("POST", "/login"): Route("anyone", ok=303, body=NEWCOMER, **SENT),
    ("POST", "/login/proxy"): Route(
        "anyone",
        ok=303,
        body="next=/",
        media=FORM,
        headers=OURS | {"X-Remote-User": "new@example.edu"},
    ),
    ("GET", "/login/oidc/{provider}"): Route("anyone", ok=303),
    ("GET", "/login/oidc/{provider}/callback"): Route("anyone", ok=303, prepare=answer_of_provider),
    ("GET", "/login/link"): Route("anyone", headers=WAITING),
    ("POST", "/login/link"): Route(
        "anyone", ok=303, body=f"password={PASSWORD}", media=FORM, headers=OURS | WAITING
    ),
    ("POST", "/logout"): Route("anyone", body="", media=FORM, prepare=logged_in),
    ("GET", "/logged-out"): Route("anyone", ok=303),
    ("GET", "/calendar/{secret}.ics"): Route("anyone"),
    ("GET", "/mail/unsubscribe/{token}"): Route("anyone", prepare=unsubscribing),
    ("POST", "/mail/unsubscribe/{token}"): Route(
        "anyone", body="List-Unsubscribe=One-Click", prepare=unsubscribing, **SENT
    ),
    ("GET", "/forgot"): Route("anyone"),
    ("POST", "/forgot"): Route("anyone", body=f"email={NEWCOMER_EMAIL}", **SENT),
    ("GET", "/join"): Route("anyone"),
    ("POST", "/join"): Route(
        "anyone", ok=303, body=f"code={JOIN_CODE}", media=FORM, prepare=logged_in
    ),
    ("GET", "/welcome"): Route("anyone"),
    ("POST", "/welcome"): Route("anyone", ok=303, body=invitation, **SENT),
    ("POST", "/theme"): Route("anyone", ok=303, body="theme=dark", media=FORM, headers=OURS),
    ("POST", "/view-as"): Route("anyone", ok=303, body="student=", media=FORM, headers=OURS),
}


def furnish(scene: Scene) -> None:
    """Add what logins need: a provider, a trusted proxy, a waiting link, a course to join."""
    name = static_url("app.css").removeprefix("/static/")
    scene.put("name", here=name, elsewhere=name)
    scene.put("provider", here=PROVIDER, elsewhere=PROVIDER)
    scene.provider = OidcProvider(PROVIDER_ISSUER, now=int(scene.world.clock().timestamp()))
    for oidc in scene.world.service.oidc_providers.values():
        oidc.http = ProviderHttp(scene.provider.transport)
    _trust_the_proxy(scene)
    now, open_course = scene.world.clock(), scene.world.course("open")
    with scene.world.session() as session:
        course = session.get_one(Course, open_course)
        course.self_enrollment, course.join_code = True, JOIN_CODE
        session.add(
            LoginFlow(
                id=new_id(),
                digest=FLOW.digest,
                provider=PROVIDER,
                next_path="/account",
                expires_at=now + timedelta(days=1),
                answered_at=now,
                issuer=PROVIDER_ISSUER,
                subject="newcomer",
                email=NEWCOMER_EMAIL,
                name="Somebody new",
            )
        )
        session.add(
            ProviderSession(
                session_id=_session_of(session, scene.newcomer.id),
                provider=PROVIDER,
                id_token="an id token",  # noqa: S106  # of a provider that does not exist
            )
        )


def _session_of(session: Any, user_id: UUID) -> UUID:
    return UUID(
        str(session.scalars(select(LoginSession.id).where(LoginSession.user_id == user_id)).one())
    )


def _trust_the_proxy(scene: Scene) -> None:
    """Let each request of the scene come from the socket of the proxy."""
    app = scene.world.app

    async def reached(scope: Any, receive: Any, send: Any) -> None:
        await app(scope | {"state": {SOCKET_PEER: PROXY}}, receive, send)

    scene.world.client.app = reached
    use_shared_loop(scene.world.client)
