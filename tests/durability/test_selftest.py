"""Tests of ``grader selftest --durability``, run against real services."""

import re
import sys

import pytest

from api.cli.grading import main

KILLS_AND_RECEIPTS = re.compile(r"^kills: (\d+) .*^receipts: (\d+),", re.MULTILINE | re.DOTALL)


def run_selftest(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    """Run the command and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["grader", "selftest", *arguments])
    with pytest.raises(SystemExit) as exit_info:
        main()
    return exit_info.value.code


def test_durability_selftest_reports_kills_and_losses_and_cleans_up(monkeypatch, capsys, tmp_path):
    url = f"sqlite:///{tmp_path / 'grader.db'}"
    assert run_selftest(monkeypatch, "--durability", "--seconds", "1", "--database", url) == 0
    output = capsys.readouterr().out
    assert "lost: 0, doubled: 0" in output
    match = KILLS_AND_RECEIPTS.search(output)
    assert match is not None, output
    assert int(match[1]) >= 2
    assert int(match[2]) > 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name the test: grader selftest --durability"),
        (("--durability", "--database", "sqlite:////no/such/grader.db"), "/no/such: no such file"),
        (
            ("--durability", "--database", "postgresql://nobody@127.0.0.1:1/grader"),
            "no database can be created on the server",
        ),
    ],
)
def test_selftest_that_cannot_run_reports_an_error(monkeypatch, capsys, arguments, message):
    assert run_selftest(monkeypatch, *arguments) == 2
    assert message in capsys.readouterr().err
