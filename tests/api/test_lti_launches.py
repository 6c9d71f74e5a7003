"""Tests of launches by learning platforms: five dialects, and a table of launches to refuse."""

import json
import subprocess
import sys
from pathlib import Path
from time import monotonic
from urllib.parse import parse_qs, urlsplit

import pytest
from api_browser import PASSWORD, set_password
from lti_platform import (
    DIALECTS,
    MEMBERSHIP,
    TOOL,
    LtiPlatform,
    Member,
    signed_by,
    signed_by_the_key_in_its_head,
    signed_with_the_public_key,
    unsigned,
)
from pages import Browser
from sqlalchemy import func, select, update
from world import World

from api.core.ids import new_id
from api.db.models import (
    Assignment,
    Enrolment,
    Invite,
    LtiContext,
    LtiDeployment,
    LtiLaunch,
    LtiLineItem,
    LtiLink,
    LtiUser,
    User,
)
from api.db.models import LtiPlatform as PlatformRow
from api.pages.lti.launch import NO_COOKIE
from api.services.external_login import fetched_value
from api.services.lti.launches.accounts import NAMELESS
from api.services.lti.protocol.public_http import PlatformHttp

ROOT = Path(__file__).parents[2]


@pytest.fixture
def campus(database_url):
    """Return a function that starts the service with a platform, which is at ``platform``."""
    worlds = []

    def started(dialect="moodle", *, connected=True, registered=True, settings=None, **changes):
        world = World(database_url, settings=settings or {})
        worlds.append(world)
        world.platform = LtiPlatform(DIALECTS[dialect], now=int(world.clock().timestamp()))
        world.service.lti.http = PlatformHttp(world.platform.transport)
        if registered:
            world.platform.register(world, **changes)
        if connected:
            connect(world)
        return world

    yield started
    for world in worlds:
        world.close()


def connect(world):
    """Connect the context of the platform to a new course with an assignment."""
    world.dl = world.course()
    [world.assigned] = world.assignment(world.dl)
    with world.session() as session:
        session.add(
            LtiContext(
                id=new_id(),
                deployment_id=session.scalar(select(LtiDeployment.id)),
                context_id=world.platform.dialect.context,
                course_id=world.dl,
                connected_at=world.clock(),
                scopes=[],
                created_at=world.clock(),
            )
        )


def rows(world, model):
    with world.session() as session:
        stored = session.scalars(select(model)).all()
        session.expunge_all()
        return stored


def name_of(browser):
    page = browser.get("/api/v1/me", headers={"Accept": "application/json"})
    return json.loads(page.source)["name"] if page.status == 200 else page.status


def role_in(world, name):
    with world.session() as session:
        return session.scalar(
            select(Enrolment.role)
            .join(User, User.id == Enrolment.user_id)
            .where(User.name == name, Enrolment.course_id == world.dl)
        )


@pytest.mark.parametrize("dialect", DIALECTS)
def test_launch_from_each_platform_opens_the_course(campus, dialect):
    world = campus(dialect)
    browser = Browser(world)
    page = world.platform.launch(browser, world.platform.student)
    assert (page.status, page.location) == (303, f"/courses/{world.dl}")
    assert browser.follow(page).status == 200
    name = "Stu Dent" if world.platform.dialect.names else NAMELESS
    assert name_of(browser) == name
    assert role_in(world, name) == "student"
    again = Browser(world)
    world.platform.launch(again, world.platform.student)
    assert len(rows(world, LtiUser)) == 1


def test_custom_parameter_selects_the_assignment(campus):
    world = campus("canvas")
    assignment = world.assigned.assignment
    page = world.platform.launch(
        Browser(world),
        world.platform.student,
        custom={"assignment": str(assignment)},
        endpoint={"scope": [], "lineitem": "https://uni.instructure.com/items/5"},
    )
    assert page.location == f"/assignments/{assignment}"
    [link] = rows(world, LtiLink)
    assert (link.assignment_id, link.title) == (assignment, "Homework 1")
    [item] = rows(world, LtiLineItem)
    assert (item.assignment_id, item.url) == (assignment, "https://uni.instructure.com/items/5")


def test_link_in_a_copied_course_opens_the_assignment_with_the_same_slug(campus):
    world = campus()
    other = world.course()
    [original] = world.assignment(other)
    with world.session() as session:
        slug = session.get_one(Assignment, original.assignment).slug
        session.get_one(Assignment, world.assigned.assignment).slug = slug
    page = world.platform.launch(
        Browser(world),
        world.platform.student,
        custom={"assignment": str(original.assignment)},
    )
    assert page.location == f"/assignments/{world.assigned.assignment}"


WRONG = {
    "another issuer": ({"iss": "https://moodle.evil.example"}, "(iss)"),
    "no issuer": ({"iss": None}, "(iss)"),
    "another audience": ({"aud": "somebody-else"}, "(aud)"),
    "no audience": ({"aud": None}, "(aud)"),
    "two audiences and no authorized party": (
        {"aud": ["Ux3mCrpIJRqNiCd", "other"], "azp": None},
        "(azp)",
    ),
    "another authorized party": ({"azp": "somebody-else"}, "(azp)"),
    "another nonce": ({"nonce": "chosen"}, "(nonce)"),
    "no nonce": ({"nonce": None}, "(nonce)"),
    "an expired message": ({"exp": 1_000_000_000}, "(exp)"),
    "no expiry": ({"exp": None}, "(exp)"),
    "a message from the future": ({"iat": 4_000_000_000}, "(iat)"),
    "an old message that never expires": ({"iat": 1_000_000_000, "exp": 4_000_000_000}, "(iat)"),
    "no time of issue": ({"iat": None}, "(iat)"),
    "no version": ({"version": None}, "LTI 1.3.0"),
    "another version": ({"version": "1.1"}, "LTI 1.3.0"),
    "no type of message": ({"message_type": None}, "has a type"),
    "another type of message": ({"message_type": "LtiSubmissionReviewRequest"}, "has a type"),
    "deep linking without settings": (
        {"message_type": "LtiDeepLinkingRequest"},
        "(deep_link_return_url)",
    ),
    "no deployment": ({"deployment_id": None}, "name the deployment"),
    "an empty deployment": ({"deployment_id": ""}, "name the deployment"),
    "a deployment that is a number": ({"deployment_id": 3}, "name the deployment"),
    "another deployment": ({"deployment_id": "99"}, "'99'"),
    "no link": ({"resource_link": None}, "(resource_link)"),
    "a link without an id": ({"resource_link": {"title": "x"}}, "(resource_link)"),
    "no context": ({"context": None}, "(context)"),
    "no user": ({"sub": None}, "name the user"),
    "an id of the user that is too long": ({"sub": "x" * 256}, "unusable id"),
    "no roles": ({"roles": None}, "name the roles"),
    "no target": ({"target_link_uri": None}, "(target_link_uri)"),
    "a target elsewhere": (
        {"target_link_uri": "https://evil.example/lti/launch"},
        "(target_link_uri)",
    ),
    "a target that begins as ours": (
        {"target_link_uri": f"{TOOL}/lti/launch.evil"},
        "(target_link_uri)",
    ),
}


@pytest.mark.parametrize(("claims", "reason"), WRONG.values(), ids=WRONG)
def test_launch_with_invalid_claims_gets_an_error_page(campus, claims, reason):
    world = campus()
    assert_refused(world, reason, claims=claims)


@pytest.mark.parametrize(
    ("claim", "refused", "accepted"),
    [("exp", -61, -59), ("iat", 61, 59), ("iat", -3601, -3599)],
)
def test_clocks_may_differ_by_a_minute_and_a_message_is_at_most_an_hour_old(
    campus, claim, refused, accepted
):
    world = campus()
    now = world.platform.now
    assert_refused(world, f"({claim})", claims={claim: now + refused})
    page = world.platform.launch(Browser(world), world.platform.student, **{claim: now + accepted})
    assert page.location == f"/courses/{world.dl}"


SIGNATURES = {
    "alg none": unsigned,
    "HS256 with the public key": signed_with_the_public_key,
    "a key that the platform does not publish": signed_by("evil-key", names="evil-key"),
    "the id of a key of the platform": signed_by("evil-key", names="platform-key-1"),
    "a key that the token carries": signed_by_the_key_in_its_head,
    "no signature at all": lambda _claims: "not a token",
    "an empty token": lambda _claims: "",
}


@pytest.mark.parametrize("sign", SIGNATURES.values(), ids=SIGNATURES)
def test_launch_with_an_invalid_signature_gets_an_error_page(campus, sign):
    world = campus()
    assert_refused(world, "not signed", sign=sign)


def assert_refused(world, reason, *, claims=None, sign=None):
    """Assert that the page of a refused launch shows *reason*, and that nobody is logged in."""
    browser = Browser(world)
    page = world.platform.launch(browser, world.platform.student, sign=sign, **(claims or {}))
    assert page.status == 403, page.text
    assert page.one("h1").text == "The link cannot be opened"
    assert reason in page.one("p", role="alert").text
    assert name_of(browser) == 401
    assert rows(world, LtiUser) == []


def test_replayed_launch_is_refused(campus):
    world = campus()
    browser = Browser(world)
    query = world.platform.authorize(world.platform.begin(browser))
    token = world.platform.signed(world.platform.claims(world.platform.student, query["nonce"]))
    form = {"state": query["state"], "id_token": token}
    assert world.platform.send(browser, form).status == 303
    assert world.platform.send(browser, form).status == 403
    other = world.platform.authorize(world.platform.begin(browser))
    assert world.platform.send(browser, form | {"state": other["state"]}).status == 403


def test_invalid_message_consumes_its_state(campus):
    world = campus()
    browser = Browser(world)
    query = world.platform.authorize(world.platform.begin(browser))
    claims = world.platform.claims(world.platform.student, query["nonce"])
    for token in (unsigned(claims), world.platform.signed(claims)):
        form = {"state": query["state"], "id_token": token}
        assert world.platform.send(browser, form).status == 403
    assert rows(world, LtiUser) == []


def test_unknown_or_expired_state_is_refused(campus):
    world = campus()
    browser = Browser(world)
    query = world.platform.authorize(world.platform.begin(browser))
    token = world.platform.signed(world.platform.claims(world.platform.student, query["nonce"]))
    for state in ("", "chosen"):
        page = world.platform.send(browser, {"state": state, "id_token": token})
        assert page.status == 403
    world.clock.advance(minutes=11)
    page = world.platform.send(browser, {"state": query["state"], "id_token": token})
    assert page.status == 403
    assert "took more than ten minutes" in page.text


def test_platform_error_is_shown_as_a_page(campus):
    world = campus()
    browser = Browser(world)
    query = world.platform.authorize(world.platform.begin(browser))
    form = {"state": query["state"], "error": "login_required"}
    page = world.platform.send(browser, form)
    assert page.status == 403
    assert "login_required" in page.text


@pytest.mark.parametrize(
    ("changes", "status", "message"),
    [
        ({"iss": "https://evil.example"}, 403, "not registered"),
        ({"client_id": "other"}, 403, "not registered"),
        ({"iss": ""}, 422, "iss"),
        ({"login_hint": ""}, 422, "login_hint"),
        ({"target": "https://evil.example/lti/launch"}, 403, f"{TOOL}/lti/launch"),
        ({"target": ""}, 422, "target_link_uri"),
    ],
)
def test_invalid_login_initiation_gets_an_error_page(campus, changes, status, message):
    world = campus("canvas")
    page = world.platform.begin(Browser(world), **changes)
    assert (page.status, page.location) == (status, "")
    assert message in page.text
    assert rows(world, LtiLaunch) == []


def test_disabled_platform_cannot_launch(campus):
    world = campus()
    admin = Browser(world, world.person(admin=True))
    page = admin.get("/lti/platforms")
    [disable] = [one for one in page.all("form") if one["action"].endswith("/disable")]
    query = world.platform.authorize(world.platform.begin(Browser(world)))
    assert admin.send(disable).status == 303
    page = world.platform.begin(Browser(world))
    assert page.status == 403
    assert "disabled" in page.text
    token = world.platform.signed(world.platform.claims(world.platform.student, query["nonce"]))
    form = {"state": query["state"], "id_token": token}
    assert world.platform.send(Browser(world), form).status == 403
    page = admin.get("/lti/platforms")
    [enable] = [one for one in page.all("form") if one["action"].endswith("/enable")]
    assert admin.send(enable).status == 303
    assert world.platform.launch(Browser(world), world.platform.student).status == 303


def test_unknown_deployment_is_reported_and_can_be_added(campus):
    world = campus(connected=False, deployments=())
    browser = Browser(world)
    page = world.platform.launch(browser, world.platform.student)
    assert page.status == 403
    assert "'3'" in page.text
    admin = Browser(world, world.person(admin=True))
    forms = admin.get("/lti/platforms").all("form")
    [add] = [one for one in forms if one["action"].endswith("/deployments")]
    assert admin.send(add, deployment="3").status == 303
    page = world.platform.launch(browser, world.platform.student)
    assert "not connected" in page.text


def test_rotated_platform_key_is_fetched(campus, monkeypatch):
    world = campus()
    world.platform.launch(Browser(world), world.platform.student)
    assert world.platform.requests == ["GET /jwks"]
    world.platform.launch(Browser(world), world.platform.student)
    assert world.platform.requests == ["GET /jwks"]
    world.platform.kid = "platform-key-2"
    world.platform.published = ("platform-key-1", "platform-key-2")
    monkeypatch.setattr(fetched_value, "monotonic", lambda: monotonic() + 60)
    page = world.platform.launch(Browser(world), world.platform.student)
    assert page.status == 303
    assert world.platform.requests == ["GET /jwks"] * 2


@pytest.mark.parametrize("down", ["connection", 500, 404])
def test_unavailable_platform_keys_give_an_error_page(campus, down):
    world = campus()
    world.platform.down = down
    page = world.platform.launch(Browser(world), world.platform.student)
    assert page.status == 503
    assert "cannot be fetched" in page.text


def test_launch_in_a_frame_opens_a_new_tab(campus):
    world = campus()
    frame = {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "cross-site"}
    parameters = {
        "iss": world.platform.dialect.issuer,
        "login_hint": "hint & more",
        "target_link_uri": f"{TOOL}/lti/launch",
    }
    browser = Browser(world)
    page = browser.get("/lti/login", params=parameters, headers=frame)
    assert page.status == 200
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors https://moodle.example.edu;" in policy
    link = page.one("a", text="Open in a new tab")
    assert link["target"] == "_blank"
    assert parse_qs(urlsplit(link["href"]).query)["login_hint"] == ["hint & more"]
    assert rows(world, LtiLaunch) == []
    assert browser.get(link["href"]).status == 303


def test_only_launch_pages_can_be_framed_by_their_platform(campus):
    world = campus("canvas")
    page = Browser(world).get("/login")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    page = Browser(world).get("/lti/enter", params={"token": "x"})
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    page = world.platform.post_message(
        Browser(world), world.platform.student, headers={"Sec-Fetch-Dest": "iframe"}
    )
    assert (
        "frame-ancestors https://canvas.instructure.com https://sso.canvaslms.com "
        in (page.headers["content-security-policy"])
    )


REFUSED_FRAMES = {
    "a disabled platform": ({}, True),
    "a link with another target": ({"target": "https://evil.example/lti/launch"}, False),
    "an unknown client": ({"client_id": "other"}, False),
    "no user": ({"login_hint": ""}, False),
}


@pytest.mark.parametrize(("changes", "is_disabled"), REFUSED_FRAMES.values(), ids=REFUSED_FRAMES)
def test_refused_login_in_a_frame_shows_an_error_page(campus, changes, is_disabled):
    world = campus()
    if is_disabled:
        with world.session() as session:
            session.execute(update(PlatformRow).values(disabled_at=world.clock()))
    page = world.platform.begin(Browser(world), headers={"Sec-Fetch-Dest": "iframe"}, **changes)
    assert page.status in {403, 422}
    policy = page.headers["content-security-policy"]
    assert f"frame-ancestors {world.platform.host};" in policy


@pytest.mark.parametrize("form", [{}, {"state": "chosen"}, {"state": "used"}])
def test_refused_message_in_a_frame_shows_an_error_page(campus, form):
    world = campus()
    frame = Browser(world)
    if form.get("state") == "used":
        query = world.platform.authorize(world.platform.begin(frame))
        form = {"state": query["state"], "id_token": "x"}
        world.platform.send(frame, form)
    page = world.platform.send(frame, form, headers={"Sec-Fetch-Dest": "iframe"})
    assert page.status == 403
    policy = page.headers["content-security-policy"]
    assert f"frame-ancestors {world.platform.host};" in policy


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Dest": "iframe"}, {"Sec-Fetch-Site": ""}])
def test_launch_without_cookies_continues_in_a_new_tab_once(campus, headers):
    """A browser without Sec-Fetch headers does not tell that it shows a frame."""
    world = campus()
    frame = Browser(world)
    page = world.platform.post_message(frame, world.platform.student, headers=headers)
    assert page.status == 200
    form = page.one("form", action="/lti/enter")
    assert form["target"] == "_blank"
    assert "Continue as Stu Dent" in form.text
    tab = Browser(world)
    assert tab.send(form).location == f"/courses/{world.dl}"
    assert name_of(tab) == "Stu Dent"
    assert name_of(frame) == 401
    assert Browser(world).send(form).status == 403


def test_browser_blocking_the_cookie_is_told_so(campus):
    world = campus()
    browser = Browser(world)
    page = world.platform.post_message(browser, world.platform.student)
    browser.cookies.clear()
    refused = browser.get(page.location)
    assert (refused.status, refused.one("p", role="alert").text) == (403, NO_COOKIE)


def test_tokens_in_addresses_open_no_session_in_another_browser(campus):
    world = campus()
    browser = Browser(world)
    page = world.platform.post_message(browser, world.platform.student)
    thief, token = Browser(world), page.location.partition("token=")[2]
    assert thief.post("/lti/enter", {"token": token}).status == 403
    assert thief.get(page.location).status == 403
    assert thief.get("/lti/link", params={"token": token}).status == 403
    assert name_of(thief) == 401
    assert browser.get(page.location).location == f"/courses/{world.dl}"


def test_launch_started_in_another_browser_is_refused(campus):
    world = campus()
    victim, attacker = Browser(world), Browser(world)
    world.platform.begin(victim)
    page = world.platform.post_message(attacker, world.platform.student)
    assert victim.get(page.location).status == 403
    assert name_of(victim) == 401


def test_transferred_launch_does_not_link_the_logged_in_user(campus):
    world = campus()
    victim = Browser(world, world.person("Vic Tim"))
    page = world.platform.post_message(
        Browser(world), world.platform.student, headers={"Sec-Fetch-Dest": "iframe"}
    )
    page = victim.follow(victim.send(page.one("form", action="/lti/enter")))
    assert page.all("button", value="login") == []
    token = page.all("input", name="token")[0]["value"]
    assert victim.post("/lti/link", {"token": token, "choice": "login"}).status == 403
    assert rows(world, LtiUser) == []


def test_logged_in_user_links_their_account_once(campus):
    world = campus()
    ann = world.person("Ann Example")
    browser = Browser(world, ann)
    page = browser.follow(world.platform.launch(browser, world.platform.student))
    facts = [one.text for one in page.all("dd")]
    assert facts == ["Stu Dent, stu@example.edu (id u-student)", f"Ann Example, {ann_mail(world)}"]
    form = page.one("button", value="login")
    done = browser.send(page.all("form")[0], "choice=login")
    assert form.text == "Use the account of Ann Example"
    assert done.location == f"/courses/{world.dl}"
    assert role_in(world, "Ann Example") == "student"
    fresh = Browser(world)
    world.platform.launch(fresh, world.platform.student)
    assert name_of(fresh) == "Ann Example"


def ann_mail(world):
    with world.session() as session:
        return session.scalar(select(User.email).where(User.name == "Ann Example"))


def test_email_address_alone_does_not_open_an_account(campus):
    world = campus(vouches_email=True)
    set_password(world, world.person("Real Stu", email="stu@example.edu"))
    browser = Browser(world)
    page = browser.follow(world.platform.launch(browser, world.platform.student))
    assert page.all("button", value="new") == []
    assert name_of(browser) == 401
    form = page.one("form")
    wrong = {"email": "stu@example.edu", "password": "wrong one"}
    refused = browser.send(form, "choice=password", **wrong)
    assert refused.status == 401
    assert rows(world, LtiUser) == []
    token = {"token": form.one("input", name="token")["value"], "choice": "new"}
    assert browser.post("/lti/link", token).status == 409
    done = browser.send(form, "choice=password", email="Stu@example.edu", password=PASSWORD)
    assert done.location == f"/courses/{world.dl}"
    assert name_of(browser) == "Real Stu"


def test_new_account_has_no_address_from_a_platform_that_does_not_vouch(campus):
    world = campus()
    world.platform.launch(Browser(world), world.platform.student)
    with world.session() as session:
        assert session.scalars(select(User.email)).all() == [None]


def test_new_account_gets_the_address_from_a_vouching_platform(campus):
    world = campus(vouches_email=True)
    world.platform.launch(Browser(world), world.platform.student)
    with world.session() as session:
        assert session.scalars(select(User.email)).all() == ["stu@example.edu"]


def test_account_can_be_linked_to_one_user_per_deployment(campus):
    world = campus()
    browser = Browser(world, world.person("Ann Example"))
    page = browser.follow(world.platform.launch(browser, world.platform.student))
    browser.send(page.all("form")[0], "choice=login")
    page = browser.follow(world.platform.launch(browser, Member("u-2", "Other")))
    refused = browser.send(page.all("form")[0], "choice=login")
    assert refused.status == 409
    assert "another user of the learning platform" in refused.text


def test_launch_never_logs_in_an_administrator(campus):
    world = campus()
    admin = world.person("Ad Min", admin=True)
    set_password(world, world.person(admin=True, email="ad@example.edu"))
    browser = Browser(world, admin)
    page = browser.follow(world.platform.launch(browser, world.platform.teacher))
    assert browser.send(page.all("form")[0], "choice=login").status == 303
    fresh = Browser(world)
    page = world.platform.launch(fresh, world.platform.teacher)
    assert page.status == 403
    assert "administrator" in page.text
    assert name_of(fresh) == 401
    other = Browser(world)
    page = other.follow(world.platform.launch(other, Member("u-3", "X", "instructor")))
    refused = other.send(
        page.all("form")[0], "choice=password", email="ad@example.edu", password=PASSWORD
    )
    assert refused.status == 403
    assert name_of(other) == 401
    assert len(rows(world, LtiUser)) == 1


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("learner", "student"),
        ("Learner", "student"),
        ("ta", "grader"),
        ("TeachingAssistant", "grader"),
        (f"{MEMBERSHIP}#Instructor#TeachingAssistant", "grader"),
        ("instructor", "instructor"),
        (f"{MEMBERSHIP}#Instructor", "instructor"),
        ("administrator", None),
        ("mentor", None),
        ("http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator", None),
    ],
)
def test_only_the_course_role_of_the_platform_counts(campus, role, expected):
    world = campus("blackboard")
    browser = Browser(world)
    page = world.platform.launch(browser, Member("u-9", "New Person", role))
    if expected is None:
        assert page.status == 403
        assert "role" in page.text
    elif expected != "student":
        page = browser.follow(page)
        browser.send(page.all("form")[-1], "choice=new")
    assert role_in(world, "New Person") == expected
    with world.session() as session:
        assert session.scalar(select(func.count()).where(User.is_admin)) == 0


def test_platform_test_student_gets_no_account(campus):
    world = campus("canvas")
    test_user = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
    roles = [f"{MEMBERSHIP}#Learner", test_user]
    page = world.platform.launch(Browser(world), world.platform.student, roles=roles)
    assert page.status == 403
    assert "test student" in page.text
    assert rows(world, User) == []


def test_password_cannot_link_an_account_when_local_login_is_disabled(campus):
    header = "X-Remote-User: 10.0.0.5"
    world = campus(settings={"local_login": False, "login_header": header}, vouches_email=True)
    set_password(world, world.person("Real Stu", email="stu@example.edu"))
    browser = Browser(world)
    page = world.platform.launch(browser, world.platform.student)
    [token] = parse_qs(urlsplit(page.location).query)["token"]
    fields = {"email": "stu@example.edu", "password": PASSWORD, "choice": "password"}
    assert browser.post("/lti/link", {"token": token, **fields}).status == 403
    assert rows(world, LtiUser) == []
    assert name_of(browser) == 401


def test_launch_keeps_a_role_assigned_by_staff(campus):
    world = campus()
    ann = world.enrol(world.dl, "Ann Example", role="grader")
    browser = Browser(world, ann)
    page = browser.follow(world.platform.launch(browser, world.platform.student))
    browser.send(page.all("form")[0], "choice=login")
    assert role_in(world, "Ann Example") == "grader"


def test_withdrawn_student_cannot_reenter_by_launch(campus):
    world = campus()
    world.platform.launch(Browser(world), world.platform.student)
    with world.session() as session:
        session.scalars(select(Enrolment)).one().withdrawn_at = world.clock()
    page = world.platform.launch(Browser(world), world.platform.student)
    assert page.status == 403
    assert "withdrawn" in page.text


def test_staff_with_an_account_set_up_by_another_course_must_be_added_manually(campus):
    world = campus()
    elsewhere = world.course()
    ann = world.enrol(elsewhere, "Ann Example")
    with world.session() as session:
        session.add(
            Invite(
                id=new_id(),
                prefix="abc",
                digest=b"\x01" * 32,
                user_id=ann.id,
                created_at=world.clock(),
                expires_at=world.clock(),
                used_at=world.clock(),
                purpose="invite",
                course_id=elsewhere,
            )
        )
    browser = Browser(world, ann)
    page = browser.follow(world.platform.launch(browser, world.platform.teacher))
    page = browser.send(page.all("form")[0], "choice=login")
    assert page.status == 403
    assert "“People”" in page.text


def test_gaining_a_staff_role_by_launch_revokes_links_of_other_courses(campus):
    world = campus()
    elsewhere = world.course()
    stranger = world.enrol(elsewhere, "Mal Lory", role="instructor")
    teacher = world.enrol(elsewhere, "Tea Cher")
    told = stranger.post(f"/courses/{elsewhere}/invites", {"people": [str(teacher.id)]}).text
    secret = told.partition("#")[2].partition(",")[0]
    browser = Browser(world, teacher)
    page = browser.follow(world.platform.launch(browser, world.platform.teacher))
    assert browser.send(page.all("form")[0], "choice=login").status == 303
    assert "instructor" in {row.role for row in rows(world, Enrolment)}
    body = {"secret": secret, "password": PASSWORD}
    assert world.client.post("/api/v1/invites/accept", json=body).status_code == 410


def test_changed_address_or_password_unlinks_the_platform(campus):
    world = campus()
    world.platform.launch(Browser(world), world.platform.student)
    [user] = rows(world, LtiUser)
    admin = world.person(admin=True)
    changed = admin.patch(
        f"/users/{user.user_id}", {"email": "new@example.edu"}, headers={"If-Match": "*"}
    )
    assert changed.status_code == 200, changed.text
    assert rows(world, LtiUser) == []
    page = world.platform.launch(Browser(world), Member("u-5", "Fi Ve"))
    assert page.status == 303
    [user] = rows(world, LtiUser)
    with world.session() as session:
        session.get_one(User, user.user_id).email = "five@example.edu"
    link = admin.post(f"/users/{user.user_id}/reset").json()["link"]
    secret = link.rpartition("#")[2]
    body = {"secret": secret, "password": PASSWORD}
    assert world.client.post("/api/v1/invites/accept", json=body).status_code in {200, 201}
    assert rows(world, LtiUser) == []


def test_only_the_launching_teacher_can_connect_the_context(campus):
    world = campus("brightspace", connected=False)
    world.dl = world.course()
    teacher = world.enrol(world.dl, "Tea Cher", role="instructor")
    page = world.platform.launch(Browser(world), world.platform.student)
    assert page.status == 403
    assert "not connected" in page.text
    assert rows(world, LtiUser) == []
    browser = Browser(world, teacher)
    page = browser.follow(world.platform.launch(browser, world.platform.teacher))
    page = browser.send(page.all("form")[0], "choice=login")
    page = browser.follow(page)
    assert "DL 2026" in page.text
    form = page.one("form", action="/lti/connect")
    missing = browser.send(form)
    assert missing.status == 422
    stranger = Browser(world, world.enrol(world.dl, role="instructor"))
    assert stranger.send(form, course=str(world.dl)).status == 403
    foreign = browser.send(form, course=str(world.course()))
    assert foreign.status == 404
    done = browser.send(form, course=str(world.dl))
    assert done.location == f"/courses/{world.dl}/lti?saved=course-connected"
    assert "DL 2026 at Brightspace" in browser.follow(done).text
    [context] = rows(world, LtiContext)
    assert (context.course_id, context.connected_by) == (world.dl, teacher.id)
    page = world.platform.launch(Browser(world), world.platform.student)
    assert page.location == f"/courses/{world.dl}"


def test_teacher_without_a_course_gets_instructions(campus):
    world = campus("sakai", connected=False)
    browser = Browser(world)
    page = browser.follow(world.platform.launch(browser, world.platform.teacher))
    page = browser.follow(browser.send(page.all("form")[-1], "choice=new"))
    assert "You are not an instructor of any course" in page.text


def test_staff_select_the_assignment_that_a_link_opens(campus):
    world = campus()
    teacher = world.enrol(world.dl, role="instructor")
    world.platform.launch(Browser(world), world.platform.student)
    browser = Browser(world, teacher)
    page = browser.get(f"/courses/{world.dl}/lti")
    form = page.one("form", action=f"/courses/{world.dl}/lti/links")
    done = browser.send(form, assignment=str(world.assigned.assignment))
    assert done.status == 303
    page = world.platform.launch(Browser(world), world.platform.student)
    assert page.location == f"/assignments/{world.assigned.assignment}"
    assert len(rows(world, LtiLineItem)) == 1
    [other] = world.assignment(world.course())
    assert browser.send(form, assignment=str(other.assignment)).status == 422


def test_database_stores_no_launch_secrets(campus):
    world = campus()
    query = world.platform.authorize(world.platform.begin(Browser(world)))
    [launch] = rows(world, LtiLaunch)
    stored = repr([getattr(launch, column.name) for column in LtiLaunch.__table__.columns])
    assert query["state"] not in stored
    assert query["nonce"] not in stored
    world.clock.advance(minutes=11)
    world.platform.begin(Browser(world))
    assert len(rows(world, LtiLaunch)) == 1


@pytest.mark.parametrize("path", ["/lti/login", "/lti/jwks", "/lti/config.json", "/lti/link"])
def test_lti_routes_return_404_when_disabled(database_url, path):
    world = World(database_url, settings={"lti": False})
    assert Browser(world).get(path).status == 404
    world.close()


def test_lti_libraries_are_not_loaded_when_disabled():
    code = (
        "import sys, api.app, api.server.main\nfrom api.config.settings import ServiceSettings\n"
        "api.app.create_app(ServiceSettings(database='sqlite:///unused.db')).state.service.close()\n"
        "print([one for one in ('joserfc', 'httpx2', 'cryptography') if one in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"
