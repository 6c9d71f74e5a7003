"""Tests of the security page and of security rules for the source code.

The page must list every requirement and may name only tests that exist.
"""

import ast
import inspect
import re
from functools import cache
from pathlib import Path
from uuid import UUID

import pytest
from fastapi.routing import APIRoute

from api.app import SHARED_ROUTES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
ROW = re.compile(r"^\| ([A-Z]*\d[\d.]*) \| (.+?) \| (.+?) \|$", re.MULTILINE)
ROWS = {number: here for number, _, here in ROW.findall(PAGE)}
WITHOUT_TEST = re.compile(r"(Not applicable|Not met|Documented): \S")

LEVEL_1 = {
    *("1.2.1", "1.2.2", "1.2.3", "1.2.4", "1.2.5", "1.3.1", "1.3.2", "1.5.1", "2.1.1", "2.2.1"),
    *("2.2.2", "2.3.1", "3.2.1", "3.2.2", "3.3.1", "3.4.1", "3.4.2", "3.5.1", "3.5.2", "3.5.3"),
    *("4.1.1", "4.4.1", "5.2.1", "5.2.2", "5.3.1", "5.3.2", "6.1.1", "6.2.1", "6.2.2", "6.2.3"),
    *("6.2.4", "6.2.5", "6.2.6", "6.2.7", "6.2.8", "6.3.1", "6.3.2", "6.4.1", "6.4.2", "7.2.1"),
    *("7.2.2", "7.2.3", "7.2.4", "7.4.1", "7.4.2", "8.1.1", "8.2.1", "8.2.2", "8.3.1", "9.1.1"),
    *("9.1.2", "9.1.3", "9.2.1", "10.4.1", "10.4.2", "10.4.3", "10.4.4", "10.4.5", "11.3.1"),
    *("11.3.2", "11.4.1", "12.1.1", "12.2.1", "12.2.2", "13.4.1", "14.2.1", "14.3.1", "15.1.1"),
    *("15.2.1", "15.3.1"),
}
"""Requirements of OWASP ASVS 5.0.0 at level 1."""
TOP_10 = {f"API{number}" for number in range(1, 11)}


@cache
def names_in(path: str) -> frozenset[str]:
    """Return the names of all functions of a module."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef))


def test_no_requirement_is_missing():
    assert {*ROWS} == LEVEL_1 | TOP_10
    assert len(ROW.findall(PAGE)) == len(ROWS)


@pytest.mark.parametrize("number", sorted(LEVEL_1 | TOP_10))
def test_every_requirement_names_a_test_or_a_reason(number):
    here = ROWS[number]
    assert TEST.search(here) or WITHOUT_TEST.match(here), here


def test_every_test_named_on_security_page_exists():
    named = TEST.findall(PAGE)
    assert [f"{path}::{name}" for path, name in named if name not in names_in(path)] == []
    assert PAGE.count("::test_") == len(named), "write `tests/path.py::test_name`"


def test_security_page_counts_are_correct():
    kinds = ("Not applicable", "Not met", "Documented")
    found = {kind: sum(ROWS[one].startswith(kind) for one in LEVEL_1) for kind in kinds}
    shown = len(LEVEL_1) - sum(found.values())
    counts = f"{shown} are shown by tests, {found['Documented']} by a page"
    rest = f"{found['Not applicable']} are not applicable, {found['Not met']} not met"
    assert f"Of {len(LEVEL_1)} requirements {counts}; {rest}." in PAGE


# What a look at the code shows.

PACKAGES = ("grader", "problems", "api", "migrations")


@cache
def trees() -> dict[str, ast.Module]:
    """Return the syntax tree of each product module, by path."""
    files = (path for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py")))
    return {str(one.relative_to(ROOT)): ast.parse(one.read_text(encoding="utf-8")) for one in files}


@cache
def looked_at(tree: ast.Module) -> tuple[list[str], list[tuple[str, ast.Call]]]:
    """Return the modules that *tree* imports, and its calls with their function names."""
    modules, calls = [], []
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                modules += [one.name for one in names]
            case ast.ImportFrom(module=module, names=names):
                modules += [str(module), *(f"{module}.{one.name}" for one in names)]
            case ast.Call(func=func):
                calls.append((getattr(func, "attr", getattr(func, "id", "")), node))
    return modules, calls


def imported(*banned: str, tree: ast.Module) -> list[str]:
    """Return the imports of *tree* from the *banned* modules."""
    return [
        one for one in looked_at(tree)[0] if any(f"{one}.".startswith(f"{it}.") for it in banned)
    ]


def text_made(tree: ast.Module) -> list[str]:
    """Return the SQL statements that are built from text other than constants."""
    run = {"exec_driver_sql"} | ({"text"} if imported("sqlalchemy.text", tree=tree) else set())
    return [
        ast.unparse(node)
        for name, node in looked_at(tree)[1]
        if name in run and node.args and not is_written(node.args[0])
    ]


def is_written(node: ast.expr) -> bool:
    """Return whether *node* is literal text or the name of a constant."""
    match node:
        case ast.JoinedStr(values=values):
            return all(is_written(one) for one in values)
        case ast.FormattedValue(value=value):
            return is_written(value)
        case ast.IfExp(body=body, orelse=orelse):
            return is_written(body) and is_written(orelse)
        case ast.Name(id=name):
            return name.isupper()
        case _:
            return isinstance(node, ast.Constant)


STARTS = {"run", "Popen", "call", "check_call", "check_output"}


def shells(tree: ast.Module) -> list[str]:
    """Return the calls that run text in a shell."""
    banned = {"system", "popen", "getoutput", "getstatusoutput", "create_subprocess_shell"}
    return [
        ast.unparse(node)
        for name, node in looked_at(tree)[1]
        if name in banned or (name in STARTS and any(one.arg == "shell" for one in node.keywords))
    ]


def runs_text(tree: ast.Module) -> list[str]:
    """Return the calls that run text as code."""
    return [
        ast.unparse(node)
        for name, node in looked_at(tree)[1]
        if isinstance(node.func, ast.Name) and name in {"eval", "exec", "compile", "__import__"}
    ]


LOOKS = {
    "statements": (text_made, "from sqlalchemy import text\ntext(f'SELECT {x}')"),
    "shells": (shells, "subprocess.run(x, shell=True)"),
    "code": (runs_text, "eval(x)"),
    "requests": (
        lambda tree: imported(
            "urllib.request", "http.client", "httpx", "httpx2", "requests", tree=tree
        ),
        "from urllib.request import urlopen",
    ),
    "documents": (
        lambda tree: imported("xml", "lxml", "pickle", "shelve", "marshal", tree=tree),
        "import xml.etree.ElementTree",
    ),
    "hashes": (
        lambda tree: [name for name, _ in looked_at(tree)[1] if name in {"md5", "sha1"}],
        "hashlib.md5(x)",
    ),
}


def found(look: str) -> dict[str, list[str]]:
    """Return the findings of a check, by path."""
    seen = {path: LOOKS[look][0](tree) for path, tree in trees().items()}
    return {path: what for path, what in seen.items() if what}


@pytest.mark.parametrize("look", LOOKS)
def test_planted_violations_are_detected(look):
    find, planted = LOOKS[look]
    assert find(ast.parse(planted))


def test_no_sql_statement_is_built_from_text():
    """Schema revisions and the durability test are exempt: they serve no requests.

    `driver_writes` runs the text of statements that SQLAlchemy compiled.
    """
    apart = ("migrations/", "api/durability_test/", "api/db/driver_writes.py")
    left = {path: run for path, run in found("statements").items() if not path.startswith(apart)}
    assert left == {}


def test_no_shell_is_ever_run():
    assert found("shells") == {}


def test_no_text_is_executed_as_code():
    assert found("code") == {}


def test_service_requests_no_user_supplied_urls():
    """Only commands contact other machines, login the OpenID providers, and LTI the platforms.

    The operator sets the providers. Addresses of platforms must be public and use https:
    tests/api/test_lti_addresses.py. The health check contacts its own port.
    """
    ours = ("api/server/healthcheck.py", "api/durability_test/")
    ours += ("api/services/external_login/provider_http.py",)
    ours += ("api/services/external_login/outbound_http.py",)
    ours += ("api/services/external_login/deadline_transport.py",)
    ours += ("api/services/lti/protocol/public_http.py",)
    assert [path for path in found("requests") if not path.startswith(ours)] == []


def test_no_xml_or_pickle_is_parsed():
    """Only `grader report` reads XML, that of Word files; a document type ends the reading."""
    word_files = {"api/services/reports/docx_package.py": ["xml.parsers", "xml.parsers.expat"]}
    assert found("documents") == word_files


def test_no_weak_hash_is_used():
    assert found("hashes") == {}


def writing(function):
    """Return whether a route opens a transaction that commits."""
    return ".transaction(" in inspect.getsource(inspect.unwrap(function))


def test_get_requests_change_nothing():
    """Exceptions: a problem is marked as opened, the audit log records an export, and a login.

    A provider sends the browser back by GET.
    """
    got = [one for one in SHARED_ROUTES if {*getattr(one, "methods", ())} & {"GET", "HEAD"}]
    assert len(got) > 50
    assert {one.path for one in got if writing(one.endpoint)} == {
        "/api/v1/assignments/{assignment}/problems/{problem}",
        "/api/v1/courses/{course}/exports/submissions",
        "/login/oidc/{provider}",
        "/login/oidc/{provider}/callback",
    }
    assert sum(writing(one.endpoint) for one in SHARED_ROUTES) > 50, "it can be seen"


SECRET_NAME = re.compile("secret|password|cookie|key|token|registration")
SECRET_ADDRESSES = {
    "/calendar/{secret}.ics",
    "/mail/unsubscribe/{token}",
    "/lti/register/{registration}",
    "/lti/deep-link",
}
"""Addresses that are enough by themselves for what they do; none opens a session."""
COOKIE_ADDRESSES = {"/lti/enter", "/lti/link", "/lti/connect"}
"""Addresses whose token works only with the cookie of the browser that began the launch."""


def test_urls_have_no_other_parameters_for_secrets():
    """Fields of type UUID are ids, such as those of tokens, which grant no access."""
    parameters = [
        (route.path, one.name)
        for route in SHARED_ROUTES
        if isinstance(route, APIRoute)
        for one in (*route.dependant.path_params, *route.dependant.query_params)
        if one.field_info.annotation is not UUID
    ]
    assert {"cursor", "secret"} <= {name for _, name in parameters}
    secret = {path for path, name in parameters if SECRET_NAME.search(name)}
    assert secret == SECRET_ADDRESSES | COOKIE_ADDRESSES


TEMPLATES = sorted((ROOT / "api" / "web" / "templates").rglob("*.html"))
FIELD = re.compile(r"<input\b[^>]*\bname=\"(?:password|current|again|new)\"[^>]*>")


def test_password_fields_are_masked_and_support_password_managers():
    fields = [one for path in TEMPLATES for one in FIELD.findall(path.read_text(encoding="utf-8"))]
    assert len(fields) > 1
    for field in fields:
        assert 'type="password"' in field
        assert re.search(r'autocomplete="(current|new)-password"', field)
        assert "onpaste" not in field
