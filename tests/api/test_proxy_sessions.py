"""Tests of sessions that meet the header of a trusted proxy which names another user."""

import pytest
from actors import Person
from api_browser import PASSWORD, set_password
from grouped_cases import check_each
from pages import Browser
from sqlalchemy import event, func, select
from trusted_proxy import log_in, me, set_peer, start_campus

from api.auth.proxied_sessions import OTHER_USER_MESSAGE
from api.db.models import Answer, Identity, LoginSession
from api.pages.login import LOGGED_OUT_PATH

ANN, BO, CY = "ann@example.edu", "bo@example.edu", "cy@example.edu"
NOBODY = "nobody@other.example"
"""A name that the proxy passes on, and that opens no account."""


@pytest.fixture
def campus(database_url):
    world = start_campus(database_url)
    yield world
    world.close()


@pytest.fixture
def ann(campus):
    """Return the browser of Ann after a proxy login; Bo is logged in in another browser."""
    browser = Browser(campus)
    for each, user in ((Browser(campus), BO), (browser, ANN)):
        assert log_in(each, user).status == 303
    return browser


@check_each(
    [
        ((), ANN),
        ((ANN,), ANN),
        (("ANN@Example.EDU",), ANN),
        (("",), ANN),
        (("  ",), ANN),
        ((BO,), 401),
        ((NOBODY,), 401),
        (("(null)",), 401),
        ((ANN, BO), 401),
        ((ANN, ANN), 401),
        ((b"\xff",), 401),
        (("a" * 300,), 401),
    ]
)
def test_session_is_refused_while_proxy_names_another_user(case, campus, ann):
    headers, seen = case
    pairs = [("Cookie", f"grader={ann.cookies['grader']}")]
    pairs += [("X-Remote-User", value) for value in headers]
    reply = campus.client.get("/api/v1/me", headers=pairs)
    assert (reply.json()["email"] if reply.status_code == 200 else reply.status_code) == seen


def test_page_of_another_user_is_the_login_page(ann):
    page = ann.get("/account", headers={"X-Remote-User": BO})
    assert (page.status, page.location) == (303, "/login?next=%2Faccount&other_user=yes")
    assert ann.get(page.location).one(role="alert").text == OTHER_USER_MESSAGE
    assert me(ann, X_Remote_User=ANN) == ANN


def test_login_of_another_user_ends_the_session(campus, ann):
    cookie = ann.cookies["grader"]
    assert log_in(ann, BO).status == 303
    assert me(ann, X_Remote_User=BO) == BO
    ann.cookies["grader"] = cookie
    assert me(ann) == 401
    with campus.session() as session:
        ended = select(func.count()).where(LoginSession.revoked_at.is_not(None))
        assert session.scalar(ended) == 1


@check_each([(), (ANN,), (BO,), (NOBODY,), ("a" * 300,), (ANN, BO)])
def test_logout_ends_the_session_whoever_the_proxy_names(headers, campus):
    browser = Browser(campus)
    assert log_in(browser, ANN).status == 303
    cookie = browser.cookies["grader"]
    pairs = [("Cookie", f"grader={cookie}"), ("Sec-Fetch-Site", "same-origin")]
    pairs += [("X-Remote-User", value) for value in headers]
    reply = campus.client.post("/logout", headers=pairs, follow_redirects=False)
    assert (reply.status_code, reply.headers["Location"]) == (303, LOGGED_OUT_PATH)
    assert "grader=; Max-Age=0" in reply.headers["Set-Cookie"]
    browser.cookies["grader"] = cookie
    assert me(browser) == 401


def test_api_logout_ends_a_refused_session(campus, ann):
    headers = {"Cookie": f"grader={ann.cookies['grader']}", "Sec-Fetch-Site": "same-origin"}
    headers["X-Remote-User"] = BO
    assert campus.client.post("/api/v1/logout", headers=headers).status_code == 204
    assert me(ann) == 401


def test_refused_session_does_not_end_the_others(ann):
    """“Log out everywhere” would let the person whom the proxy names end all sessions of Ann."""
    page = ann.post("/me/sessions/end", headers={"X-Remote-User": BO})
    assert page.status == 401
    assert me(ann) == ANN


def test_logout_clears_the_cookie_of_an_ended_session(campus):
    headers = {"Cookie": "grader=unknown", "Sec-Fetch-Site": "same-origin"}
    reply = campus.client.post("/logout", headers=headers, follow_redirects=False)
    assert "grader=; Max-Age=0" in reply.headers["Set-Cookie"]


@check_each(["10.0.0.6", "127.0.0.1", "", "testclient"])
def test_header_of_an_untrusted_peer_ends_no_session(peer, campus, ann):
    set_peer(campus, peer)
    assert me(ann, X_Remote_User=BO) == ANN


def test_session_continues_without_the_setting(database_url, ann):
    other = start_campus(database_url, login_header="")
    ann.world = other
    assert me(ann, X_Remote_User=BO) == ANN
    other.close()


@pytest.fixture
def cy(campus, ann):  # noqa: ARG001  # Bo has an account
    """Return the browser of Cy after a password login; the proxy has no name for Cy."""
    browser = Browser(campus)
    email = set_password(campus, campus.person(email=CY))
    assert browser.post("/login", {"email": email, "password": PASSWORD}).status == 303
    return browser


@check_each([(BO, 401), (NOBODY, CY), ("a" * 300, 401), (CY, CY)])
def test_password_session_is_refused_when_the_name_opens_another_account(case, cy):
    user, seen = case
    assert me(cy, X_Remote_User=user) == seen


def test_identity_at_another_issuer_is_no_name_of_the_proxy(campus, cy):
    """Cy is linked to a provider, and Bo's subject there is the name that the proxy passes on."""
    with campus.session() as session:
        bo = session.scalar(select(Identity.user_id).where(Identity.subject == BO))
        row = {"created_at": campus.clock(), "issuer": "https://idp.example"}
        session.add(Identity(user_id=bo, subject=NOBODY, **row))
    assert me(cy, X_Remote_User=NOBODY) == CY


def test_token_is_not_affected_by_the_header(campus):
    person = campus.person()
    for user in (BO, NOBODY, "a" * 300):
        assert person.get("/me", headers={"X-Remote-User": user}).status_code == 200


class Submissions:
    """Submissions of Ann's session, and whether they came from the cache."""

    def __init__(self, campus, ann):
        self.campus, self.cookie = campus, ann.cookies["grader"]
        course = campus.course()
        with campus.session() as session:
            user = session.scalar(select(Identity.user_id).where(Identity.subject == ANN))
        self.person = Person(user, "Ann", campus.client, "")
        campus.join(course, self.person)
        [self.problem] = campus.assignment(course, attempts=9)
        self.statements = []
        event.listen(campus.db.engine, "before_cursor_execute", self._record)

    def _record(self, _connection, _cursor, statement, *_):
        self.statements.append(statement)

    def send(self, *users):
        """Return the status of a submission, with the names that the proxy passes on."""
        self.statements.clear()
        headers = [("Cookie", f"grader={self.cookie}"), ("Sec-Fetch-Site", "same-origin")]
        headers += [("X-Remote-User", user) for user in users]
        path = f"/api/v1{self.problem.path}/submissions"
        body = {"answers": {"cells": "9"}}
        return self.campus.client.post(path, json=body, headers=headers).status_code

    @property
    def is_from_cache(self):
        return not any("FROM sessions JOIN users" in one for one in self.statements)

    def count(self):
        with self.campus.session() as session:
            counted = select(func.count()).where(Answer.student_id == self.person.id)
            return session.scalar(counted)


@pytest.fixture
def submissions(campus, ann):
    return Submissions(campus, ann)


@pytest.mark.parametrize("named", [(), (ANN,)])
def test_submission_from_the_cache_is_refused_for_another_user(submissions, named):
    assert [submissions.send(*named) for _ in range(2)] == [201, 201]
    for others in ((BO,), (NOBODY,), (ANN, BO), ("a" * 300,)):
        assert submissions.send(*others) == 401, others
    assert submissions.count() == 2
    assert submissions.send(*named) == 201


@check_each([(), (ANN,), ("ANN@example.edu",)])
def test_submission_of_the_named_user_comes_from_the_cache(named, submissions):
    assert submissions.send(*named) == 201
    assert submissions.send(*named) == 201
    assert submissions.is_from_cache


def test_submission_is_refused_after_the_name_opens_another_account(campus, ann, submissions):
    assert [submissions.send(ANN) for _ in range(2)] == [201, 201]
    set_password(campus, submissions.person)
    page = ann.get("/account")
    [form] = [one for one in page.all("form") if one["action"].endswith("/unlink")]
    assert ann.send(form).status == 303
    with campus.session() as session:
        bo = session.scalar(select(Identity.user_id).where(Identity.subject == BO))
        row = {"created_at": campus.clock(), "issuer": "header:x-remote-user"}
        session.add(Identity(user_id=bo, subject=ANN, **row))
    assert submissions.send(ANN) == 401
    assert submissions.count() == 2
