"""Tests of the audit log's actions: one table, one style, and no unused action."""

import ast
import re
from functools import cache
from pathlib import Path
from uuid import uuid4

import pytest
from actors import NOW
from grouped_cases import check_each

from api.db.models import AuditEntry
from api.services.audit import recorder
from api.services.audit.actions import ACTIONS
from api.services.audit.targets import TARGET_NAME_QUERIES, load_target_names

ROOT = Path(__file__).parents[2]
STYLE = re.compile(r"[a-z]+(_[a-z]+)*\.([a-z]+_)?([a-z]+ed|set|reset|undone|withdrawn|viewed_as)")
SOURCES = [path for path in ROOT.glob("api/services/**/*.py") if path.name != "audit_actions.py"]


@cache
def string_constants() -> frozenset[str]:
    """Return the string constants of all services."""
    return frozenset(
        node.value
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def test_unknown_audit_action_is_rejected(world):
    with world.session() as session, pytest.raises(ValueError, match=r"no 'assignment\.eaten'"):
        recorder.record_action(session, None, "assignment.eaten", now=NOW)


@check_each(ACTIONS)
def test_audit_actions_are_named_noun_dot_participle(name):
    assert STYLE.fullmatch(name)
    noun, _, done = name.partition(".")
    # Publishing and retiring a version put the action together from its status.
    assert name in string_constants() or (noun == "version" and done in string_constants())


def test_every_audit_action_is_documented():
    page = (ROOT / "docs" / "rights.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \| (.+) \|$", page, re.MULTILINE)
    assert dict(table) == dict(ACTIONS)


@pytest.mark.parametrize("target", TARGET_NAME_QUERIES)
def test_missing_audit_target_has_no_name(world, target):
    with world.session() as session:
        assert load_target_names(session, [AuditEntry(target=target, target_id=str(uuid4()))]) == {}


def test_audit_target_of_an_unknown_type_is_rejected(world):
    with world.session() as session, pytest.raises(ValueError, match="no 'sandwich'"):
        recorder.record_action(
            session, None, "course.changed", now=NOW, target=("sandwich", uuid4())
        )
