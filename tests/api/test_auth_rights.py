"""Tests of roles, permissions and scopes: one table with one interpretation."""

from itertools import combinations, product
from typing import get_args

import pytest

from api.auth.roles import (
    PERMISSION_RULES,
    ROLE_RANKS,
    EffectiveRole,
    Permission,
    Role,
    can_assign_role,
    can_create_reset_link,
    grantable_scopes,
    is_permitted,
    role_has_permission,
)
from api.auth.scopes import SCOPE_GRANTS, Scope, includes_scope

STANDINGS = get_args(EffectiveRole)
SETS = [one for size in range(6) for one in combinations(SCOPE_GRANTS, size)]

# Written by hand beside the table of the code: what each standing may beyond the one below.
OF_STUDENTS = {"see_course", "see_own_work", "submit", "request_regrade"}
OF_GRADERS = {
    "see_unreleased",
    "see_key",
    "see_people",
    "see_submissions",
    "see_gradebook",
    "see_analytics",
    "view_as_student",
    "mark",
    "answer_requests",
}
OF_ADMINISTRATORS = {"create_courses", "manage_site", "see_site_audit"}
OF_INSTRUCTORS = set(get_args(Permission)) - OF_STUDENTS - OF_GRADERS - OF_ADMINISTRATORS


def rights_of(standing) -> set[str]:
    return {right for right in PERMISSION_RULES if role_has_permission(standing, right)}


def test_permission_tables_are_complete() -> None:
    assert set(PERMISSION_RULES) == set(get_args(Permission))
    assert set(SCOPE_GRANTS) == set(get_args(Scope))
    assert set(ROLE_RANKS) == set(STANDINGS) == {*get_args(Role), "admin"}
    assert all(rule.description for rule in PERMISSION_RULES.values())
    assert all(grant.description for grant in SCOPE_GRANTS.values())


@pytest.mark.parametrize(
    ("standing", "rights"),
    [
        (None, set()),
        ("student", OF_STUDENTS),
        ("grader", OF_STUDENTS | OF_GRADERS),
        ("instructor", OF_STUDENTS | OF_GRADERS | OF_INSTRUCTORS),
        ("admin", set(get_args(Permission))),
    ],
)
def test_each_role_has_exactly_these_permissions(standing, rights) -> None:
    assert rights_of(standing) == rights


@pytest.mark.parametrize("scopes", SETS, ids=" ".join)
def test_token_never_exceeds_the_permissions_of_its_owner(scopes) -> None:
    for standing, right in product((None, *STANDINGS), PERMISSION_RULES):
        assert is_permitted(standing, right, scopes=None) == role_has_permission(standing, right)
        if is_permitted(standing, right, scopes=scopes):
            assert role_has_permission(standing, right)


def test_token_without_scopes_grants_nothing_and_admin_scope_grants_everything() -> None:
    for standing, right in product((None, *STANDINGS), PERMISSION_RULES):
        assert not is_permitted(standing, right, scopes=())
        assert is_permitted(standing, right, scopes=("admin",)) == role_has_permission(
            standing, right
        )


@pytest.mark.parametrize("scopes", SETS, ids=" ".join)
def test_additional_scope_never_removes_permissions(scopes) -> None:
    for more, right in product(SCOPE_GRANTS, PERMISSION_RULES):
        if is_permitted("admin", right, scopes=scopes):
            assert is_permitted("admin", right, scopes=(*scopes, more))


@pytest.mark.parametrize(
    ("scope", "can", "cannot"),
    [
        ("read", {"see_course", "see_key", "export"}, {"submit", "mark", "regrade"}),
        ("submit", {"see_own_work", "submit"}, {"mark", "manage_people"}),
        ("grade", {"see_submissions", "mark"}, {"submit", "override_grades", "regrade"}),
        ("manage", {"mark", "regrade", "manage_people"}, {"submit", "manage_site"}),
        ("admin", {"submit", "manage_site", "create_courses"}, set()),
    ],
)
def test_scope_grants_exactly_the_intended_permissions(scope, can, cannot) -> None:
    assert {right for right in can if is_permitted("admin", right, scopes=[scope])} == can
    assert {right for right in cannot if is_permitted("admin", right, scopes=[scope])} == set()


def test_read_token_permits_no_changes() -> None:
    changing = {
        right for right in PERMISSION_RULES if not right.startswith(("see_", "view_", "export"))
    }
    assert {right for right in changing if is_permitted("admin", right, scopes=["read"])} == set()


def test_scopes_include_themselves_and_inclusion_is_transitive() -> None:
    for scope, grant in SCOPE_GRANTS.items():
        assert includes_scope([scope], scope)
        assert all(SCOPE_GRANTS[given].included <= grant.included for given in grant.included)


@pytest.mark.parametrize(
    ("standing", "scopes"),
    [
        (None, ()),
        ("student", ("read", "submit")),
        ("grader", ("read", "submit", "grade")),
        ("instructor", ("read", "submit", "grade", "manage")),
        ("admin", ("read", "submit", "grade", "manage", "admin")),
    ],
)
def test_only_scopes_useful_to_the_owner_are_offered(standing, scopes) -> None:
    assert grantable_scopes(standing) == scopes


def test_only_people_managers_assign_roles_and_none_above_their_own() -> None:
    given = {
        (by, role) for by in (None, *STANDINGS) for role in ROLE_RANKS if can_assign_role(by, role)
    }
    roles = get_args(Role)
    assert {(by, role) for by, role in given if role in roles} == {
        *product(["instructor"], roles),
        *product(["admin"], roles),
    }
    assert ("instructor", "admin") not in given


@pytest.mark.parametrize("here", get_args(Role))
@pytest.mark.parametrize("has_other_role", [False, True])
@pytest.mark.parametrize("giver", [None, *STANDINGS])
def test_instructor_reset_links_never_grant_additional_permissions(
    giver, here, has_other_role
) -> None:
    allowed = {("instructor", "student", False), ("instructor", "grader", False)}
    expected = giver == "admin" or (giver, here, has_other_role) in allowed
    assert (
        can_create_reset_link(giver, role_in_course=here, has_other_role=has_other_role) == expected
    )
