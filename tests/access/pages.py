"""Permissions of the pages for everyone: home, login, invitation, documentation."""

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

FORM_TYPE = "application/x-www-form-urlencoded"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
FORM_POST = {"media": FORM_TYPE, "headers": SAME_ORIGIN}
NEWCOMER_LOGIN = urlencode({"email": NEWCOMER_EMAIL, "password": PASSWORD})
FLOW = FlowSecret("of-a-login-that-waits-for-a-link")
FLOW_HEADERS = {"Cookie": f"grader-flow={FLOW.text}"}
JOIN_CODE = "BDFK-XTRW-QLMN-CVZH"


def begin_provider_login(scene: Scene) -> dict[str, Any]:
    """Begin a login at the provider, and return the query and cookie of its callback."""
    response = scene.ask("GET", f"/login/oidc/{PROVIDER}", headers={})
    provider: OidcProvider = scene.provider
    person = {"email": "new@example.edu", "email_verified": True, "name": "New"}
    callback_url = provider.authorize(response.headers["location"], sub="1", **person)
    cookie = response.headers["set-cookie"].partition(";")[0]
    return {"query": dict(parse_qsl(urlsplit(callback_url).query)), "headers": {"Cookie": cookie}}


def use_newcomer_login(scene: Scene) -> dict[str, Any]:
    """Return the headers of the newcomer's session."""
    return {"headers": scene.logins[scene.newcomer.id]}


def build_invitation_form(scene: Scene) -> str:
    """Return a form body that sets a password with an invitation."""
    secret = scene.places[HERE]["invitation"]
    return urlencode({"secret": secret, "password": OTHER_PASSWORD, "again": OTHER_PASSWORD})


def use_unsubscribe_token(scene: Scene) -> dict[str, Any]:
    """Return the path parameter with the token of an unsubscribe link."""
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
    ("POST", "/login"): Route("anyone", ok=303, body=NEWCOMER_LOGIN, **FORM_POST),
    ("POST", "/login/proxy"): Route(
        "anyone",
        ok=303,
        body="next=/",
        media=FORM_TYPE,
        headers=SAME_ORIGIN | {"X-Remote-User": "new@example.edu"},
    ),
    ("GET", "/login/oidc/{provider}"): Route("anyone", ok=303),
    ("GET", "/login/oidc/{provider}/callback"): Route(
        "anyone", ok=303, prepare=begin_provider_login
    ),
    ("GET", "/login/link"): Route("anyone", headers=FLOW_HEADERS),
    ("POST", "/login/link"): Route(
        "anyone",
        ok=303,
        body=f"password={PASSWORD}",
        media=FORM_TYPE,
        headers=SAME_ORIGIN | FLOW_HEADERS,
    ),
    ("POST", "/logout"): Route("anyone", body="", media=FORM_TYPE, prepare=use_newcomer_login),
    ("GET", "/logged-out"): Route("anyone", ok=303),
    ("GET", "/calendar/{secret}.ics"): Route("anyone"),
    ("GET", "/mail/unsubscribe/{token}"): Route("anyone", prepare=use_unsubscribe_token),
    ("POST", "/mail/unsubscribe/{token}"): Route(
        "anyone", body="List-Unsubscribe=One-Click", prepare=use_unsubscribe_token, **FORM_POST
    ),
    ("GET", "/forgot"): Route("anyone"),
    ("POST", "/forgot"): Route("anyone", body=f"email={NEWCOMER_EMAIL}", **FORM_POST),
    ("GET", "/join"): Route("anyone"),
    ("POST", "/join"): Route(
        "anyone", ok=303, body=f"code={JOIN_CODE}", media=FORM_TYPE, prepare=use_newcomer_login
    ),
    ("GET", "/welcome"): Route("anyone"),
    ("POST", "/welcome"): Route("anyone", ok=303, body=build_invitation_form, **FORM_POST),
    ("POST", "/theme"): Route(
        "anyone", ok=303, body="theme=dark", media=FORM_TYPE, headers=SAME_ORIGIN
    ),
    ("POST", "/view-as"): Route(
        "anyone", ok=303, body="student=", media=FORM_TYPE, headers=SAME_ORIGIN
    ),
}


def add_objects(scene: Scene) -> None:
    """Add what logins need: a provider, a trusted proxy, a login to link, a course to join."""
    name = static_url("app.css").removeprefix("/static/")
    scene.put("name", here=name, elsewhere=name)
    scene.put("provider", here=PROVIDER, elsewhere=PROVIDER)
    scene.provider = OidcProvider(PROVIDER_ISSUER, now=int(scene.world.clock().timestamp()))
    for oidc in scene.world.service.oidc_providers.values():
        oidc.http = ProviderHttp(scene.provider.transport)
    _trust_proxy(scene)
    now, open_course_id = scene.world.clock(), scene.world.course("open")
    with scene.world.session() as session:
        course = session.get_one(Course, open_course_id)
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
                session_id=_load_session_id(session, scene.newcomer.id),
                provider=PROVIDER,
                id_token="an id token",  # noqa: S106  # of a provider that does not exist
            )
        )


def _load_session_id(session: Any, user_id: UUID) -> UUID:
    return UUID(
        str(session.scalars(select(LoginSession.id).where(LoginSession.user_id == user_id)).one())
    )


def _trust_proxy(scene: Scene) -> None:
    """Make all requests of the scene come from the address of the proxy."""
    app = scene.world.app

    async def call_from_proxy(scope: Any, receive: Any, send: Any) -> None:
        await app(scope | {"state": {SOCKET_PEER: PROXY}}, receive, send)

    scene.world.client.app = call_from_proxy
    use_shared_loop(scene.world.client)
