"""Tests of every row of the bad-input catalog, sent as bytes, on both databases.

Each response takes less than a second of CPU time, is short, and echoes no input.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from bad_inputs import CANARY, CASES
from cpu_time import cpu_seconds
from endpoints import EndpointCourse, create_endpoint_course, read_outcome
from world import World

ROOT = Path(__file__).parents[2]
LIMIT = 1.0
SHORT = 64 * 1024


@pytest.fixture(scope="module")
def desk(shared_database_url) -> Iterator[EndpointCourse]:
    world = World(shared_database_url)
    yield create_endpoint_course(world)
    world.close()


EACH = [
    (row, door, raw, expected)
    for row, sent in CASES.items()
    for (door, expected), every in sent.items()
    for raw in every
]


@pytest.mark.parametrize(
    ("row", "door", "raw", "expected"), EACH, ids=lambda one: one if isinstance(one, str) else ""
)
def test_bad_input_is_rejected_quickly_by_code_and_not_echoed(desk, row, door, raw, expected):
    desk.world.clock.advance(seconds=10)  # so many uploads in a minute are a limit of their own
    before, found = desk.rows(), []
    assert cpu_seconds(lambda: found.append(desk.sent(door, raw)), all_threads=True) < LIMIT
    answered = found[-1]
    assert (answered.status, read_outcome(answered)) == expected, (row, answered.body[:500])
    assert len(answered.body) < SHORT
    if answered.status >= 400:
        assert len(answered.body) < 6_000
        assert CANARY not in answered.body.decode()
        assert desk.rows() == before


def test_documentation_lists_every_bad_input_case_with_its_codes():
    page = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| (.+?) \| (.+?) \| `.+` \|$", page, re.MULTILINE))
    assert [row for row in CASES if row not in told] == []
    unsaid = {
        row: wanted - set(re.findall(r"`(\w+)`", told[row]))
        for row, sent in CASES.items()
        if (wanted := {code for _, (_, code) in sent if "_" in code} - {"needs_review"})
    }
    assert {row: codes for row, codes in unsaid.items() if codes} == {}


def test_answers_and_keys_are_never_executed_as_code(desk, tmp_path):
    found = tmp_path / "found"
    run = f"open({str(found)!r}, 'w')"
    for door in ("answer", "formula", "text", "matrix"):
        assert desk.sent(door, json.dumps(run).encode()).status == 201
    assert desk.sent("key", run.encode()).status == 422
    yaml = f"!!python/object/apply:builtins.open [{str(found)!r}, 'w']"
    assert desk.sent("problem", yaml.encode()).status == 422
    assert not found.exists()
