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
def test_every_operation_says_what_it_does_in_a_sentence(name):
    operation = OPERATIONS[name]
    assert re.fullmatch(r"[A-Z].*\.", operation["summary"])
    assert len(operation["summary"]) <= LONGEST_SUMMARY
    assert operation["description"].replace("\n", " ").startswith(operation["summary"])
    assert len(operation["tags"]) == 1


@every_operation
def test_every_parameter_is_explained(name):
    parameters = OPERATIONS[name].get("parameters", [])
    assert [one["name"] for one in parameters if not one.get("description")] == []


@every_operation
def test_every_body_has_an_example_of_its_form(name):
    for media, content in bodies(name):
        assert examples(content), f"{media} has no example"
        schema = {**content["schema"], "components": DOCUMENT["components"]}
        for example in examples(content):
            Draft202012Validator(schema).validate(example)


@every_operation
def test_every_operation_has_a_success_and_every_error_an_example(name):
    told = list_responses(DOCUMENT, OPERATIONS[name])
    assert [status for status in told if status[0] in "23"]
    for status, answer in told.items():
        if status[0] in "45":
            assert {one["status"] for one in examples(answer["content"][PROBLEM])} == {int(status)}


def test_the_names_of_operations_are_unique_and_can_be_read():
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(names)) == len(names)
    assert [name for name in names if not READABLE.fullmatch(name)] == []


@check_each(ENTRIES)
def test_what_the_table_of_access_promises_is_declared(name):
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


def test_an_answer_that_is_not_declared_is_found(world, monkeypatch):
    """All test clients check each response this way; here one error is left undeclared."""
    path = "/api/v1/me"
    monkeypatch.setitem(find_declared_responses("GET", path), "401", frozenset({"token_expired"}))
    with pytest.raises(AssertionError, match="does not declare unauthenticated"):
        world.anonymous.get("/me")


@every_operation
def test_what_needs_a_token_says_so_and_the_rest_does_not(name):
    anyone = ENTRIES[name].access_level == "anyone"
    assert OPERATIONS[name].get("security", []) == ([] if anyone else [{"bearer": []}])


def test_the_description_is_the_one_that_was_reviewed():
    kept = (ROOT / "tests" / "api" / "openapi.json").read_text(encoding="utf-8")
    assert serialize_document(DOCUMENT) == kept, "if the change is meant, run `make docs`"


def test_the_page_of_the_api_has_every_call():
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert render_api_page(page, DOCUMENT) == page, "run `make docs`"
    calls = page.partition(CALLS_MARKER)[2]
    missing = [
        name for name in OPERATIONS if f"| `{name.replace('/api/v1', '', 1)}` |" not in calls
    ]
    assert missing == []


def test_the_page_of_the_errors_is_what_the_code_writes():
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    assert page == render_errors_page(), "run `make docs`"


def test_a_page_without_the_place_for_the_calls_is_refused():
    with pytest.raises(ValueError, match="no line"):
        render_api_page("# API\n", DOCUMENT)


def test_the_type_of_a_problem_leads_to_its_code_on_a_page_of_the_service(world):
    told = world.anonymous.get("/me").json()
    address, _, anchor = told["type"].partition("#")
    page = world.client.get(address)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert set(re.findall(r'<h3 id="(\w+)">', page.text)) == set(ERROR_CODES)
    assert anchor == told["code"] == "unauthenticated"
    assert "`" not in page.text
    assert "$" not in page.text


def test_every_error_stands_on_the_page_under_its_status():
    sections = re.split(r"^## (\d+)$", render_errors_page(), flags=re.MULTILINE)[1:]
    found = {
        code: int(status)
        for status, text in zip(sections[::2], sections[1::2], strict=True)
        for code in re.findall(r"^### `(\w+)`$", text, re.MULTILINE)
    }
    assert found == {code: known.status for code, known in ERROR_CODES.items()}
