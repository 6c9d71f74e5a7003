"""Permissions of the pages of LTI; what a launch may do is in tests/api/test_lti_launches.py."""

from datetime import timedelta
from fractions import Fraction
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

import httpx2
from api_browser import PASSWORD
from lti_platform import AGS, ROLES, Dialect, LtiPlatform, rsa_key
from scene import ELSEWHERE, HERE, NEWCOMER_EMAIL, Scene

from access import Route
from api.core.ids import new_id
from api.db.models import (
    LtiContext,
    LtiDeployment,
    LtiKey,
    LtiLaunch,
    LtiLineItem,
    LtiLink,
    LtiMember,
    LtiRegistrationLink,
    LtiScore,
    LtiUser,
    OutboxMessage,
)
from api.db.models import LtiPlatform as PlatformRow
from api.services.lti.launches.initiation import compute_digest
from api.services.lti.protocol.claims import DeepLinkRequest, LaunchClaims
from api.services.lti.protocol.public_http import PlatformHttp

LMS = "https://lms.example"
DIALECT = Dialect(
    "Lms",
    issuer=LMS,
    origin=LMS,
    authorization_url=f"{LMS}/auth",
    client_id="grader",
    deployment="1",
    context=HERE,
)
FORM = "application/x-www-form-urlencoded"
SENT = {"media": FORM, "headers": {"Sec-Fetch-Site": "same-origin"}}
MAKES = {"scope": "admin", "site": True, **SENT}
PLATFORM = (
    "name=Moodle&issuer=https%3A%2F%2Fnew.example&client_id=c"
    "&authorization_url=https%3A%2F%2Fnew.example%2Fauth"
    "&token_url=https%3A%2F%2Fnew.example%2Ftoken&jwks_url=https%3A%2F%2Fnew.example%2Fjwks"
)
BROWSER = "of-the-browser"
IN_BROWSER = {"Cookie": f"grader-lti={BROWSER}"}
SENT_IN_BROWSER = {"media": FORM, "headers": SENT["headers"] | IN_BROWSER}
REGISTRATION = "the-secret-of-a-registration"
METADATA = urlencode({"openid_configuration": f"{LMS}/openid", "registration_token": "token"})
LIFETIME = timedelta(days=1)
"""Launches last for the tests of a module, whose clocks move."""


def begun(scene: Scene) -> dict[str, str]:
    """Return the parameters with which the platform begins a launch."""
    return {
        "iss": LMS,
        "login_hint": "hint",
        "target_link_uri": scene.world.service.lti.addresses.launch_url,
        "client_id": DIALECT.client_id,
    }


def sent_message(scene: Scene) -> dict[str, Any]:
    """Begin a launch, and return the message and the cookie with which its browser comes back."""
    reply = scene.ask("GET", "/lti/login", headers={}, params=begun(scene))
    query = dict(parse_qsl(urlsplit(reply.headers["location"]).query))
    platform: LtiPlatform = scene.platform
    claims = platform.claims(platform.student, query["nonce"])
    message = {"state": query["state"], "id_token": platform.signed(claims)}
    cookie = reply.headers["set-cookie"].partition(";")[0]
    return {"body": urlencode(message), "headers": {"Cookie": cookie}}


def form(token: str, **fields: str) -> str:
    return urlencode({"token": token, **fields})


ROUTES = {
    ("GET", "/lti/login"): Route("anyone", ok=303, prepare=lambda scene: {"query": begun(scene)}),
    ("POST", "/lti/login"): Route(
        "anyone", ok=303, body=lambda scene: urlencode(begun(scene)), media=FORM
    ),
    ("POST", "/lti/launch"): Route("anyone", ok=303, media=FORM, prepare=sent_message),
    ("GET", "/lti/enter"): Route("anyone", ok=303, query={"token": "known"}, headers=IN_BROWSER),
    ("POST", "/lti/enter"): Route("anyone", ok=303, body=form("known"), **SENT),
    ("GET", "/lti/link"): Route("anyone", query={"token": "unknown"}, headers=IN_BROWSER),
    ("POST", "/lti/link"): Route(
        "anyone",
        ok=303,
        body=form("unknown", choice="password", email=NEWCOMER_EMAIL, password=PASSWORD),
        **SENT_IN_BROWSER,
    ),
    ("GET", "/lti/deep-link"): Route("anyone", query={"token": "chooses"}),
    ("POST", "/lti/deep-link"): Route(
        "anyone",
        body=lambda scene: form("chooses", assignment=str(scene.posed.assignment)),
        **SENT,
    ),
    ("GET", "/lti/register/{registration}"): Route("anyone"),
    ("POST", "/lti/register/{registration}"): Route("anyone", body=METADATA, **SENT),
    ("GET", "/lti/connect"): Route(
        "person",
        site=True,
        caller="instructor",
        query={"token": "connects"},
        headers=IN_BROWSER,
    ),
    ("POST", "/lti/connect"): Route(
        "person",
        scope="manage",
        ok=303,
        site=True,
        caller="instructor",
        body=lambda scene: form("connects", course=str(scene.course)),
        **SENT_IN_BROWSER,
    ),
    ("GET", "/lti/jwks"): Route("anyone"),
    ("GET", "/lti/config.json"): Route("anyone"),
    ("GET", "/lti/platforms"): Route("admin", site=True),
    ("GET", "/lti/platforms/new"): Route("admin", site=True),
    ("POST", "/lti/platforms/new"): Route("admin", ok=303, body=PLATFORM, **MAKES),
    ("POST", "/lti/platforms/link"): Route(
        "admin", body="name=Moodle&origin=https%3A%2F%2Flms.example", **MAKES
    ),
    ("POST", "/lti/platforms/keys/rotate"): Route("admin", ok=303, body="x=1", **MAKES),
    ("POST", "/lti/platforms/{platform}/deployments"): Route(
        "admin", ok=303, body="deployment=2", **MAKES
    ),
    ("POST", "/lti/platforms/{platform}/disable"): Route("admin", ok=303, body="x=1", **MAKES),
    ("POST", "/lti/platforms/{platform}/enable"): Route("admin", ok=303, body="x=1", **MAKES),
    ("GET", "/courses/{course}/lti"): Route("instructor"),
    ("POST", "/courses/{course}/lti/sync"): Route(
        "instructor", scope="manage", ok=303, body="x=1", **SENT
    ),
    ("POST", "/courses/{course}/lti/roster"): Route(
        "instructor",
        scope="manage",
        ok=303,
        body=lambda scene: f"context={scene.places['here']['lti_context']}",
        **SENT,
    ),
    ("POST", "/courses/{course}/lti/scores"): Route(
        "instructor",
        scope="manage",
        ok=303,
        body=lambda scene: f"assignment={scene.posed.assignment}",
        **SENT,
    ),
    ("POST", "/courses/{course}/lti/links"): Route(
        "instructor",
        scope="manage",
        ok=303,
        body=lambda scene: f"link={scene.places['here']['lti_link']}&assignment=",
        **SENT,
    ),
}


def furnish(scene: Scene) -> None:
    """Add a platform with its keys, a context in each course, launches, members and scores."""
    now = scene.world.clock()
    scene.platform = LtiPlatform(DIALECT, now=int(now.timestamp()))
    scene.world.service.lti.http = PlatformHttp(httpx2.MockTransport(_serve(scene.platform)))
    platform, deployment = new_id(), new_id()
    urls = {
        name: f"{LMS}/{path}"
        for name, path in (
            ("authorization_url", "auth"),
            ("token_url", "token"),
            ("jwks_url", "jwks"),
        )
    }
    platform_row = PlatformRow(
        id=platform,
        name="Lms",
        issuer=LMS,
        client_id=DIALECT.client_id,
        created_at=now,
        origins=[LMS],
        **urls,
    )
    deployment_row = LtiDeployment(
        id=deployment, platform_id=platform, deployment_id="1", created_at=now
    )
    link = LtiRegistrationLink(
        digest=sha256(REGISTRATION.encode()).digest(),
        name="Other Lms",
        origin=LMS,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    with scene.world.session() as session:
        for row in (platform_row, deployment_row, link, _key(scene)):
            session.add(row)
            session.flush()
        session.add_all(_launches(scene, platform, deployment))
    _connect(scene, deployment)
    scene.put("platform", here=platform, elsewhere=platform)
    scene.put("registration", here=REGISTRATION, elsewhere=REGISTRATION)


def _serve(platform: LtiPlatform) -> Any:
    """Return a function that answers requests to the platform, also those of a registration."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/openid":
            urls = {
                name: f"{LMS}/{path}"
                for name, path in (
                    ("authorization_endpoint", "auth"),
                    ("token_endpoint", "token"),
                    ("jwks_uri", "jwks"),
                    ("registration_endpoint", "register"),
                )
            }
            return httpx2.Response(200, json={"issuer": LMS} | urls)
        if request.url.path == "/register":
            return httpx2.Response(201, json={"client_id": "registered"})
        return platform.serve(request)

    return answer


def _key(scene: Scene) -> LtiKey:
    pem = rsa_key("the tool of the scene").as_pem(private=True).decode()
    return LtiKey(kid="key-1", private_key=pem, created_at=scene.world.clock())


def _launches(scene: Scene, platform: UUID, deployment: UUID) -> list[LtiLaunch]:
    """Return a launch for each way on: one's account, a link to it, a choice, a connection."""
    now, teacher = scene.world.clock(), scene.instructor.id
    shared = {"deployment_id": "1", "roles": tuple(ROLES["learner"]), "name": "Ada New"}
    teaches = {"roles": tuple(ROLES["instructor"]), "subject": "u-instructor"}
    choice = DeepLinkRequest(return_url=f"{LMS}/links", data="opaque & kept")
    claims = {
        "known": {"subject": "u-student", "context_id": HERE, "link_id": "1"},
        "unknown": {"subject": "u-new", "context_id": HERE, "link_id": "1"},
        "chooses": teaches | {"context_id": HERE, "deep_link": choice},
        "connects": teaches | {"context_id": "new", "link_id": "1", "context_title": "DL 2027"},
    }
    return [
        LtiLaunch(
            digest=compute_digest(token),
            browser_digest=compute_digest(BROWSER),
            platform_id=platform,
            expires_at=now + LIFETIME,
            answered_at=now,
            deployment_id=deployment,
            claims=LaunchClaims(**(shared | own)).model_dump(mode="json"),
            user_id=teacher if token == "connects" else None,  # noqa: S105  # the name of a launch
        )
        for token, own in claims.items()
    ]


def _connect(scene: Scene, deployment: UUID) -> None:
    """Add a connected context with a link, members, and a failed score of each to each course."""
    now, links, contexts = scene.world.clock(), {}, {}
    places = {
        HERE: (scene.course, ("student", "classmate")),
        ELSEWHERE: (scene.other, ("stranger",)),
    }
    with scene.world.session() as session:
        session.add(
            LtiUser(
                deployment_id=deployment,
                subject="u-instructor",
                user_id=scene.instructor.id,
                created_at=now,
            )
        )
        for place, (course, names) in places.items():
            contexts[place], links[place], item = new_id(), new_id(), new_id()
            assignment = UUID(scene.places[place]["assignment"])
            context = LtiContext(
                id=contexts[place],
                deployment_id=deployment,
                context_id=place,
                course_id=course,
                connected_at=now,
                line_items_url=f"{LMS}/items",
                memberships_url=f"{LMS}/members",
                scopes=[f"{AGS}scope/score"],
                created_at=now,
            )
            link = LtiLink(id=links[place], context_id=context.id, link_id="1", created_at=now)
            line_item = LtiLineItem(
                id=item,
                context_id=context.id,
                assignment_id=assignment,
                url=f"{LMS}/items/{place}",
                created_at=now,
            )
            for row in (context, link, line_item):
                session.add(row)
                session.flush()
            for name in names:
                message = OutboxMessage(
                    id=new_id(),
                    recipient_id=scene.people[name].id,
                    kind="score",
                    course_id=course,
                    assignment_id=assignment,
                    created_at=now,
                    due_at=now,
                    status="failed",
                    error=f"The platform refused the score ({place}).",
                )
                session.add(message)
                session.flush()
                session.add_all(_membership(scene, name, line_item, message, deployment))
    scene.put("lti_link", **links)
    scene.put("lti_context", **contexts)


def _membership(
    scene: Scene, name: str, item: LtiLineItem, message: OutboxMessage, deployment: UUID
) -> list[Any]:
    """Return what the platform knows of a person: their id, membership and score."""
    now, user_id = scene.world.clock(), scene.people[name].id
    return [
        LtiUser(deployment_id=deployment, subject=f"u-{name}", user_id=user_id, created_at=now),
        LtiMember(
            context_id=item.context_id,
            user_id=user_id,
            seen_at=now,
            left_at=now if name == "classmate" else None,
        ),
        LtiScore(
            line_item_id=item.id,
            student_id=user_id,
            message_id=message.id,
            score=Fraction(1, 3),
            possible=Fraction(8),
            progress="FullyGraded",
            sent_timestamp=now,
        ),
    ]
