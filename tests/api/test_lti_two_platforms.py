"""Tests of several platforms and deployments: what one of them states is nothing to the others."""

from dataclasses import replace

import httpx2
import pytest
from lti_platform import DIALECTS, LtiPlatform, signed_by
from pages import Browser
from query_plans import record_statements
from sqlalchemy import select, update
from world import World

from api.core.ids import new_id
from api.db.models import Enrolment, LtiContext, LtiDeployment, LtiUser, User
from api.db.models import LtiPlatform as PlatformRow
from api.rate_limits.event_limits import EVENT_LIMITS, EventLimit
from api.services.lti.launches.initiation import SEVERAL_CLIENTS, UNKNOWN_PLATFORM
from api.services.lti.platforms.registry import add_deployment
from api.services.lti.protocol.public_http import PlatformHttp

ONE_DATABASE = True
CONTEXT = {"id": "12", "title": "DL 2026"}
"""The same id of a context at every platform."""
SECOND_DEPLOYMENT = "second"
MOODLE = DIALECTS["moodle"]
OTHERS = {
    "another product": DIALECTS["brightspace"],
    "another client of the same issuer": replace(
        DIALECTS["canvas"], issuer=MOODLE.issuer, deployment=MOODLE.deployment
    ),
}


def register(world, dialect, key):
    platform = LtiPlatform(dialect, kid=key, published=(key,))
    platform.id = platform.register(world)
    return platform


@pytest.fixture(params=OTHERS.values(), ids=OTHERS)
def world(request, database_url):
    """Return a service with two platforms, `first` and `other`, which have different keys."""
    world = World(database_url)
    world.first = register(world, MOODLE, "key-of-the-first")
    world.other = register(world, request.param, "key-of-the-other")
    by_host = {httpx2.URL(one.host).host: one for one in (world.first, world.other)}
    transport = httpx2.MockTransport(lambda sent: by_host[sent.url.host].serve(sent))
    world.service.lti.http = PlatformHttp(transport)
    yield world
    world.close()


REFUSED_LOGINS = {
    "another client": {"client_id": "another"},
    "another issuer": {"iss": "https://unknown.example"},
    "nothing": {"iss": "", "client_id": "", "login_hint": ""},
    "another target": {"target": "https://evil.example/lti/launch"},
    "no user": {"login_hint": ""},
}


def read_frame_ancestors(page):
    """Return the origins that may frame a page."""
    [directive] = [
        one.split()[1:]
        for one in page.headers["content-security-policy"].split(";")
        if one.split()[0] == "frame-ancestors"
    ]
    return directive


@pytest.mark.parametrize("changes", REFUSED_LOGINS.values(), ids=REFUSED_LOGINS)
@pytest.mark.parametrize("is_disabled", [False, True])
def test_refused_login_page_can_be_framed_only_by_its_platform(world, changes, is_disabled):
    if is_disabled:
        with world.session() as session:
            session.execute(update(PlatformRow).values(disabled_at=world.clock()))
        changes = {name: text for name, text in changes.items() if name != "target"}
    for platform in (world.first, world.other):
        with world.session() as session:
            origins = session.get_one(PlatformRow, platform.id).origins
        page = platform.begin(Browser(world), **changes)
        assert page.status in {403, 422}
        framing = read_frame_ancestors(page)
        assert platform.host in framing
        assert set(framing) <= set(origins)


def test_a_refused_login_without_a_sender_is_framed_by_the_only_platform_of_its_issuer(world):
    is_shared = world.first.dialect.issuer == world.other.dialect.issuer
    with world.session() as session:
        origins = session.get_one(PlatformRow, world.first.id).origins
    unnamed = {"Origin": "null", "Referer": ""}
    page = world.first.begin(Browser(world), client_id="another", headers=unnamed)
    assert page.status == 403
    assert read_frame_ancestors(page) == (["'none'"] if is_shared else origins)


def test_refused_request_of_an_unknown_sender_reveals_no_platform(world):
    own = world.service.settings.public_url
    senders = ["", "null", "https://unknown.example", own, "https://[", "https://a.example:x"]
    for sender in senders:
        headers = {"Origin": sender, "Referer": sender} if sender else {}
        browser = Browser(world)
        for page in (
            browser.get("/lti/login", headers=headers),
            browser.get("/lti/login", params={"iss": "https://unknown.example"}, headers=headers),
            browser.post("/lti/login", {"iss": "x"}, headers=headers),
            browser.post("/lti/launch", {"state": "x"}, headers=headers),
            browser.get("/lti/deep-link", params={"token": "x"}, headers=headers),
        ):
            assert page.status in {403, 422}
            assert read_frame_ancestors(page) == ["'none'"]


def test_refused_message_page_can_be_framed_only_by_the_platform_of_its_state(world):
    for platform in (world.first, world.other):
        with world.session() as session:
            origins = session.get_one(PlatformRow, platform.id).origins
        browser = Browser(world)
        query = platform.authorize(platform.begin(browser))
        form = {"state": query["state"], "id_token": "x"}
        page = platform.send(browser, form, headers={"Origin": "null"})
        assert page.status == 403
        assert read_frame_ancestors(page) == origins
        again = platform.send(browser, form, headers={"Origin": "null"})
        assert (again.status, read_frame_ancestors(again)) == (403, origins)


def test_rate_limited_request_reads_no_platform(world, monkeypatch):
    window = EVENT_LIMITS["flow_address"].window
    for name in ("flow_address", "flow_step_address"):
        monkeypatch.setitem(EVENT_LIMITS, name, EventLimit(1, window))
    world.first.begin(Browser(world), login_hint="")
    world.first.send(Browser(world), {"state": "x"})
    with record_statements(world.db.engine) as statements:
        pages = [
            world.first.begin(Browser(world), login_hint=""),
            world.first.send(Browser(world), {"state": "x"}),
            Browser(world).get("/lti/deep-link", params={"token": "x"}),
        ]
    assert [page.status for page in pages] == [429] * 3
    assert [read_frame_ancestors(page) for page in pages] == [["'none'"]] * 3
    assert not [one for one in statements if "lti_" in one]


def deployment_of(world, platform, name=None):
    with world.session() as session:
        return session.scalar(
            select(LtiDeployment.id).where(
                LtiDeployment.platform_id == platform.id,
                LtiDeployment.deployment_id == (name or platform.dialect.deployment),
            )
        )


def connect(world, deployment, course):
    with world.session() as session:
        session.add(
            LtiContext(
                id=new_id(),
                deployment_id=deployment,
                context_id=CONTEXT["id"],
                course_id=course,
                connected_at=world.clock(),
                scopes=[],
                created_at=world.clock(),
            )
        )


def add_second_deployment(world):
    with world.session() as session:
        add_deployment(session, None, world.first.id, SECOND_DEPLOYMENT, now=world.clock())


def people(world):
    """Return the courses of each account, in the order of the accounts."""
    with world.session() as session:
        rows = session.execute(
            select(Enrolment.user_id, Enrolment.course_id).order_by(Enrolment.user_id)
        )
        return [(user, course) for user, course in rows]


def count(world, model):
    with world.session() as session:
        return len(session.scalars(select(model)).all())


def test_same_subject_on_two_platforms_gets_two_accounts(world):
    courses = [world.course("first"), world.course("other")]
    pages = []
    for platform, course in zip((world.first, world.other), courses, strict=True):
        connect(world, deployment_of(world, platform), course)
        for _ in range(2):  # the second launch opens the same account
            student = replace(world.first.student, email="")
            pages.append(platform.launch(Browser(world), student, context=CONTEXT))
    assert [page.location for page in pages] == [
        f"/courses/{course}" for course in courses for _ in range(2)
    ]
    entries = people(world)
    assert sorted(course for _, course in entries) == sorted(courses)
    assert len({user for user, _ in entries}) == len(entries) == 2
    assert count(world, LtiUser) == 2


def test_same_subject_in_two_deployments_gets_two_accounts(world):
    add_second_deployment(world)
    courses = [world.course("first"), world.course("second")]
    for name, course in zip((MOODLE.deployment, SECOND_DEPLOYMENT), courses, strict=True):
        connect(world, deployment_of(world, world.first, name), course)
        page = world.first.launch(
            Browser(world), world.first.student, context=CONTEXT, deployment_id=name
        )
        assert page.location == f"/courses/{course}"
    assert len({user for user, _ in people(world)}) == 2


def test_context_connected_on_one_platform_is_unknown_on_another(world):
    course = world.course()
    connect(world, deployment_of(world, world.first), course)
    page = world.other.launch(Browser(world), world.other.student, context=CONTEXT)
    assert page.status == 403
    add_second_deployment(world)
    page = world.first.launch(
        Browser(world), world.first.student, context=CONTEXT, deployment_id=SECOND_DEPLOYMENT
    )
    assert page.status == 403
    assert people(world) == []
    assert count(world, User) == 0


def test_deployment_of_one_platform_is_unknown_on_another(world):
    add_second_deployment(world)
    page = world.other.launch(
        Browser(world), world.other.student, context=CONTEXT, deployment_id=SECOND_DEPLOYMENT
    )
    assert page.status == 403
    assert repr(SECOND_DEPLOYMENT) in page.text
    assert count(world, LtiContext) == 0


@pytest.mark.parametrize("nonce", ["of the state", "of its own launch"])
def test_message_of_another_platform_does_not_match_a_state(world, nonce):
    connect(world, deployment_of(world, world.first), world.course())
    browser = Browser(world)
    query = world.first.authorize(world.first.begin(browser))
    own = world.other.authorize(world.other.begin(browser))
    chosen = {"of the state": query, "of its own launch": own}[nonce]["nonce"]
    token = world.other.signed(world.other.claims(world.other.student, chosen, context=CONTEXT))
    page = world.first.send(browser, {"state": query["state"], "id_token": token})
    assert page.status == 403
    assert page.one("p", role="alert").text
    assert count(world, LtiUser) == 0


@pytest.mark.parametrize("named", ["key-of-the-first", "key-of-the-other"])
def test_key_of_one_platform_is_not_accepted_for_another(world, named):
    """The first platform signs with its key in the name of the other one."""
    connect(world, deployment_of(world, world.other), world.course())
    sign = signed_by("key-of-the-first", names=named)
    page = world.other.launch(Browser(world), world.other.student, context=CONTEXT, sign=sign)
    assert page.status == 403
    assert count(world, LtiUser) == 0
    accepted = world.other.launch(Browser(world), world.other.student, context=CONTEXT)
    assert accepted.status == 303


def test_launch_without_client_id_requires_a_single_client_of_the_issuer(world):
    is_shared = world.first.dialect.issuer == world.other.dialect.issuer
    page = world.first.begin(Browser(world), client_id="")
    assert page.status == (422 if is_shared else 303)
    assert (SEVERAL_CLIENTS in page.text) is is_shared


def test_client_of_another_issuer_is_unknown(world):
    foreign = replace(world.first.dialect, issuer="https://third.example")
    world.first.dialect = foreign
    page = world.first.begin(Browser(world))
    assert page.status == 403
    assert UNKNOWN_PLATFORM in page.text
    assert count(world, PlatformRow) == 2
