"""Tests that no code compares a secret with ``==``, which leaks it through timing."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECRET = re.compile(r"digest|secret|hash|password|token$", re.IGNORECASE)
EQUALITIES = (ast.Eq, ast.NotEq, ast.In, ast.NotIn)

# Digests of what is no secret: they are compared for change.
CONTENT = {"draw_hash", "DRAW_HASH", "marking_hash"}
# Comparisons in which neither side is kept from whoever asks, as (file, expression): digests of
# answers, which their students hold, of problems, two texts of one form, two settings of one owner,
# the name of a setting, the code of an error.
OPEN = {
    ("api/pages/layout/error_pages.py", "name not in SECRET_FIELDS"),
    ("api/services/analytics/queries/keys.py", "digest in unheld[part]"),
    ("api/services/analytics/other_variant_matches.py", "left.c.digest == right.c.digest"),
    (
        "api/services/problems/uploads.py",
        "hashes == (problem.draw_hash, problem.marking_hash, ENGINE)",
    ),
    # The row of a login is found by a SHA-256 of 256 random bits, whose digest nobody can choose.
    ("api/services/external_login/flows.py", "LoginFlow.digest == secret.digest"),
    ("api/services/lti/launches/frames.py", "LtiLaunch.digest == compute_digest(secret)"),
    ("api/services/lti/launches/verification.py", "LtiLaunch.digest == presented"),
    ("api/services/lti/platforms/registration.py", "LtiRegistrationLink.digest == presented"),
    ("api/services/student/history.py", "recomputed == submission.reply['receipt']['digest']"),
    ("api/services/student/history.py", "digest in {None, recomputed}"),
    ("api/services/files/pdf_documents.py", "error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD"),
    ("api/config/display.py", "name in SECRET_SETTINGS"),
    ("api/config/sources.py", "name in secret_names"),
    ("api/config/settings.py", "password != get_password(make_url(self.database))"),
}


def names_of(node: ast.AST) -> Iterator[str]:
    """Yield the names that describe the value of *node*, outermost first."""
    match node:
        case ast.Name(id=name):
            yield name
        case ast.Attribute(attr=name):
            yield name
        case ast.Subscript(value=value, slice=ast.Constant(value=str(key))):
            yield from names_of(value)
            yield key
        case ast.Subscript(value=value) | ast.Await(value=value):
            yield from names_of(value)
        case ast.Call(func=function):
            yield from names_of(function)
            if isinstance(function, ast.Attribute) and function.attr in {"get", "encode", "strip"}:
                yield from names_of(function.value)
                yield from (str(one.value) for one in node.args if isinstance(one, ast.Constant))


def is_secret(node: ast.AST) -> bool:
    return any(SECRET.search(name) and name not in CONTENT for name in names_of(node))


def careless(source: str) -> list[str]:
    """Return the comparisons of *source* that have a secret on either side."""
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Compare)
        and any(isinstance(operator, EQUALITIES) for operator in node.ops)
        and any(is_secret(side) for side in (node.left, *node.comparators))
    ]


@pytest.mark.parametrize(
    "source",
    [
        "digest == row.digest",
        "row.stored != digest_of(text)",
        "sha256(text).hexdigest() == stored",
        "row['token_digest'] == given",
        "row.get('secret') == given",
        "given == settings.session_secret.encode()",
        "given in secrets",
        "1 < HASHES[0] != given",
        "user.password_hash == given",
        "bearer_token == given",
    ],
)
def test_lint_detects_comparisons_of_secrets(source) -> None:
    assert careless(source) == [source]


@pytest.mark.parametrize(
    "source",
    [
        "digest is None",
        "matches(digest, row.digest)",
        "len(digest) == 32",
        "version.draw_hash == row.draw_hash",
        "kind == 'api'",
        "Token.prefix == prefix",
        "Session.token_id == token.id",
        "entry.token_id not in self.tokens",
    ],
)
def test_lint_accepts_other_comparisons(source) -> None:
    assert careless(source) == []


def test_no_api_module_compares_secrets_directly() -> None:
    files = sorted((ROOT / "api").rglob("*.py"))
    assert files
    found = {
        (path.relative_to(ROOT).as_posix(), expression)
        for path in files
        for expression in careless(path.read_text(encoding="utf-8"))
    }
    assert found == OPEN
