"""Tests of `grader token` and `grader secret`: operators create and revoke tokens."""

from datetime import UTC, datetime

import pytest


@pytest.fixture
def token(world, database_url, grader):
    """Return a function that runs `grader token` and sets the clock to the real time."""
    world.person("Ann Example", email="ann@example.edu")

    def run(*arguments):
        ran = grader("token", *arguments, "--database", database_url)
        world.clock.now = datetime.now(UTC)
        return ran

    return run


def opens(world, secret: str) -> bool:
    asked = {"Authorization": f"Bearer {secret}"}
    return world.client.get("/api/v1/me", headers=asked).status_code == 200


def test_token_is_listed_without_secret_and_revoked_alone(world, token):
    first = token("make", "ann@example.edu", "--scopes", "read", "--days", "3").out.strip()
    second = token("make", "ann@example.edu").out.strip()
    assert opens(world, first)
    listed = token("list", "ann@example.edu").out
    lines = [line.split("\t") for line in listed.splitlines()]
    assert [line[0] for line in lines[:2]] == [
        second[: len(lines[0][0])],
        first[: len(lines[1][0])],
    ]
    assert lines[1][1] == "read"
    assert first not in listed
    ran = token("revoke", "ann@example.edu", lines[1][0])
    assert (ran.code, "no longer works" in ran.err) == (0, True)
    assert not opens(world, first)
    assert opens(world, second)
    assert lines[1][0] not in token("list", "ann@example.edu").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("make", "nobody@example.edu"), "no account"),
        (("list", "nobody@example.edu"), "no account"),
        (("revoke", "ann@example.edu", "gr_api_nothere"), "no such token"),
        (("make", "ann@example.edu", "--days", "0"), "--days"),
        (("list", "ann"), "no e-mail address"),
    ],
)
def test_invalid_token_command_reports_error(token, arguments, said):
    ran = token(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_secret_command_creates_file_once_and_keeps_it(grader, tmp_path):
    file = tmp_path / "secret"
    assert grader("secret", str(file)).code == 0
    made = file.read_text()
    assert len(made) >= 43
    assert file.stat().st_mode & 0o777 == 0o400
    again = grader("secret", "--shared", str(file))
    assert (again.code, "which is kept" in again.err) == (0, True)
    assert file.read_text() == made
    assert made not in again.err + again.out
    other = tmp_path / "other"
    assert grader("secret", "--shared", str(other)).code == 0
    assert other.stat().st_mode & 0o777 == 0o444
    assert other.read_text() != made
    more = [tmp_path / name for name in ("first", "second")]
    assert grader("secret", *map(str, [file, *more])).code == 0
    assert len({one.read_text() for one in [file, *more]}) == 3
    assert file.read_text() == made


@pytest.mark.parametrize("name", ["no/folder", "empty"])
def test_failed_secret_file_creation_is_reported(grader, tmp_path, name):
    (tmp_path / "empty").touch()
    ran = grader("secret", str(tmp_path / name))
    assert (ran.code, ran.out) == (2, "")
    assert name in ran.err
