"""A learning platform for tests, as five products send launches; it needs no network.

platform = LtiPlatform(DIALECTS["moodle"])
world.service.lti.http = PlatformHttp(platform.transport)
platform.register(world)
page = platform.launch(Browser(world), platform.teacher)   # the page after the launch
"""

import base64
import hmac
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx2
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from sqlalchemy import select
from world import World

from api.db.models import LtiDeployment
from api.db.models import LtiPlatform as PlatformRow
from api.services.lti.platforms.registry import PlatformValues, add_platform

if TYPE_CHECKING:
    from pages import Browser, Page

__all__ = ["DIALECTS", "SCOPES", "TOOL", "Dialect", "LtiPlatform", "Member"]

TOOL = "http://127.0.0.1:8000"
CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person"
MEMBERS_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
ROLES = {
    "instructor": [f"{MEMBERSHIP}#Instructor"],
    "ta": [f"{MEMBERSHIP}#Instructor", f"{MEMBERSHIP}/Instructor#TeachingAssistant"],
    "learner": [f"{MEMBERSHIP}#Learner"],
    "mentor": [f"{MEMBERSHIP}#Mentor"],
    "administrator": [f"{INSTITUTION}#Administrator", f"{MEMBERSHIP}#Administrator"],
}
SCOPES = [f"{AGS}scope/{name}" for name in ("lineitem", "lineitem.readonly", "score")]
_KEYS: dict[str, RSAKey] = {}


def rsa_key(kid: str) -> RSAKey:
    """Return the RSA key of an id, made once in a run."""
    if kid not in _KEYS:
        _KEYS[kid] = RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})
    return _KEYS[kid]


@dataclass(frozen=True)
class Dialect:
    """What is particular about the launches of a product, as its documentation says.

    *by_post*: a launch begins with a form. *extra* are claims that it adds; *roles* are roles
    beside those in the course. *names*: launches have names and addresses. *line_item_query*:
    addresses of line items have a query.
    """

    name: str
    issuer: str
    origin: str
    authorization_url: str
    client_id: str
    deployment: str
    context: str
    by_post: bool = True
    sends_client: bool = True
    names: bool = True
    audience_as_list: bool = False
    short_roles: bool = False
    line_item_query: str = ""
    roles: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)


DIALECTS = {
    "canvas": Dialect(
        "Canvas",
        issuer="https://canvas.instructure.com",
        origin="https://uni.instructure.com",
        authorization_url="https://sso.canvaslms.com/api/lti/authorize_redirect",
        client_id="10000000000042",
        deployment="7:8865aa05b4b79b64a91a86042e43af5ea8ae79eb",
        context="4dde05e8ca1973bcca9bffc13e1548820eee93a3",
        roles=(
            f"{INSTITUTION}#Student",
            "http://purl.imsglobal.org/vocab/lis/v2/system/person#User",
        ),
        extra={
            "locale": "en",
            "picture": "https://uni.instructure.com/images/a.png",
            f"{CLAIM}lti1p1": {"user_id": "535fa085f22b4655f48cd5a36a9215f64c062838"},
            "https://www.instructure.com/placement": "course_navigation",
        },
    ),
    "moodle": Dialect(
        "Moodle",
        issuer="https://moodle.example.edu",
        origin="https://moodle.example.edu",
        authorization_url="https://moodle.example.edu/mod/lti/auth.php",
        client_id="Ux3mCrpIJRqNiCd",
        deployment="3",
        context="12",
        by_post=False,
        short_roles=True,
        line_item_query="?type_id=3",
        roles=(f"{INSTITUTION}#Administrator",),
        extra={
            f"{CLAIM}ext": {"lms": "moodle-2", "user_username": "ann"},
            f"{AGS}claim/unused": None,
        },
    ),
    "blackboard": Dialect(
        "Blackboard",
        issuer="https://blackboard.com",
        origin="https://uni.blackboard.com",
        authorization_url="https://developer.blackboard.com/api/v1/gateway/oidcauth",
        client_id="c5f4a8d0-4b19-4d2f-8f2d-8a5b6a7d7a11",
        deployment="b1a3f1c2-37a5-4f0a-a3a2-6f0d0f8e3f01",
        context="8c2d8b62d1fb4a5c8b4e7a5c7d2e1f00",
        by_post=False,
        extra={"https://blackboard.com/lti/claim/one_time_session_token": "x"},
    ),
    "brightspace": Dialect(
        "Brightspace",
        issuer="https://uni.brightspace.com",
        origin="https://uni.brightspace.com",
        authorization_url="https://uni.brightspace.com/d2l/lti/authenticate",
        client_id="5f0a4b67-21c1-4d2d-a0c4-6a2f8e7d1c90",
        deployment="8d5d9b0e-63a8-4fb1-91a6-0d3a7ce8c0de",
        context="6606",
        audience_as_list=True,
        extra={"http://www.brightspace.com": {"tenant_id": "t", "org_defined_id": "9"}},
    ),
    "sakai": Dialect(
        "Sakai",
        issuer="https://sakai.example.edu",
        origin="https://sakai.example.edu",
        authorization_url="https://sakai.example.edu/imsoidc/lti13/oidc_auth",
        client_id="3b7e9d4e-90a5-4a20-bb0c-9a3d4bd5a3ba",
        deployment="1",
        context="a7f1d2f0-1c3e-4f5a-9b8c-7d6e5f4a3b2c",
        names=False,
        extra={f"{CLAIM}lti11_legacy_user_id": "ann"},
    ),
}
"""Five products, as their documentation describes their launches."""


@dataclass
class Member:
    """Person at the platform."""

    user_id: str
    name: str
    role: str = "learner"
    email: str = ""
    status: str = "Active"


@dataclass
class LtiPlatform:
    """Platform with launches, keys and access tokens; *tool* is the address of the service.

    *published* are the ids of the keys in its JWKS, *kid* the one that signs. *down* makes every
    request fail: ``"connection"``, or a status. *requests* are the paths that were requested.
    *links* are those that the tool made by its *answers*. *items* are its line items and *scores*
    the scores it accepted. *faults* are those of the next requests for scores: a status, ``429
    7`` with the seconds to wait, ``403 as Canvas`` for too many requests, ``timeout`` before the
    score is stored, or ``lost`` after.
    *refused_users* are not enrolled, *revoked* tokens ended. *next_host* is that of the next page
    of a list, by default its own.
    """

    dialect: Dialect
    tool: str = TOOL
    now: int = 0
    kid: str = "platform-key-1"
    published: tuple[str, ...] = ("platform-key-1",)
    down: str | int = ""
    requests: list[str] = field(default_factory=list)
    teacher: Member = field(
        default_factory=lambda: Member("u-teacher", "Tea Cher", "instructor", "tea@example.edu")
    )
    student: Member = field(
        default_factory=lambda: Member("u-student", "Stu Dent", "learner", "stu@example.edu")
    )
    tool_keys: Any = None
    items: list[dict[str, Any]] = field(default_factory=list)
    scores: list[dict[str, Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    page_size: int = 100
    next_host: str = ""
    refused_users: set[str] = field(default_factory=set)
    tokens_given: int = 0
    revoked: set[str] = field(default_factory=set)
    members: list[Member] = field(default_factory=list)
    links: list[dict[str, Any]] = field(default_factory=list)
    nonces: set[str] = field(default_factory=set)
    answers: list[dict[str, Any]] = field(default_factory=list)

    @property
    def host(self) -> str:
        return self.dialect.origin

    @property
    def transport(self) -> httpx2.MockTransport:
        return httpx2.MockTransport(self.serve)

    def values(self, **changes: Any) -> PlatformValues:
        """Return what an administrator copies from the platform."""
        values = {
            "name": self.dialect.name,
            "issuer": self.dialect.issuer,
            "client_id": self.dialect.client_id,
            "authorization_url": self.dialect.authorization_url,
            "token_url": f"{self.host}/token",
            "jwks_url": f"{self.host}/jwks",
            "origin": self.host,
            "deployments": (self.dialect.deployment,),
        }
        return PlatformValues(**(values | changes))

    def register(self, world: World, **changes: Any) -> Any:
        """Register the platform in the service, and return its id."""
        self.now = int(world.clock().timestamp())
        with world.session() as session:
            return add_platform(session, None, self.values(**changes), now=world.clock()).id

    def deployment_id(self, world: World) -> Any:
        """Return the id of its deployment in the service."""
        with world.session() as session:
            return session.scalar(
                select(LtiDeployment.id)
                .join(PlatformRow, PlatformRow.id == LtiDeployment.platform_id)
                .where(PlatformRow.issuer == self.dialect.issuer)
            )

    # Launches

    def begin(
        self,
        browser: "Browser",
        *,
        target: str | None = None,
        headers: dict[str, str] | None = None,
        **changes: str,
    ) -> "Page":
        """Begin a launch, as a link at the platform does, and return the reply of the tool."""
        parameters = {
            "iss": self.dialect.issuer,
            "login_hint": "hint",
            "target_link_uri": f"{self.tool}/lti/launch" if target is None else target,
            "lti_message_hint": "message",
            "lti_deployment_id": self.dialect.deployment,
        }
        if self.dialect.sends_client:
            parameters["client_id"] = self.dialect.client_id
        parameters = {name: text for name, text in (parameters | changes).items() if text}
        if self.dialect.by_post:
            base = {"Origin": self.host, "Sec-Fetch-Site": "cross-site", "Cookie": ""}
            return browser.post("/lti/login", parameters, headers=base | (headers or {}))
        base = {"Referer": f"{self.host}/"}
        return browser.get("/lti/login", params=parameters, headers=base | (headers or {}))

    def authorize(self, page: "Page") -> dict[str, str]:
        """Return the parameters with which the tool sends the browser to the platform."""
        assert page.status == 303, page.text
        url = urlsplit(page.location)
        assert page.location.startswith(self.dialect.authorization_url)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        assert query["response_mode"] == "form_post"
        assert (query["scope"], query["prompt"]) == ("openid", "none")
        assert query["redirect_uri"] == f"{self.tool}/lti/launch"
        return query

    def claims(
        self, member: Member, state_nonce: str, *, link: str = "link-1", **changes: Any
    ) -> dict[str, Any]:
        """Return the claims of a launch; *changes* replace some, None leaves one out."""
        dialect = self.dialect
        audience: Any = [dialect.client_id] if dialect.audience_as_list else dialect.client_id
        claims: dict[str, Any] = {
            "iss": dialect.issuer,
            "aud": audience,
            "azp": dialect.client_id,
            "sub": member.user_id,
            "iat": self.now,
            "exp": self.now + 300,
            "nonce": state_nonce,
            f"{CLAIM}version": "1.3.0",
            f"{CLAIM}message_type": "LtiResourceLinkRequest",
            f"{CLAIM}deployment_id": dialect.deployment,
            f"{CLAIM}target_link_uri": f"{self.tool}/lti/launch",
            f"{CLAIM}resource_link": {"id": link, "title": "Homework 1"},
            f"{CLAIM}context": {"id": dialect.context, "title": "DL 2026", "label": "DL"},
            f"{CLAIM}roles": [*ROLES.get(member.role, [member.role]), *dialect.roles],
            f"{AGS}claim/endpoint": {
                "scope": SCOPES,
                "lineitems": f"{self.host}/context/lineitems{dialect.line_item_query}",
            },
            f"{NRPS}claim/namesroleservice": {
                "context_memberships_url": f"{self.host}/context/members",
                "service_versions": ["2.0"],
            },
        }
        if dialect.names:
            given, _, family = member.name.partition(" ")
            claims |= {"name": member.name, "given_name": given, "family_name": family}
            claims["email"] = member.email
        claims |= dialect.extra
        claims |= {self.full_name(name): value for name, value in changes.items()}
        return {name: value for name, value in claims.items() if value is not None}

    @staticmethod
    def full_name(name: str) -> str:
        """Return the name of a claim: those of LTI may be written without their prefix."""
        standard = {"iss", "aud", "azp", "sub", "iat", "exp", "nonce", "name", "email"}
        if name in standard or ":" in name:
            return name
        return f"{AGS}claim/endpoint" if name == "endpoint" else f"{CLAIM}{name}"

    def launch(
        self,
        browser: "Browser",
        member: Member,
        *,
        sign: Any = None,
        headers: dict[str, str] | None = None,
        **changes: Any,
    ) -> "Page":
        """Launch as *member*, and return the page after the redirects of the tool."""
        page = self.post_message(browser, member, sign=sign, headers=headers, **changes)
        if page.status == 303 and page.location.startswith("/lti/enter"):
            page = browser.get(page.location)
        return page

    def post_message(
        self,
        browser: "Browser",
        member: Member,
        *,
        sign: Any = None,
        headers: dict[str, str] | None = None,
        **changes: Any,
    ) -> "Page":
        """Begin a launch and send the message of the platform."""
        query = self.authorize(self.begin(browser))
        token = (sign or self.signed)(self.claims(member, query["nonce"], **changes))
        return self.send(browser, {"state": query["state"], "id_token": token}, headers=headers)

    def send(
        self, browser: "Browser", form: dict[str, str], *, headers: dict[str, str] | None = None
    ) -> "Page":
        """Send a form to the tool, as the page of the platform does in the browser."""
        # A browser sends no cookie with SameSite=Lax from another site's form.
        base = {"Origin": self.host, "Sec-Fetch-Site": "cross-site", "Cookie": ""}
        return browser.post("/lti/launch", form, headers=base | (headers or {}))

    def signed(self, claims: dict[str, Any]) -> str:
        """Return an ID token that is signed with the key in use."""
        return jwt.encode({"alg": "RS256", "kid": self.kid}, claims, rsa_key(self.kid))

    # Deep linking

    def choose_links(
        self,
        browser: "Browser",
        member: Member,
        *,
        settings: dict[str, Any] | None = None,
        **changes: Any,
    ) -> "Page":
        """Ask the tool in a frame, without its cookies, what a link opens; return its page."""
        browser.cookies.clear()
        frame = {"Sec-Fetch-Dest": "iframe"}
        query = self.authorize(
            self.begin(browser, target=f"{self.tool}/lti/deep-link", headers=frame)
        )
        asked = {
            "deep_link_return_url": f"{self.host}/links",
            "accept_types": ["ltiResourceLink", "link"],
            "accept_presentation_document_targets": ["iframe", "window"],
            "accept_multiple": True,
            "data": "opaque & kept",
        }
        claims = self.claims(
            member,
            query["nonce"],
            message_type="LtiDeepLinkingRequest",
            target_link_uri=f"{self.tool}/lti/deep-link",
            **{"resource_link": None, DEEP_LINKING: asked | (settings or {})} | changes,
        )
        form = {"state": query["state"], "id_token": self.signed(claims)}
        page = self.send(browser, form, headers=frame)
        browser.cookies.clear()
        return browser.get(page.location, headers=frame) if page.status == 303 else page

    def take_links(self, page: "Page") -> list[dict[str, Any]]:
        """Take the answer of the tool as the platform does, and return the links that it made."""
        form = page.one("form", action=f"{self.host}/links")
        return self.take_answer(form.one("input", name="JWT")["value"])

    def take_answer(self, token: str) -> list[dict[str, Any]]:
        """Check a signed answer, and make its links with their line items."""
        keys = KeySet.import_key_set({"keys": self.tool_keys})
        claims = jwt.decode(token, keys, algorithms=["RS256"]).claims
        self.answers.append(claims)
        assert claims["iss"] == self.dialect.client_id
        assert claims["aud"] == [self.dialect.issuer]
        assert self.now - 60 < claims["iat"] < claims["exp"] < self.now + 3600
        assert claims["nonce"] not in self.nonces
        self.nonces.add(claims["nonce"])
        assert claims[f"{CLAIM}message_type"] == "LtiDeepLinkingResponse"
        assert claims[f"{CLAIM}version"] == "1.3.0"
        assert claims[f"{CLAIM}deployment_id"] == self.dialect.deployment
        assert claims["https://purl.imsglobal.org/spec/lti-dl/claim/data"] == "opaque & kept"
        made = []
        for item in claims["https://purl.imsglobal.org/spec/lti-dl/claim/content_items"]:
            link = item | {"id": f"link-{len(self.links) + 1}", "line_item": ""}
            if "lineItem" in item:
                query = self.dialect.line_item_query
                url = f"{self.host}/items/{len(self.items) + 1}{query}"
                self.items.append(item["lineItem"] | {"id": url, "resourceLinkId": link["id"]})
                link["line_item"] = url
            self.links.append(link)
            made.append(link)
        return made

    def launch_link(self, browser: "Browser", member: Member, link: dict[str, Any]) -> "Page":
        """Launch a link that the tool made."""
        return self.launch(browser, member, **self.claims_of_link(link))

    def claims_of_link(self, link: dict[str, Any]) -> dict[str, Any]:
        """Return the claims that a launch of a link has beside those of every launch."""
        query = self.dialect.line_item_query
        endpoint = {"scope": SCOPES, "lineitems": f"{self.host}/context/lineitems{query}"}
        if link["line_item"]:
            endpoint["lineitem"] = link["line_item"]
        return {
            "resource_link": {"id": link["id"], "title": link["title"]},
            "custom": link["custom"],
            "endpoint": endpoint,
            "target_link_uri": link["url"],
        }

    # Services

    def serve(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a request of the tool."""
        self.requests.append(f"{request.method} {request.url.path}")
        if self.down == "connection":
            raise httpx2.ConnectError("refused")
        if self.down:
            return httpx2.Response(int(self.down), json={})
        if request.url.path == "/jwks":
            keys = [rsa_key(kid).as_dict(private=False) for kid in self.published]
            return httpx2.Response(200, json={"keys": keys})
        if request.url.path == "/token":
            return self.give_token(request)
        if request.url.path == "/context/lineitems":
            return self.serve_items(request)
        if request.url.path == "/context/members":
            return self.serve_members(request)
        if request.url.path.endswith("/scores"):
            return self.take_score(request)
        return httpx2.Response(404, json={})

    def scope_of(self, request: httpx2.Request) -> str:
        """Return the scopes of the token of a request, "" for a token that ended."""
        token = request.headers["Authorization"].removeprefix("Bearer ")
        scopes, _, number = base64.urlsafe_b64decode(token).decode().rpartition(" #")
        return "" if number in self.revoked else scopes

    def serve_items(self, request: httpx2.Request) -> httpx2.Response:
        """List line items page by page, or create another one for every request."""
        scopes = self.scope_of(request).split()
        if self.dialect.line_item_query:
            assert request.url.query.decode().startswith(self.dialect.line_item_query[1:])
        if request.method == "POST":
            assert scopes == [f"{AGS}scope/lineitem"]
            assert request.headers["Content-Type"] == "application/vnd.ims.lis.v2.lineitem+json"
            item = json.loads(request.content)
            number = len(self.items) + 1
            item["id"] = f"{self.host}/items/{number}{self.dialect.line_item_query}"
            self.items.append(item)
            if "lost item" in self.faults:
                self.faults.remove("lost item")
                raise httpx2.ReadTimeout("lost")
            return httpx2.Response(201, json=item)
        # As Moodle does: the scope to write does not let a tool read.
        if scopes != [f"{AGS}scope/lineitem.readonly"]:
            return httpx2.Response(401 if not scopes else 403, json={})
        query = parse_qs(request.url.query.decode())
        start = int(query.get("start", ["0"])[0])
        page = self.items[start : start + self.page_size]
        headers = {}
        if start + self.page_size < len(self.items):
            separator = self.dialect.line_item_query + "&" if self.dialect.line_item_query else "?"
            url = f"{self.next_host or self.host}/context/lineitems{separator}"
            url += f"start={start + self.page_size}"
            headers["Link"] = f'<{self.host}/first>; rel="first", <{url}>; rel="next"'
        return httpx2.Response(200, json=page, headers=headers)

    def serve_members(self, request: httpx2.Request) -> httpx2.Response:
        """Return a page of the roster, unless a fault is due."""
        fault = self.faults.pop(0) if self.faults else ""
        if fault:
            status, _, seconds = fault.partition(" ")
            headers = {"Retry-After": seconds} if seconds else {}
            return httpx2.Response(int(status), json={"error": "a fault"}, headers=headers)
        if self.scope_of(request) != f"{NRPS}scope/contextmembership.readonly":
            return httpx2.Response(401, json={})
        assert request.headers["Accept"] == MEMBERS_TYPE
        start = int(parse_qs(request.url.query.decode()).get("start", ["0"])[0])
        headers = {}
        if start + self.page_size < len(self.members):
            url = f"{self.next_host or self.host}/context/members?start={start + self.page_size}"
            headers["Link"] = f'<{self.host}/first>; rel="first", <{url}>; rel="next"'
        page = self.members[start : start + self.page_size]
        entries = [self.describe(one) for one in page]
        body = {"id": str(request.url), "context": {"id": self.dialect.context}}
        return httpx2.Response(200, json=body | {"members": entries}, headers=headers)

    def describe(self, member: Member) -> dict[str, Any]:
        """Return the entry of a member in the roster."""
        roles = ROLES.get(member.role, [member.role])
        # Platforms send short names of roles here, or the full ones.
        short = [one.rpartition("#")[2] for one in roles] if self.dialect.short_roles else roles
        entry: dict[str, Any] = {"user_id": member.user_id, "roles": short}
        if member.status:
            entry["status"] = member.status
        if self.dialect.names:
            given, _, family = member.name.partition(" ")
            entry |= {"name": member.name, "given_name": given, "family_name": family}
            entry["email"] = member.email
        return entry

    def take_score(self, request: httpx2.Request) -> httpx2.Response:
        """Accept a score that is newer than the last one of its user, unless a fault is due."""
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "timeout":
            raise httpx2.ReadTimeout("slow")
        if fault == "403 as Canvas":
            return httpx2.Response(403, text="403 Forbidden (Rate Limit Exceeded)\n")
        if fault and fault != "lost":
            status, _, seconds = fault.partition(" ")
            headers = {"Retry-After": seconds} if seconds else {}
            return httpx2.Response(int(status), json={"error": "a fault"}, headers=headers)
        if self.scope_of(request) != f"{AGS}scope/score":
            return httpx2.Response(401, json={})
        assert request.headers["Content-Type"] == "application/vnd.ims.lis.v1.score+json"
        if self.dialect.line_item_query:
            assert str(request.url).endswith(f"/scores{self.dialect.line_item_query}")
        score = json.loads(request.content) | {"item": request.url.path.split("/")[2]}
        if score["userId"] in self.refused_users:
            return httpx2.Response(400, json={"error": "Incorrect score received"})
        earlier = [one["timestamp"] for one in self.scores_of(score["userId"], score["item"])]
        assert all(one < score["timestamp"] for one in earlier), "timestamps go back"
        assert score["scoreMaximum"] > 0
        self.scores.append(score)
        if fault == "lost":
            raise httpx2.ReadTimeout("lost")
        return httpx2.Response(200)

    def scores_of(self, user: str, item: str = "") -> list[dict[str, Any]]:
        """Return the scores of a user that were accepted, in order."""
        return [
            one
            for one in self.scores
            if one["userId"] == user and (not item or one["item"] == item)
        ]

    def give_token(self, request: httpx2.Request) -> httpx2.Response:
        """Check the assertion of the tool, and return a token that names its scopes."""
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        keys = KeySet.import_key_set({"keys": self.tool_keys})
        claims = jwt.decode(form["client_assertion"], keys, algorithms=["RS256"]).claims
        assert claims["iss"] == claims["sub"] == self.dialect.client_id
        assert claims["aud"] == f"{self.host}/token"
        assert claims["jti"]
        self.tokens_given += 1
        text = f"{form['scope']} #{self.tokens_given}"
        token = base64.urlsafe_b64encode(text.encode()).decode()
        return httpx2.Response(200, json={"access_token": token, "expires_in": 3600})


def unsigned(claims: dict[str, Any], kid: str = "platform-key-1") -> str:
    """Return an ID token without a signature."""
    return f"{_body({'alg': 'none', 'kid': kid}, claims)}."


def signed_with_the_public_key(claims: dict[str, Any], kid: str = "platform-key-1") -> str:
    """Return an ID token with an HMAC under the public key, which everybody knows."""
    body = _body({"alg": "HS256", "kid": kid}, claims)
    key = rsa_key(kid).as_pem(private=False)
    mac = base64.urlsafe_b64encode(hmac.digest(key, body.encode(), "sha256")).rstrip(b"=")
    return f"{body}.{mac.decode()}"


def signed_by(kid: str, *, names: str) -> Any:
    """Return a function that signs with one key and names another one."""
    return lambda claims: jwt.encode({"alg": "RS256", "kid": names}, claims, rsa_key(kid))


def signed_by_the_key_in_its_head(claims: dict[str, Any]) -> str:
    """Return an ID token that is signed with a key of its sender, and carries this key."""
    key = rsa_key("evil-key")
    header = {"alg": "RS256", "jwk": key.as_dict(private=False), "jku": "https://evil.example/"}
    return jwt.encode(header | {"kid": "platform-key-1"}, claims, key)


def _body(header: dict[str, Any], claims: dict[str, Any]) -> str:
    pieces = (json.dumps(one).encode() for one in (header, claims))
    return ".".join(base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in pieces)
