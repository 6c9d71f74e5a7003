"""Tests of rosters and line items against two other implementations, and published examples.

``pylti1p3next`` is a tool: it sends the requests to the platform of our tests that we send.
``lti1p3platform`` is a platform: it accepts our requests. The examples have the fields of those
that 1EdTech published: figure 1 of https://www.imsglobal.org/spec/lti-nrps/v2p0, and the examples
of the media types in https://www.imsglobal.org/spec/lti-ags/v2p0.
"""

import json
from fractions import Fraction
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import pytest
from actors import NOW
from lti1p3platform.lineitem import TLineItem
from lti1p3platform.ltiplatform import LTI1P3PlatformConfAbstract
from lti1p3platform.membership import Context
from lti1p3platform.registration import Registration
from lti1p3platform.request import Request
from lti1p3platform.response import generate_next_link
from lti1p3platform.score import UpdateScoreStatus
from lti1p3platform.service_connector import (
    AssignmentsGradesService as PlatformGrades,
)
from lti1p3platform.service_connector import NamesRoleProvisioningService as PlatformRoster
from lti_platform import DIALECTS, LtiPlatform, Member, rsa_key
from pylti1p3.assignments_grades import AssignmentsGradesService as ToolGrades
from pylti1p3.grade import Grade
from pylti1p3.lineitem import LineItem
from pylti1p3.names_roles import NamesRolesProvisioningService as ToolRoster
from pylti1p3.registration import Registration as ToolRegistration
from pylti1p3.service_connector import ServiceConnector

from api.services.lti.protocol.access_tokens import AccessTokens, TokenEndpoint
from api.services.lti.protocol.addresses import PlatformError
from api.services.lti.protocol.claims import (
    LINE_ITEM_READ_SCOPE,
    LINE_ITEM_SCOPE,
    MEMBERSHIP_SCOPE,
    SCORE_SCOPE,
)
from api.services.lti.protocol.grade_service import (
    LINE_ITEMS_TYPE,
    LineItemSpec,
    ScoreMessage,
    create_line_item,
    find_line_item,
    format_timestamp,
    send_score,
)
from api.services.lti.protocol.membership_service import (
    MEMBERS_TYPE,
    RosterMember,
    fetch_members,
)
from api.services.lti.protocol.public_http import PlatformHttp

KEY = "key-of-the-tool"
RESOURCE = "0198c0de-0000-7000-8000-000000000001"
MEMBERS = [
    Member(f"u-{number}", f"Stu Dent{number}", role, f"stu{number}@example.edu", status)
    for number, (role, status) in enumerate(
        (
            *(("learner", "Active"), ("ta", "Active"), ("instructor", "Active")),
            *(("learner", "Inactive"), ("mentor", "Active")),
        )
    )
]


@pytest.fixture(params=DIALECTS)
def platform(request) -> LtiPlatform:
    """Return a platform that knows the keys of both tools."""
    platform = LtiPlatform(DIALECTS[request.param], page_size=2, members=list(MEMBERS))
    public = rsa_key(KEY).as_dict(private=False)
    platform.tool_keys = [public, public | {"kid": build_registration(platform).get_kid()}]
    return platform


def fetch_token(http: PlatformHttp, platform: LtiPlatform, scope: str) -> str:
    url = f"{platform.host}/token"
    endpoint = TokenEndpoint(url, platform.dialect.client_id, url)
    return AccessTokens().get(http, endpoint, (scope,), lambda: rsa_key(KEY), now=NOW)


class Exchange:
    """Requests that our client and another tool send to the same platform."""

    def __init__(self, platform: LtiPlatform) -> None:
        self.platform = platform
        self.requests: list[tuple[Any, ...]] = []
        self.http = PlatformHttp(httpx2.MockTransport(self.serve))
        self.connector = OtherTool(build_registration(platform), RequestsSession(self.serve))
        query = platform.dialect.line_item_query
        self.line_items_url = f"{platform.host}/context/lineitems{query}"
        self.members_url = f"{platform.host}/context/members"

    def serve(self, request: httpx2.Request) -> httpx2.Response:
        request.read()
        if request.url.path != "/token":
            url = request.url.copy_remove_param("resource_id")  # the other tool does not filter
            headers = [request.headers.get(name, "") for name in ("Accept", "Content-Type")]
            body = json.loads(request.content) if request.content else None
            scope = self.platform.scope_of(request)
            self.requests.append((request.method, str(url), scope, *headers, body))
        return self.platform.serve(request)

    def take_requests(self) -> list[tuple[Any, ...]]:
        taken, self.requests = self.requests, []
        return taken

    def token(self, scope: str) -> str:
        return fetch_token(self.http, self.platform, scope)

    def build_grades(self, scope: str, item_url: str = "") -> ToolGrades:
        urls = {"lineitems": self.line_items_url, "lineitem": item_url}
        return ToolGrades(self.connector, {"scope": [scope], **urls})


class OtherTool(ServiceConnector):
    """Client of the other tool, which fetches a token for each request."""

    def _get_cached_access_token(self, _scope_key):
        return None

    def _cache_access_token(self, _scope_key, _access_token, expires_in):
        assert expires_in > 0


class RequestsSession:
    """Session of ``requests`` as far as the other tool uses it; *serve* answers."""

    def __init__(self, serve: Any) -> None:
        self._client = httpx2.Client(transport=httpx2.MockTransport(serve))

    def post(self, url, data=None, headers=None):
        kind = "data" if isinstance(data, dict) else "content"
        return self._convert(self._client.post(url, headers=headers, **{kind: data}))

    def get(self, url, headers=None):
        return self._convert(self._client.get(url, headers=headers))

    @staticmethod
    def _convert(response: httpx2.Response) -> Any:
        return SimpleNamespace(
            ok=response.is_success,
            status_code=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            content=response.content,
            json=response.json,
        )


def build_registration(platform: LtiPlatform) -> ToolRegistration:
    key = rsa_key(KEY)
    registration = ToolRegistration()
    registration.set_issuer(platform.dialect.issuer)
    registration.set_client_id(platform.dialect.client_id)
    registration.set_auth_token_url(f"{platform.host}/token")
    registration.set_tool_private_key(key.as_pem(private=True).decode())
    registration.set_tool_public_key(key.as_pem(private=False).decode())
    return registration


def test_roster_is_read_like_a_reference_tool_does(platform):
    exchange = Exchange(platform)
    ours = fetch_members(exchange.http, exchange.members_url, exchange.token(MEMBERSHIP_SCOPE))
    sent = exchange.take_requests()
    theirs = ToolRoster(
        exchange.connector, {"context_memberships_url": exchange.members_url}
    ).get_members()
    assert sent == exchange.take_requests()
    assert len(sent) == 3
    assert ours == [
        RosterMember(
            one["user_id"],
            one.get("name", ""),
            one.get("email", ""),
            tuple(one["roles"]),
            is_active=one["status"] == "Active",
        )
        for one in theirs
    ]


def test_line_item_is_created_like_a_reference_tool_does(platform):
    exchange = Exchange(platform)
    spec = LineItemSpec("Homework 1", Fraction(15, 2), RESOURCE)
    token = exchange.token(LINE_ITEM_SCOPE)
    our_url = create_line_item(exchange.http, exchange.line_items_url, token, spec)
    sent = exchange.take_requests()
    item = LineItem().set_label("Homework 1").set_score_maximum(7.5).set_tag("grader")
    item.set_resource_id(RESOURCE)
    their_url = exchange.build_grades(LINE_ITEM_SCOPE).create_lineitem(item).get_id()
    assert sent == exchange.take_requests()
    assert [one["id"] for one in platform.items] == [our_url, their_url]


@pytest.mark.parametrize("position", [0, 3, None])
def test_line_item_is_found_like_a_reference_tool_does(platform, position):
    exchange = Exchange(platform)
    platform.items = [
        {"id": f"{platform.host}/items/{number}", "resourceId": f"other-{number}", "label": "x"}
        for number in range(5)
    ]
    if position is not None:
        platform.items[position]["resourceId"] = RESOURCE
    token = exchange.token(LINE_ITEM_READ_SCOPE)
    ours = find_line_item(exchange.http, exchange.line_items_url, token, RESOURCE)
    sent = exchange.take_requests()
    grades = exchange.build_grades(LINE_ITEM_READ_SCOPE)
    theirs = grades.find_lineitem_by_resource_id(RESOURCE)
    assert sent == exchange.take_requests()
    assert ours == ("" if theirs is None else theirs.get_id())
    assert bool(ours) == (position is not None)


@pytest.mark.parametrize(
    ("score", "progress"), [(Fraction(7, 2), "FullyGraded"), (Fraction(2), "PendingManual")]
)
def test_score_is_sent_like_a_reference_tool_does(platform, score, progress):
    exchange = Exchange(platform)
    item_url = f"{platform.host}/items/1{platform.dialect.line_item_query}"
    message = ScoreMessage("u-1", score, Fraction(8), progress, NOW)
    token = exchange.token(SCORE_SCOPE)
    send_score(exchange.http, item_url, token, message, is_canvas=False)
    # The other tool accepts JSON in reply; we need no reply, and name no type.
    ours = [request[:3] + request[4:] for request in exchange.take_requests()]
    platform.scores.clear()  # it refuses the same time again
    grade = Grade().set_score_given(float(score)).set_score_maximum(8).set_user_id("u-1")
    grade.set_activity_progress("Completed").set_grading_progress(progress)
    grade.set_timestamp(format_timestamp(NOW))
    exchange.build_grades(SCORE_SCOPE, item_url).put_grade(grade)
    assert ours == [request[:3] + request[4:] for request in exchange.take_requests()]
    assert len(platform.scores) == 1


class OtherPlatform(LTI1P3PlatformConfAbstract):
    """Configuration of the other platform, with the values and the key of one of ours."""

    def init_platform_config(self, *, platform):
        key = rsa_key(platform.kid)
        self._registration = (
            Registration()
            .set_iss(platform.dialect.issuer)
            .set_client_id(platform.dialect.client_id)
            .set_deployment_id(platform.dialect.deployment)
            .set_platform_private_key(key.as_pem(private=True).decode())
            .set_platform_public_key(key.as_pem(private=False).decode())
            .set_tool_key_set({"keys": platform.tool_keys})
        )
        self._jwt_verify_options = {"verify_aud": False, "verify_exp": False, "verify_iat": False}

    def get_registration_by_params(self, **_):
        return self._registration


class OtherRequest(Request):
    """Request as the other platform reads it; numbers in the query are numbers."""

    def build_metadata(self, request):
        query = parse_qsl(request.url.query.decode())
        return {
            "method": request.method,
            "headers": request.headers,
            "get_data": {name: int(one) if one.isdecimal() else one for name, one in query},
            "content_type": request.headers.get("Content-Type"),
            "json": json.loads(request.content) if request.content else None,
        }


class OtherRoster(PlatformRoster):
    """Roster of the other platform, in pages."""

    def get_context_by_id(self):
        return Context("1", "DL", "Deep Learning")

    def get_member_data_page(self, page=1, limit=None):
        entries = [
            {"user_id": one.user_id, "roles": ["Learner"], "name": one.name} for one in MEMBERS
        ]
        start = (page - 1) * limit if limit else 0
        end = start + limit if limit else len(entries)
        return {"content": entries[start:end], "has_next": end < len(entries)}


class OtherGrades(PlatformGrades):
    """Line items and scores of the other platform, in lists of `serve_other_platform`."""

    items: list[TLineItem]
    scores: list[tuple[str, Any]]

    def find_lineitems(self, resource_id):
        entries = [one for one in self.items if one["resourceId"] == resource_id]
        return {"content": entries, "has_next": False}

    def create_lineitem(self, creation_data):
        number = len(self.items) + 1
        self.items.append(creation_data | {"id": f"https://lms.example/items/{number}"})
        return self.items[-1]

    def update_score(self, line_item_id, score):
        self.scores.append((line_item_id, score))
        return UpdateScoreStatus.CREATED

    def find_lineitem(self, line_item_id):
        raise NotImplementedError

    def update_lineitem(self, update_data):
        raise NotImplementedError

    def delete_lineitem(self, line_item_id):
        raise NotImplementedError

    def get_results(self, line_item_id, page=1, limit=None, user_id=None):
        raise NotImplementedError


class OtherServer:
    """Server of the other platform: its token endpoint, roster, line items and scores."""

    def __init__(self, platform: LtiPlatform) -> None:
        self.platform, self.config = platform, OtherPlatform(platform=platform)
        self.items: list[TLineItem] = []
        self.scores: list[tuple[str, Any]] = []
        self.http = PlatformHttp(httpx2.MockTransport(self.serve))
        self.line_items_url = f"{platform.host}/items"

    def serve(self, request: httpx2.Request) -> httpx2.Response:
        request.read()
        path = request.url.path
        if path == "/token":
            form = dict(parse_qsl(request.content.decode()))
            return httpx2.Response(200, json=self.config.get_access_token(form))
        if path == "/members":
            url = f"{self.platform.host}/members"
            service = OtherRoster(OtherRequest(request), self.config, url)
            return self._convert(request, service.handle_resp(service.handle_get_members))
        # Who may create line items reads them with the same scope there, unlike in Moodle.
        grades = OtherGrades(
            OtherRequest(request),
            self.config,
            self.line_items_url,
            allow_creating_lineitems=request.method == "POST",
        )
        grades.items, grades.scores = self.items, self.scores
        if path.endswith("/scores"):
            item = path.split("/")[2]
            return self._convert(
                request, grades.handle_resp(grades.handle_update_score, line_item_id=item)
            )
        handle = {"GET": grades.handle_get_lineitems, "POST": grades.handle_create_lineitem}
        return self._convert(request, grades.handle_resp(handle[request.method]))

    @staticmethod
    def _convert(request: httpx2.Request, reply: Any) -> httpx2.Response:
        """Return a reply as the adapters of the other platform for web frameworks do."""
        if reply.code == httpx2.codes.OK:
            assert reply.media_type == request.headers["Accept"]
        result = reply.result or {}
        following = result.pop("next", "")
        headers = {"Link": generate_next_link(following)} if following else {}
        body = result["content"] if "has_next" in result else result
        return httpx2.Response(reply.code, json=body, headers=headers)

    def token(self, scope: str) -> str:
        return fetch_token(self.http, self.platform, scope)


def test_reference_platform_serves_us_its_roster_in_pages(platform):
    server = OtherServer(platform)
    members = fetch_members(
        server.http, f"{platform.host}/members?limit=2", server.token(MEMBERSHIP_SCOPE)
    )
    assert members == [
        RosterMember(one.user_id, one.name, "", ("Learner",), is_active=True) for one in MEMBERS
    ]


def test_reference_platform_accepts_our_line_item_and_score(platform):
    server = OtherServer(platform)
    read, write = server.token(LINE_ITEM_READ_SCOPE), server.token(LINE_ITEM_SCOPE)
    assert find_line_item(server.http, server.line_items_url, read, RESOURCE) == ""
    specs = [LineItemSpec("Homework", Fraction(8), name) for name in ("x", RESOURCE)]
    urls = [create_line_item(server.http, server.line_items_url, write, spec) for spec in specs]
    assert find_line_item(server.http, server.line_items_url, read, RESOURCE) == urls[1]
    message = ScoreMessage("u-1", Fraction(7, 2), Fraction(8), "FullyGraded", NOW)
    send_score(server.http, urls[1], server.token(SCORE_SCOPE), message, is_canvas=True)
    [(item, score)] = server.scores
    assert (item, score["userId"], score["scoreGiven"]) == ("2", "u-1", 3.5)


@pytest.mark.parametrize(
    ("scope", "send"),
    [
        (
            LINE_ITEM_READ_SCOPE,
            lambda http, url, token: fetch_members(http, f"{url}/members", token),
        ),
        (
            MEMBERSHIP_SCOPE,
            lambda http, url, token: find_line_item(http, f"{url}/items", token, RESOURCE),
        ),
        (
            MEMBERSHIP_SCOPE,
            lambda http, url, token: create_line_item(
                http, f"{url}/items", token, LineItemSpec("x", Fraction(1), RESOURCE)
            ),
        ),
    ],
)
def test_reference_platform_rejects_a_token_with_another_scope(platform, scope, send):
    """Without this, the tests above would not show that the other platform checks tokens."""
    server = OtherServer(platform)
    with pytest.raises(PlatformError):
        send(server.http, platform.host, server.token(scope))


def read_example(body: Any, media_type: str) -> PlatformHttp:
    """Return a client whose platform replies with a published example."""

    def serve(request: httpx2.Request) -> httpx2.Response:
        assert request.headers["Accept"] == media_type
        return httpx2.Response(200, json=body, headers={"Content-Type": media_type})

    return PlatformHttp(httpx2.MockTransport(serve))


def test_published_roster_example_is_parsed():
    member = {
        "status": "Active",
        "name": "Ada Q. Example",
        "picture": "https://lms.example/ada.jpg",
        "given_name": "Ada",
        "family_name": "Example",
        "middle_name": "Quinn",
        "email": "ada@lms.example",
        "user_id": "a6c1e8d2-9a35-4f0b-8d67-0a3b5c7d9e11",
        "lis_person_sourcedid": "lms.example:ada",
        "lti11_legacy_user_id": "668-2879",
        "roles": ["Instructor", "Mentor"],
    }
    body = {
        "id": "https://lms.example/sections/1/memberships",
        "context": {"id": "1-abc", "label": "DL", "title": "Deep Learning"},
        "members": [member, {"user_id": "only-what-is-required", "roles": ["Learner"]}],
    }
    http = read_example(body, MEMBERS_TYPE)
    assert fetch_members(http, body["id"], "token") == [
        RosterMember(
            member["user_id"],
            "Ada Q. Example",
            "ada@lms.example",
            ("Instructor", "Mentor"),
            is_active=True,
        ),
        RosterMember("only-what-is-required", "", "", ("Learner",), is_active=True),
    ]


ITEM = {
    "id": "https://lms.example/context/1/lineitems/1",
    "scoreMaximum": 60,
    "label": "Chapter 5 quiz",
    "resourceId": RESOURCE,
    "tag": "grade",
    "resourceLinkId": "link-1",
    "startDateTime": "2026-03-06T20:05:02Z",
    "endDateTime": "2026-04-06T22:05:03Z",
    "https://tool.example/lti/extension": {"originality": 94},
}


def test_published_line_item_example_is_parsed():
    other = {"id": "https://lms.example/context/1/lineitems/2", "scoreMaximum": 100, "label": "x"}
    http = read_example([other, ITEM], LINE_ITEMS_TYPE)
    assert find_line_item(http, "https://lms.example/lineitems", "token", RESOURCE) == ITEM["id"]
    assert find_line_item(http, "https://lms.example/lineitems", "token", "unknown") == ""


@pytest.mark.parametrize("value", [{}, {"lineitems": [ITEM]}, None, "none"])
def test_line_items_that_are_not_a_list_are_rejected(value):
    http = read_example(value, LINE_ITEMS_TYPE)
    with pytest.raises(PlatformError, match="not a list"):
        find_line_item(http, "https://lms.example/lineitems", "token", RESOURCE)


def test_line_item_and_score_use_only_fields_of_the_published_examples():
    sent = []

    def serve(request: httpx2.Request) -> httpx2.Response:
        sent.append(json.loads(request.content))
        return httpx2.Response(201, json=ITEM)

    http = PlatformHttp(httpx2.MockTransport(serve))
    spec = LineItemSpec("Homework 1", Fraction(8), RESOURCE)
    assert create_line_item(http, "https://lms.example/lineitems", "token", spec) == ITEM["id"]
    for score in (Fraction(1), None):
        message = ScoreMessage("u-1", score, Fraction(8), "FullyGraded", NOW)
        send_score(http, ITEM["id"], "token", message, is_canvas=False)
    item, given, cleared = sent
    assert item.keys() <= ITEM.keys() - {"id"}
    required = {"userId", "activityProgress", "gradingProgress", "timestamp", "scoreMaximum"}
    assert given.keys() == required | {"scoreGiven"}
    assert cleared.keys() == required
