"""Tests of ``grader selftest --durability``, run against real services."""

import re
import sys

import pytest

from api.cli.grading import main

KILLS = re.compile(r"^kills: (\d+) .*^receipts: (\d+),", re.MULTILINE | re.DOTALL)


def selftest(monkeypatch: pytest.MonkeyPatch, *given: str) -> object:
    """Run the command and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["grader", "selftest", *given])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


def test_the_trial_prints_kills_and_losses_and_leaves_nothing_behind(monkeypatch, capsys, tmp_path):
    url = f"sqlite:///{tmp_path / 'grader.db'}"
    assert selftest(monkeypatch, "--durability", "--seconds", "1", "--database", url) == 0
    told = capsys.readouterr().out
    assert "lost: 0, doubled: 0" in told
    found = KILLS.search(told)
    assert found is not None, told
    assert int(found[1]) >= 2
    assert int(found[2]) > 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((), "name the test: grader selftest --durability"),
        (("--durability", "--database", "sqlite:////no/such/grader.db"), "/no/such: no such file"),
        (
            ("--durability", "--database", "postgresql://nobody@127.0.0.1:1/grader"),
            "no database can be created on the server",
        ),
    ],
)
def test_what_cannot_be_tried_is_reported_in_a_line(monkeypatch, capsys, given, said):
    assert selftest(monkeypatch, *given) == 2
    assert said in capsys.readouterr().err
