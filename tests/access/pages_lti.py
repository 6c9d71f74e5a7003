"""Permissions of the LTI pages; tests/api/test_lti_launches.py covers the effects of a launch."""

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
from api.services.lti.launches.initiation import compute_digest, derive_url_token
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
FORM_TYPE = "application/x-www-form-urlencoded"
FORM_POST = {"media": FORM_TYPE, "headers": {"Sec-Fetch-Site": "same-origin"}}
ADMIN_POST = {"scope": "admin", "site": True, **FORM_POST}
PLATFORM_FORM = (
    "name=Moodle&issuer=https%3A%2F%2Fnew.example&client_id=c"
    "&authorization_url=https%3A%2F%2Fnew.example%2Fauth"
    "&token_url=https%3A%2F%2Fnew.example%2Ftoken&jwks_url=https%3A%2F%2Fnew.example%2Fjwks"
)
BROWSER_ID = "of-the-browser"
BROWSER_HEADERS = {"Cookie": f"grader-lti={BROWSER_ID}"}
BROWSER_FORM_POST = {"media": FORM_TYPE, "headers": FORM_POST["headers"] | BROWSER_HEADERS}
REGISTRATION = "the-secret-of-a-registration"
REGISTRATION_FORM = urlencode(
    {"openid_configuration": f"{LMS}/openid", "registration_token": "token"}
)
LIFETIME = timedelta(days=1)
"""Lifetime of launches, longer than the clocks of a test module advance."""


def build_login_initiation(scene: Scene) -> dict[str, str]:
    """Return the parameters with which the platform initiates the login of a launch."""
    return {
        "iss": LMS,
        "login_hint": "hint",
        "target_link_uri": scene.world.service.lti.addresses.launch_url,
        "client_id": DIALECT.client_id,
    }


def begin_launch(scene: Scene) -> dict[str, Any]:
    """Begin a launch, and return the platform's message and the cookie of the browser."""
    response = scene.ask("GET", "/lti/login", headers={}, params=build_login_initiation(scene))
    query = dict(parse_qsl(urlsplit(response.headers["location"]).query))
    platform: LtiPlatform = scene.platform
    claims = platform.claims(platform.student, query["nonce"])
    message = {"state": query["state"], "id_token": platform.signed(claims)}
    cookie = response.headers["set-cookie"].partition(";")[0]
    return {"body": urlencode(message), "headers": {"Cookie": cookie, "Sec-Fetch-Dest": "document"}}


def build_token_form(token: str, **fields: str) -> str:
    return urlencode({"token": token, **fields})


ROUTES = {
    ("GET", "/lti/login"): Route(
        "anyone", ok=303, prepare=lambda scene: {"query": build_login_initiation(scene)}
    ),
    ("POST", "/lti/login"): Route(
        "anyone",
        ok=303,
        body=lambda scene: urlencode(build_login_initiation(scene)),
        media=FORM_TYPE,
    ),
    ("POST", "/lti/launch"): Route("anyone", ok=303, media=FORM_TYPE, prepare=begin_launch),
    ("GET", "/lti/enter"): Route(
        "anyone", ok=303, query={"token": derive_url_token("known")}, headers=BROWSER_HEADERS
    ),
    ("POST", "/lti/enter"): Route("anyone", ok=303, body=build_token_form("known"), **FORM_POST),
    ("GET", "/lti/link"): Route(
        "anyone", query={"token": derive_url_token("unknown")}, headers=BROWSER_HEADERS
    ),
    ("POST", "/lti/link"): Route(
        "anyone",
        ok=303,
        body=build_token_form(
            derive_url_token("unknown"), choice="password", email=NEWCOMER_EMAIL, password=PASSWORD
        ),
        **BROWSER_FORM_POST,
    ),
    ("GET", "/lti/deep-link"): Route("anyone", query={"token": derive_url_token("chooses")}),
    ("POST", "/lti/deep-link"): Route(
        "anyone",
        body=lambda scene: build_token_form(
            derive_url_token("chooses"), assignment=str(scene.assigned.assignment)
        ),
        **FORM_POST,
    ),
    ("GET", "/lti/register/{registration}"): Route("anyone"),
    ("POST", "/lti/register/{registration}"): Route("anyone", body=REGISTRATION_FORM, **FORM_POST),
    ("GET", "/lti/connect"): Route(
        "person",
        site=True,
        caller="instructor",
        query={"token": derive_url_token("connects")},
        headers=BROWSER_HEADERS,
    ),
    ("POST", "/lti/connect"): Route(
        "person",
        scope="manage",
        ok=303,
        site=True,
        caller="instructor",
        body=lambda scene: build_token_form(derive_url_token("connects"), course=str(scene.course)),
        **BROWSER_FORM_POST,
    ),
    ("GET", "/lti/jwks"): Route("anyone"),
    ("GET", "/lti/config.json"): Route("anyone"),
    ("GET", "/lti/platforms"): Route("admin", site=True),
    ("GET", "/lti/platforms/new"): Route("admin", site=True),
    ("POST", "/lti/platforms/new"): Route("admin", ok=303, body=PLATFORM_FORM, **ADMIN_POST),
    ("POST", "/lti/platforms/link"): Route(
        "admin", body="name=Moodle&origin=https%3A%2F%2Flms.example", **ADMIN_POST
    ),
    ("POST", "/lti/platforms/keys/rotate"): Route("admin", ok=303, body="x=1", **ADMIN_POST),
    ("GET", "/lti/platforms/{platform}"): Route("admin", site=True),
    ("POST", "/lti/platforms/{platform}"): Route(
        "admin", ok=303, body=f"{PLATFORM_FORM}&version=1", **ADMIN_POST
    ),
    ("POST", "/lti/platforms/{platform}/deployments"): Route(
        "admin", ok=303, body="deployment=2", **ADMIN_POST
    ),
    ("POST", "/lti/platforms/{platform}/disable"): Route("admin", ok=303, body="x=1", **ADMIN_POST),
    ("POST", "/lti/platforms/{platform}/enable"): Route("admin", ok=303, body="x=1", **ADMIN_POST),
    ("GET", "/courses/{course}/lti"): Route("instructor"),
    ("POST", "/courses/{course}/lti/sync"): Route(
        "instructor", scope="manage", ok=303, body="x=1", **FORM_POST
    ),
    ("POST", "/courses/{course}/lti/roster"): Route(
        "instructor",
        scope="manage",
        ok=303,
        body=lambda scene: f"context={scene.places['here']['lti_context']}",
        **FORM_POST,
    ),
    ("POST", "/courses/{course}/lti/scores"): Route(
        "instructor",
        scope="manage",
        ok=303,
        body=lambda scene: f"assignment={scene.assigned.assignment}",
        **FORM_POST,
    ),
    ("POST", "/courses/{course}/lti/links"): Route(
        "instructor",
        scope="manage",
        ok=303,
        body=lambda scene: f"link={scene.places['here']['lti_link']}&assignment=",
        **FORM_POST,
    ),
}


def add_objects(scene: Scene) -> None:
    """Add a platform with its keys, launches, and a context with members and scores per course."""
    now = scene.world.clock()
    scene.platform = LtiPlatform(DIALECT, now=int(now.timestamp()))
    scene.world.service.lti.http = PlatformHttp(
        httpx2.MockTransport(_build_platform_handler(scene.platform))
    )
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
        for row in (platform_row, deployment_row, link, _build_key(scene)):
            session.add(row)
            session.flush()
        session.add_all(_build_launches(scene, platform, deployment))
    _connect_courses(scene, deployment)
    scene.put("platform", here=platform, elsewhere=platform)
    scene.put("registration", here=REGISTRATION, elsewhere=REGISTRATION)


def _build_platform_handler(platform: LtiPlatform) -> Any:
    """Return a request handler of the platform, which also handles registrations."""

    def handle(request: httpx2.Request) -> httpx2.Response:
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

    return handle


def _build_key(scene: Scene) -> LtiKey:
    pem = rsa_key("the tool of the scene").as_pem(private=True).decode()
    return LtiKey(kid="key-1", private_key=pem, created_at=scene.world.clock())


def _build_launches(scene: Scene, platform: UUID, deployment: UUID) -> list[LtiLaunch]:
    """Return one launch per next step: log in, link an account, choose an assignment, connect."""
    now, teacher = scene.world.clock(), scene.instructor.id
    common_claims = {"deployment_id": "1", "roles": tuple(ROLES["learner"]), "name": "Ada New"}
    instructor_claims = {"roles": tuple(ROLES["instructor"]), "subject": "u-instructor"}
    deep_link = DeepLinkRequest(return_url=f"{LMS}/links", data="opaque & kept")
    claims = {
        "known": {"subject": "u-student", "context_id": HERE, "link_id": "1"},
        "unknown": {"subject": "u-new", "context_id": HERE, "link_id": "1"},
        "chooses": instructor_claims | {"context_id": HERE, "deep_link": deep_link},
        "connects": instructor_claims
        | {"context_id": "new", "link_id": "1", "context_title": "DL 2027"},
    }
    return [
        LtiLaunch(
            digest=compute_digest(derive_url_token(token)),
            browser_digest=compute_digest(BROWSER_ID),
            platform_id=platform,
            expires_at=now + LIFETIME,
            answered_at=now,
            deployment_id=deployment,
            claims=LaunchClaims(**(common_claims | token_claims)).model_dump(mode="json"),
            user_id=teacher if token == "connects" else None,  # noqa: S105  # the name of a launch
        )
        for token, token_claims in claims.items()
    ]


def _connect_courses(scene: Scene, deployment: UUID) -> None:
    """Connect a context to each course, with a link, members, and a failed score per member."""
    now, link_ids, context_ids = scene.world.clock(), {}, {}
    courses = {
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
        for course_key, (course, people_names) in courses.items():
            context_ids[course_key], link_ids[course_key] = new_id(), new_id()
            assignment = UUID(scene.places[course_key]["assignment"])
            context = LtiContext(
                id=context_ids[course_key],
                deployment_id=deployment,
                context_id=course_key,
                course_id=course,
                connected_at=now,
                line_items_url=f"{LMS}/items",
                memberships_url=f"{LMS}/members",
                scopes=[f"{AGS}scope/score"],
                created_at=now,
            )
            link = LtiLink(
                id=link_ids[course_key], context_id=context.id, link_id="1", created_at=now
            )
            line_item = LtiLineItem(
                id=new_id(),
                context_id=context.id,
                assignment_id=assignment,
                url=f"{LMS}/items/{course_key}",
                created_at=now,
            )
            for row in (context, link, line_item):
                session.add(row)
                session.flush()
            for name in people_names:
                message = OutboxMessage(
                    id=new_id(),
                    recipient_id=scene.people[name].id,
                    kind="score",
                    course_id=course,
                    assignment_id=assignment,
                    created_at=now,
                    due_at=now,
                    status="failed",
                    error=f"The platform refused the score ({course_key}).",
                )
                session.add(message)
                session.flush()
                session.add_all(_build_member_rows(scene, name, line_item, message, deployment))
    scene.put("lti_link", **link_ids)
    scene.put("lti_context", **context_ids)


def _build_member_rows(
    scene: Scene, name: str, line_item: LtiLineItem, message: OutboxMessage, deployment: UUID
) -> list[Any]:
    """Return the rows of a member: user id, membership and score."""
    now, user_id = scene.world.clock(), scene.people[name].id
    return [
        LtiUser(deployment_id=deployment, subject=f"u-{name}", user_id=user_id, created_at=now),
        LtiMember(
            context_id=line_item.context_id,
            user_id=user_id,
            seen_at=now,
            left_at=now if name == "classmate" else None,
        ),
        LtiScore(
            line_item_id=line_item.id,
            student_id=user_id,
            message_id=message.id,
            score=Fraction(1, 3),
            possible=Fraction(8),
            progress="FullyGraded",
            sent_timestamp=now,
        ),
    ]
