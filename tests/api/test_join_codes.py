"""Tests of joining a course with its link or code: switch, code, accounts, limits and log."""

import re
from datetime import timedelta

import pytest
from api_browser import PASSWORD, get_email, set_password
from api_browser import ApiBrowser as Client
from pages import Browser
from sqlalchemy import func, select
from world import World

from api.auth.user_codes import JOIN_CODE_LENGTH, USER_CODE_ALPHABET
from api.db.models import AuditEntry, Course, Enrolment, User
from api.rate_limits.event_limits import EVENT_LIMITS
from api.services.courses.joining import ACCOUNT_EXISTS, UNKNOWN_CODE, WAS_WITHDRAWN

API = "/api/v1"
WRONG_CODE = "BBBB-CCCC-DDDD-FFFF"
LINK = re.compile(r"^http://127\.0\.0\.1:8000/welcome#(\S+)", re.MULTILINE)
NEW = {"name": "New Student", "email": "new@example.edu", "password": PASSWORD}


@pytest.fixture
def course(world):
    return world.course()


@pytest.fixture
def professor(world, course):
    return world.enrol(course, "Ada Prof", role="instructor")


def turn_on(course, professor) -> str:
    """Turn joining on, and return the code."""
    answer = professor.patch(
        f"/courses/{course}", {"self_enrollment": True}, headers={"If-Match": "*"}
    )
    assert answer.status_code == 200, answer.text
    return professor.get(f"/courses/{course}/joining").json()["code"]


@pytest.fixture
def code(course, professor):
    return turn_on(course, professor)


def load_role(world, course, email) -> str | None:
    query = select(Enrolment.role).join(User).where(User.email == email)
    with world.session() as session:
        return session.scalar(query.where(Enrolment.course_id == course))


def actions(world, course) -> list[str]:
    with world.session() as session:
        query = select(AuditEntry.action).where(AuditEntry.course_id == course)
        return list(session.scalars(query.order_by(AuditEntry.at, AuditEntry.id)))


def test_course_cannot_be_joined_until_an_instructor_enables_it(world, course, professor):
    assert professor.get(f"/courses/{course}/joining").json() == {
        "enabled": False,
        "code": None,
        "link": None,
    }
    code = turn_on(course, professor)
    assert len(code.replace("-", "")) == JOIN_CODE_LENGTH
    assert set(code) <= set(USER_CODE_ALPHABET) | {"-"}
    assert len(USER_CODE_ALPHABET) ** JOIN_CODE_LENGTH > 2**64
    assert Client(world).get(f"/join/{code}").json()["title"] == "Deep Learning"


def test_disabled_replaced_and_archived_join_codes_are_unknown(world, course, professor, code):
    client, path = Client(world), f"/courses/{course}/joining/code"
    new_code = professor.post(path).json()["code"]
    assert new_code != code
    for old in (code, WRONG_CODE, "x", "a/b", "'"):
        answer = client.get(f"/join/{old}")
        assert answer.status_code == 404
    assert client.get(f"/join/{code}").json()["detail"] == UNKNOWN_CODE
    everything = {"headers": {"If-Match": "*"}}
    professor.patch(f"/courses/{course}", {"self_enrollment": False}, **everything)
    assert client.get(f"/join/{new_code}").status_code == 404
    assert professor.post(path).status_code == 409
    professor.patch(f"/courses/{course}", {"self_enrollment": True}, **everything)
    assert client.get(f"/join/{new_code}").status_code == 200
    professor.post(f"/courses/{course}/archive")
    assert client.get(f"/join/{new_code}").status_code == 404
    recorded = actions(world, course)
    assert recorded.count("join_code.replaced") == 1
    assert recorded.count("course.changed") == 3


def test_user_joins_as_a_student_with_or_without_a_section(world, course, code):
    section = world.section(course, "Tuesday")
    elsewhere = world.section(world.course("other"), "Monday")
    for name, sent in (("Ann Example", {}), ("Bo Example", {"section": str(section)})):
        person = world.person(name)
        email, client = set_password(world, person), Client(world)
        assert client.post("/join", {"code": code}).status_code == 401
        client.login(email)
        answer = client.post("/join", {"code": code, "section": str(elsewhere)})
        assert answer.status_code == 422
        answer = client.post("/join", {"code": code.lower(), **sent})
        assert answer.json() == {"course": str(course)}
        assert client.post("/join", {"code": code}).status_code == 200  # nothing more happens
        assert load_role(world, course, email) == "student"
    assert actions(world, course).count("person.joined") == 2


def test_api_token_cannot_join_a_course(world, code):
    assert world.person().post("/join", {"code": code}).status_code == 403


def test_joining_changes_no_role_and_restores_no_withdrawn_student(world, course, professor, code):
    client = Client(world)
    client.login(set_password(world, professor))
    client.post("/join", {"code": code})
    assert load_role(world, course, get_email(world, professor)) == "instructor"
    student = world.enrol(course, "Out Side")
    professor.delete(f"/courses/{course}/people/{student.id}")
    client = Client(world)
    client.login(set_password(world, student))
    answer = client.post("/join", {"code": code})
    assert (answer.status_code, answer.json()["detail"]) == (403, WAS_WITHDRAWN)


def test_new_account_joins_as_a_student_and_is_logged_in(world, course, code):
    client = Client(world)
    answer = client.post("/join/account", {"code": code, **NEW})
    assert (answer.status_code, answer.json()) == (201, {"course": str(course), "mailed": False})
    assert client.get("/me").json()["email"] == NEW["email"]
    assert client.get(f"/courses/{course}").json()["role"] == "student"
    assert Client(world).login(NEW["email"]).status_code == 200
    assert actions(world, course)[-2:] == ["user.created", "person.joined"]


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"code": WRONG_CODE}, 404, None),
        ({"password": None}, 422, "password"),
        ({"password": "short"}, 422, "password"),
        ({"password": "new@example.edu"}, 422, "password"),
        ({"email": "no address"}, 422, "email"),
        ({"name": ""}, 422, "name"),
        ({"name": "Win at http://example.org"}, 422, "name"),
        ({"section": "01933e3a-0000-7000-8000-00000000005e"}, 422, "section"),
        ({"role": "instructor"}, 422, "role"),
    ],
)
def test_refused_account_is_not_created(world, course, code, change, status, field):
    answer = Client(world).post("/join/account", {"code": code, **NEW, **change})
    assert answer.status_code == status, answer.text
    if field:
        assert [one["field"] for one in answer.json()["errors"]] == [field]
    assert load_role(world, course, NEW["email"]) is None
    with world.session() as session:
        assert session.scalar(select(User.id).where(User.email == NEW["email"])) is None


def test_existing_account_must_log_in_to_join(world, course, code):
    known = world.person("Known Example", email="new@example.edu")
    before = set_password(world, known, "another phrase of mine")
    answer = Client(world).post("/join/account", {"code": code, **NEW})
    assert (answer.status_code, answer.json()["detail"]) == (409, ACCOUNT_EXISTS)
    assert Client(world).login(before, "another phrase of mine").status_code == 200
    assert load_role(world, course, NEW["email"]) is None


def test_unconfirmed_address_cannot_log_in_after_getting_a_staff_role(world, code):
    # Somebody takes the address of a colleague, whom another course makes a TA later.
    Client(world).post("/join/account", {"code": code, **NEW})
    other = world.course("other")
    boss = world.enrol(other, "Other Prof", role="instructor")
    body = {"name": "A Colleague", "email": NEW["email"], "role": "grader"}
    assert boss.post(f"/courses/{other}/people", body).status_code == 201
    assert Client(world).login(NEW["email"]).status_code == 403
    assert load_role(world, other, NEW["email"]) == "grader"


def test_joined_course_does_not_trust_the_unconfirmed_address_either(
    world, course, professor, code
):
    Client(world).post("/join/account", {"code": code, **NEW})
    people = professor.get(f"/courses/{course}/people", params={"text": "new@"}).json()
    path = f"/courses/{course}/people/{people['items'][0]['user']}"
    answer = professor.patch(path, {"role": "grader"}, headers={"If-Match": "*"})
    assert answer.status_code == 200
    assert Client(world).login(NEW["email"]).status_code == 403
    link = professor.post(f"{path}/reset").json()["link"]
    secret = link.rpartition("#")[2]
    body = {"secret": secret, "password": "four quite other words"}
    assert Client(world).post("/invites/accept", body).status_code == 200


def test_wrong_join_codes_are_limited_without_blocking_correct_ones(world, code):
    client, limit = Client(world), EVENT_LIMITS["join_guess"].count
    statuses = [client.get(f"/join/{WRONG_CODE}").status_code for _ in range(limit + 1)]
    assert statuses == [404] * limit + [429]
    assert client.get(f"/join/{code}").status_code == 200
    assert client.post("/join/account", {"code": code, **NEW}).status_code == 201
    assert client.get(f"/join/{WRONG_CODE}").headers["Retry-After"]
    world.clock.now += timedelta(minutes=2)
    assert client.get(f"/join/{WRONG_CODE}").status_code == 404


def test_account_creation_by_join_code_is_rate_limited(world, code):
    limit = EVENT_LIMITS["join_account_address"].count
    client = Client(world)
    refused = {"code": code, **NEW, "password": "short"}
    statuses = {client.post("/join/account", refused).status_code for _ in range(limit)}
    assert statuses == {422}
    assert client.post("/join/account", refused).status_code == 429


@pytest.fixture
def mailing_world(database_url, mail_server):
    world = World(database_url, settings=mail_server.settings)
    yield world
    world.close()


def test_with_email_only_the_owner_of_the_address_sets_the_password(mailing_world, mail_server):
    world = mailing_world
    course = world.course()
    code = turn_on(course, world.enrol(course, "Ada Prof", role="instructor"))
    set_password(world, world.person("Old Account", email="old@example.edu"))
    client, body = Client(world), {"code": code, "name": "New Student"}
    assert client.post("/join/account", body | NEW).status_code == 422  # it has a password
    wrong_section = {"section": "01933e3a-0000-7000-8000-000000000001"}
    refused = [
        client.post("/join/account", body | wrong_section | {"email": email}).status_code
        for email in ("new@example.edu", "old@example.edu")
    ]
    assert refused == [422, 422]
    answers = [
        client.post("/join/account", body | {"email": email})
        for email in ("new@example.edu", "old@example.edu", "new@example.edu")
    ]
    assert {answer.text for answer in answers} == {answers[0].text}
    assert answers[0].json()["mailed"] is True
    assert not answers[0].headers.get_list("set-cookie")
    world.service.outbox_runner.run_until_idle()
    texts = [one.get_body(("plain",)).get_content() for one in mail_server.messages()]
    secrets = [LINK.search(text)[1] for text in texts]
    assert len(secrets) == 1  # the newest for the new account, none for the old one
    accepted = client.post("/invites/accept", {"secret": secrets[0], "password": PASSWORD})
    assert accepted.status_code == 200
    assert client.get(f"/courses/{course}").json()["role"] == "student"
    assert load_role(world, course, "old@example.edu") is None


def test_join_page_works_with_existing_and_new_accounts(world, course, code):
    section = world.section(course, "Tuesday")
    path = f"/join?code={code}"
    anonymous = Browser(world)
    page = anonymous.get("/join")
    page = anonymous.send(page.one("form", action="/join"), code=code)
    [link] = [one["href"] for one in page.all("a") if one["href"].startswith("/login?")]
    assert Browser(world).get(link).one("input", name="next")["value"] == path
    form = page.one("form", method="post", action="/join")
    typed = {"name": "New Student", "email": "new@example.edu", "section": str(section)}
    refused = anonymous.send(form, **typed, password=PASSWORD, again="another one of mine")
    assert refused.status == 422
    form = refused.one("form", method="post", action="/join")
    assert form.one("input", name="email")["value"] == "new@example.edu"
    assert form.one("option", value=str(section)).get("selected", "no") == ""
    joined = anonymous.send(form, password=PASSWORD, again=PASSWORD)
    assert joined.location.startswith(f"/courses/{course}")
    assert anonymous.follow(joined).status == 200
    ann = world.person("Ann Example")
    known = Browser(world, ann)
    joined = known.send(known.get(path).one("form", method="post", action="/join"))
    assert joined.location.startswith(f"/courses/{course}")
    with world.session() as session:
        assert session.scalar(select(func.count()).select_from(Enrolment)) == 3
    assert known.get(f"/join?code={WRONG_CODE}").status == 404
    assert Browser(world).get(f"/join?code={WRONG_CODE}").one("input", name="code")


def test_join_page_truncates_long_values_of_a_refused_account(world, code):
    fields = {"code": code, "act": "account", "password": "a b", "again": "another"}
    answer = Browser(world).post("/join", fields | {"name": '"' * 15_000, "email": "y" * 9_000})
    assert answer.status == 422
    assert len(answer.source) < 10_000


def test_instructor_enables_disables_and_renews_joining_on_the_page(world, course, professor):
    browser = Browser(world, professor)

    def press(act):
        page = browser.get(f"/courses/{course}/people")
        form = page.one("form", method="post", action=f"/courses/{course}/joining")
        return browser.follow(browser.send(form, f"act={act}"))

    assert press("on").one("section", id="joining").all("code")
    with world.session() as session:
        first = session.get_one(Course, course).join_code
    assert first not in press("new").text
    assert not press("off").one("section", id="joining").all("code")
    ta = world.enrol(course, "Tee Ay", role="grader")
    assert not Browser(world, ta).get(f"/courses/{course}/people").all("section", id="joining")
