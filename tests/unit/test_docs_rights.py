"""The page on rights says what the tables in the code say, row by row."""

from pathlib import Path

import pytest

from api.auth.roles import RIGHTS
from api.auth.scopes import SCOPES
from api.auth.sessions import EVENTS
from api.services.audit.actions import ACTIONS

PAGE = (Path(__file__).parents[2] / "docs" / "rights.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| `")
]
EFFECTS = {"new": "begins anew", "end": "end", "keep": "stay"}


@pytest.mark.parametrize("right", RIGHTS)
def test_every_right_stands_there_with_its_role_and_scope(right):
    rule = RIGHTS[right]
    assert [f"`{right}`", rule.least, f"`{rule.scope}`", rule.says] in ROWS


@pytest.mark.parametrize("scope", SCOPES)
def test_every_scope_stands_there_with_what_it_gives(scope):
    gives = ", ".join(f"`{one}`" for one in SCOPES if one in SCOPES[scope].gives)
    assert [f"`{scope}`", gives, SCOPES[scope].says] in ROWS


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_stands_there_with_what_it_ends(event):
    effect = EVENTS[event]
    this = "ends" if effect.this == "end" else EFFECTS[effect.this]
    assert [f"`{event}`", this, EFFECTS[effect.others], EFFECTS[effect.tokens]] in ROWS


def test_the_page_has_no_row_that_the_code_does_not_know():
    known = {f"`{one}`" for one in (*RIGHTS, *SCOPES, *EVENTS, *ACTIONS)}
    assert [row[0] for row in ROWS if row[0] not in known] == []
    assert len(ROWS) == len(RIGHTS) + len(SCOPES) + len(EVENTS) + len(ACTIONS)
