"""Tests of the page on rights: its rows match the tables in the code."""

from pathlib import Path

import pytest

from api.auth.roles import PERMISSION_RULES
from api.auth.scopes import SCOPE_GRANTS
from api.auth.sessions import SESSION_EVENT_EFFECTS
from api.services.audit.actions import ACTIONS

PAGE = (Path(__file__).parents[2] / "docs" / "rights.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| `")
]
EFFECTS = {"new": "renewed", "end": "end", "keep": "stay"}


@pytest.mark.parametrize("right", PERMISSION_RULES)
def test_every_permission_is_listed_with_role_and_scope(right):
    rule = PERMISSION_RULES[right]
    assert [f"`{right}`", rule.minimum_role, f"`{rule.scope}`", rule.description] in ROWS


@pytest.mark.parametrize("scope", SCOPE_GRANTS)
def test_every_scope_is_listed_with_its_grants(scope):
    gives = ", ".join(f"`{one}`" for one in SCOPE_GRANTS if one in SCOPE_GRANTS[scope].included)
    assert [f"`{scope}`", gives, SCOPE_GRANTS[scope].description] in ROWS


@pytest.mark.parametrize("event", SESSION_EVENT_EFFECTS)
def test_every_session_event_is_listed_with_its_effects(event):
    effect = SESSION_EVENT_EFFECTS[event]
    this = "ends" if effect.this_session == "end" else EFFECTS[effect.this_session]
    assert [f"`{event}`", this, EFFECTS[effect.other_sessions], EFFECTS[effect.tokens]] in ROWS


def test_rights_page_has_only_rows_known_to_the_code():
    known = {
        f"`{one}`" for one in (*PERMISSION_RULES, *SCOPE_GRANTS, *SESSION_EVENT_EFFECTS, *ACTIONS)
    }
    assert [row[0] for row in ROWS if row[0] not in known] == []
    assert len(ROWS) == len(PERMISSION_RULES) + len(SCOPE_GRANTS) + len(
        SESSION_EVENT_EFFECTS
    ) + len(ACTIONS)
