"""Tests of the API description: complete, true where checkable, and without drift.

`make docs` renews the snapshot; a change of the snapshot is a change for users of the
API.
"""

import pkgutil
import re
from importlib import import_module
from pathlib import Path

import access
import pytest
from access import Route
from grouped_cases import check_each
from jsonschema import Draft202012Validator
from openapi_client import document, find_declared_responses, list_responses

from api.core.error_codes import ERROR_CODES
from api.docs_site.generator import CALLS_MARKER, render_api_page, serialize_document
from api.markup.error_docs import render_errors_page

ROOT = Path(__file__).parents[2]
DOCUMENT = document()
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}
ENTRIES: dict[str, Route] = {
    " ".join(key): route
    for area in pkgutil.iter_modules(access.__path__)
    for key, route in import_module(f"access.{area.name}").ROUTES.items()
    if " ".join(key) in OPERATIONS
}
PROBLEM = "application/problem+json"
READABLE = re.compile(r"(get|post|put|patch|delete)(_[a-z]+)+")
LONGEST_SUMMARY = 120

every_operation = check_each(OPERATIONS)


def resolved(schema: dict) -> dict:
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def examples(content: dict) -> list:
    """Return the examples of a body, or those of its schema."""
    named = [one["value"] for one in content.get("examples", {}).values()]
    own = [content["example"]] if "example" in content else []
    return named + own or resolved(content["schema"]).get("examples", [])


def bodies(name: str) -> list[tuple[str, dict]]:
    """Return the request and response bodies of an operation, with their media types."""
    sent = OPERATIONS[name].get("requestBody", {}).get("content", {})
    told = [told.get("content", {}) for told in list_responses(DOCUMENT, OPERATIONS[name]).values()]
    return [pair for content in (sent, *told) for pair in content.items()]


@every_operation
def test_every_operation_has_a_one_sentence_summary(name):
    operation = OPERATIONS[name]
    assert re.fullmatch(r"[A-Z].*\.", operation["summary"])
    assert len(operation["summary"]) <= LONGEST_SUMMARY
    assert operation["description"].replace("\n", " ").startswith(operation["summary"])
    assert len(operation["tags"]) == 1


@every_operation
def test_every_parameter_has_a_description(name):
    parameters = OPERATIONS[name].get("parameters", [])
    assert [one["name"] for one in parameters if not one.get("description")] == []


@every_operation
def test_every_request_body_has_examples_matching_its_schema(name):
    for media, content in bodies(name):
        assert examples(content), f"{media} has no example"
        schema = {**content["schema"], "components": DOCUMENT["components"]}
        for example in examples(content):
            Draft202012Validator(schema).validate(example)


@every_operation
def test_operations_declare_success_and_error_responses_have_examples(name):
    told = list_responses(DOCUMENT, OPERATIONS[name])
    assert [status for status in told if status[0] in "23"]
    for status, answer in told.items():
        if status[0] in "45":
            assert {one["status"] for one in examples(answer["content"][PROBLEM])} == {int(status)}


def test_operation_ids_are_unique_and_readable():
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(names)) == len(names)
    assert [name for name in names if not READABLE.fullmatch(name)] == []


@check_each(ENTRIES)
def test_responses_of_the_access_table_are_declared(name):
    """Every status with which the table refuses a caller is declared."""
    entry, declared = ENTRIES[name], set(list_responses(DOCUMENT, OPERATIONS[name]))
    expected = {str(entry.ok)}
    if entry.access_level != "anyone":
        expected |= {"401", "429"}
    if entry.access_level not in {"anyone", "person"}:
        expected |= {str(entry.denied_status)} if entry.access_level != "student" else set()
    if entry.login or entry.scope != "read":
        expected.add("403")
    if "{" in name and entry.access_level != "anyone":
        expected.add("404")
    assert expected - declared == set()


def test_test_client_detects_undeclared_error_code(world, monkeypatch):
    """All test clients check each response this way; here one error is left undeclared."""
    path = "/api/v1/me"
    monkeypatch.setitem(find_declared_responses("GET", path), "401", frozenset({"token_expired"}))
    with pytest.raises(AssertionError, match="does not declare unauthenticated"):
        world.anonymous.get("/me")


@every_operation
def test_only_authenticated_operations_declare_security(name):
    anyone = ENTRIES[name].access_level == "anyone"
    assert OPERATIONS[name].get("security", []) == ([] if anyone else [{"bearer": []}])


def test_openapi_document_matches_reviewed_snapshot():
    kept = (ROOT / "tests" / "api" / "openapi.json").read_text(encoding="utf-8")
    assert serialize_document(DOCUMENT) == kept, "if the change is meant, run `make docs`"


def test_api_docs_page_lists_every_operation():
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert render_api_page(page, DOCUMENT) == page, "run `make docs`"
    calls = page.partition(CALLS_MARKER)[2]
    missing = [
        name for name in OPERATIONS if f"| `{name.replace('/api/v1', '', 1)}` |" not in calls
    ]
    assert missing == []


def test_error_docs_page_matches_generated_output():
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    assert page == render_errors_page(), "run `make docs`"


def test_api_docs_page_without_marker_line_is_rejected():
    with pytest.raises(ValueError, match="no line"):
        render_api_page("# API\n", DOCUMENT)


def test_problem_type_url_points_to_error_code_on_docs_page(world):
    told = world.anonymous.get("/me").json()
    address, _, anchor = told["type"].partition("#")
    page = world.client.get(address)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert set(re.findall(r'<h3 id="(\w+)">', page.text)) == set(ERROR_CODES)
    assert anchor == told["code"] == "unauthenticated"
    assert "`" not in page.text
    assert "$" not in page.text


def test_error_docs_group_every_code_by_http_status():
    sections = re.split(r"^## (\d+)$", render_errors_page(), flags=re.MULTILINE)[1:]
    found = {
        code: int(status)
        for status, text in zip(sections[::2], sections[1::2], strict=True)
        for code in re.findall(r"^### `(\w+)`$", text, re.MULTILINE)
    }
    assert found == {code: known.status for code, known in ERROR_CODES.items()}
