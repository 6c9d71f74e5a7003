"""Tests of the commands that link accounts to people at login providers."""

import json
from datetime import UTC, datetime

import pytest
from pages import Browser
from sqlalchemy import select
from trusted_proxy import HEADER, log_in, me, start_campus

from api.config.oidc_settings import PROXY_ID
from api.db.models import AuditEntry, Identity
from api.services.external_login.identities import LINKED_ELSEWHERE
from api.services.external_login.linked_identities import NO_SUCH_IDENTITY

ISSUER = "https://idp.example"
OIDC = [{"id": "uni", "name": "University", "issuer": ISSUER, "client_id": "grader"}]


@pytest.fixture
def campus(database_url, monkeypatch):
    """Yield a service without passwords, in which nobody gets an account at the first login."""
    environment = {"OIDC": json.dumps(OIDC), "LOGIN_HEADER": HEADER, "LOCAL_LOGIN": "false"}
    for name, value in environment.items():
        monkeypatch.setenv(f"GRADER_{name}", value)
    world = start_campus(database_url, local_login=False, new_accounts=(), oidc=json.dumps(OIDC))
    world.clock.now = datetime.now(UTC)
    yield world
    world.close()


@pytest.fixture
def identity(campus, grader):
    """Return a function that runs a command on the identities of Ada's account."""
    campus.person("Ada Admin", email="ada@example.edu")
    campus.person("Bo Example", email="bo@example.edu")

    def run(command, *arguments, email="ada@example.edu"):
        return grader("identity", command, email, *arguments, "--database", campus.url)

    return run


def options(subject, provider="uni"):
    return ("--provider", provider, "--subject", subject)


def identities(campus):
    with campus.session() as session:
        return [(one.issuer, one.subject) for one in session.scalars(select(Identity))]


def test_first_account_is_linked_without_a_password(campus, identity):
    browser = Browser(campus)
    refused = log_in(browser, "ADA")
    assert refused.status == 403
    assert "“ada”" in refused.one(role="alert").text
    ran = identity("add", *options("ADA", "proxy"))
    assert ran.code == 0, ran.err
    assert log_in(browser, "ada").status == 303
    assert me(browser) == "ada@example.edu"


def test_identities_are_linked_listed_and_removed(campus, identity):
    for _ in range(2):
        assert identity("add", *options("s-1")).code == 0
    assert identities(campus) == [(ISSUER, "s-1")]
    listed = identity("list")
    assert [line.split("\t")[:2] for line in listed.out.splitlines()] == [[ISSUER, "s-1"]]
    assert identity("list", email="bo@example.edu").out == ""
    assert identity("remove", *options("s-1")).code == 0
    assert identities(campus) == []
    with campus.session() as session:
        entries = session.execute(
            select(AuditEntry.action, AuditEntry.before, AuditEntry.after).order_by(AuditEntry.at)
        ).all()
    assert entries == [
        ("user.linked", {}, {"issuer": ISSUER}),
        ("user.unlinked", {"issuer": ISSUER}, {}),
    ]


@pytest.mark.parametrize(
    ("email", "subject", "provider", "reason"),
    [
        ("ada@example.edu", "s-1", "uni", LINKED_ELSEWHERE),
        ("nobody@example.edu", "s-2", "uni", "no account"),
        ("ada", "s-2", "uni", "'ada'"),
        ("ada@example.edu", "s-2", "other", "uni"),
        ("ada@example.edu", "", "uni", "''"),
        ("ada@example.edu", " s-2", "uni", "' s-2'"),
        ("ada@example.edu", "s\n2", "uni", "s\\n2"),
        ("ada@example.edu", "s\udcff", "proxy", "udcff"),
        ("ada@example.edu", "s" * 256, "uni", "255"),
    ],
)
def test_wrong_link_changes_nothing(campus, identity, email, subject, provider, reason):
    identity("add", *options("s-1"), email="bo@example.edu")
    ran = identity("add", *options(subject, provider), email=email)
    assert ran.code == 2
    assert reason in ran.err
    assert identities(campus) == [(ISSUER, "s-1")]


@pytest.mark.parametrize(
    ("email", "subject"), [("ada@example.edu", "s-1"), ("bo@example.edu", "x")]
)
def test_identity_of_another_account_is_not_removed(campus, identity, email, subject):
    identity("add", *options("s-1"), email="bo@example.edu")
    ran = identity("remove", *options(subject), email=email)
    assert ran.code == 2
    assert NO_SUCH_IDENTITY in ran.err
    assert identities(campus) == [(ISSUER, "s-1")]


def test_link_of_a_provider_that_left_the_settings_is_removed(campus, identity, monkeypatch):
    assert identity("add", *options("s-1")).code == 0
    monkeypatch.delenv("GRADER_OIDC")
    assert identity("remove", *options("s-1")).code == 2
    ran = identity("remove", *options("s-1", ISSUER))
    assert ran.code == 0, ran.err
    assert identities(campus) == []


def test_provider_with_the_id_of_the_proxy_is_refused(identity, monkeypatch):
    monkeypatch.setenv("GRADER_OIDC", json.dumps([OIDC[0] | {"id": PROXY_ID}]))
    ran = identity("add", *options("s-1", PROXY_ID))
    assert ran.code == 2
    assert repr(PROXY_ID) in ran.err


def test_proxy_is_no_provider_without_its_setting(identity, monkeypatch):
    monkeypatch.delenv("GRADER_LOGIN_HEADER")
    assert identity("add", *options("ada", "proxy")).code == 2
