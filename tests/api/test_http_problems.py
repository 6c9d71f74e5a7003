"""Tests of HTTP errors: one format, stable codes, no echoed input, no internals."""

import ast
import json
import logging
from pathlib import Path

import pytest
from http_app import ask, service
from jsonschema import Draft202012Validator

from api.core import errors
from api.core.errors import (
    ERROR_CODES,
    Conflict,
    FieldError,
    NotFound,
    RateLimited,
    ServiceError,
    ServiceUnavailable,
)
from api.http.problem_details import ProblemDetails, error_responses
from api.http.validation_errors import to_field_errors

APP = service()
API = Path(__file__).parents[2] / "api"
CLASSES = [one for one in vars(errors).values() if isinstance(one, type)]
KINDS = [one for one in CLASSES if issubclass(one, ServiceError) and one is not ServiceError]


@pytest.mark.parametrize(
    ("what", "status", "code"),
    [
        ("bug", 500, "internal"),
        ("echoing", 500, "internal"),
        ("solver", 500, "internal"),
        ("table", 500, "internal"),
        ("doubled", 500, "internal"),
        ("pool", 503, "unavailable"),
        ("locked", 503, "unavailable"),
        ("conflict", 409, "attempts_exhausted"),
        ("limited", 429, "cool_down"),
        ("who", 401, "unauthenticated"),
        ("answer", 422, "invalid"),
        ("problem", 422, "invalid_problem"),
    ],
)
def test_every_error_is_a_problem_document_without_internal_details(what, status, code):
    answered = ask(APP, "GET", f"/api/v1/raise/{what}")
    told = json.loads(answered.body)
    assert answered.headers["content-type"] == "application/problem+json"
    assert (answered.status, told["status"], told["code"]) == (status, status, code)
    assert told["instance"] == answered.headers["x-request-id"]
    assert told["type"] == f"/docs/errors#{code}"
    assert b"canary" not in answered.body
    assert b"Traceback" not in answered.body
    Draft202012Validator(ProblemDetails.model_json_schema()).validate(told)


def test_retry_after_is_in_the_header_and_in_the_body():
    answered = ask(APP, "GET", "/api/v1/raise/limited")
    assert answered.headers["retry-after"] == "30"
    assert json.loads(answered.body)["retry_after"] == 30
    assert int(ask(APP, "GET", "/api/v1/raise/locked").headers["retry-after"]) > 0


def test_unauthenticated_response_has_a_www_authenticate_header():
    assert ask(APP, "GET", "/api/v1/raise/who").headers["www-authenticate"] == "Bearer"


def test_problem_file_errors_show_file_line_and_field_without_folders():
    answered = ask(APP, "GET", "/api/v1/raise/problem")
    assert json.loads(answered.body)["errors"] == [
        {"field": "key", "message": "the key is not an expression", "file": "a.yaml", "line": 3},
        {"field": "", "message": "there is no solver 'conv3'", "file": "a.yaml", "line": 9},
    ]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "not_found"),
        ("GET", "/api/v1/canary", 404, "not_found"),
        ("GET", "/api/v1/version/../canary", 404, "not_found"),
        ("GET", "/api/v1/samples", 405, "method_not_allowed"),
        ("BREW", "/api/v1/samples", 405, "method_not_allowed"),
    ],
)
def test_unknown_path_or_method_returns_a_problem_document(method, path, status, code):
    answered = ask(APP, method, path)
    assert (answered.status, answered.code) == (status, code)
    assert b"canary" not in answered.body
    assert status == 404 or answered.headers["allow"] == "POST"


def test_method_not_allowed_lists_the_methods_of_all_matching_routes():
    app = service()

    @app.put("/api/v1/samples")
    def put() -> None: ...

    assert ask(app, "GET", "/api/v1/samples").headers["allow"] == "POST, PUT"


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("echoed", "cannot be used"),
        ("ours", "must be another text"),
        ("one", "cannot be used"),
        ("by_name.…", "must be a whole number"),
        ("…", "is not a known field; check the spelling or remove it"),
    ],
)
def test_messages_that_would_echo_input_are_replaced(field, said):
    body = b'{"echoed": "canary", "ours": "canary", "one": {"kind": "canary"}, "can ary": 1,'
    body += b'"by_name": {"<canary>": "canary"}}'
    answered = ask(APP, "POST", "/api/v1/loose", body=body)
    assert {"field": field, "message": said} in json.loads(answered.body)["errors"]
    assert b"canary" not in answered.body


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("things/canary", b"", "path thing"),
        ("things/" + "9" * 5000, b"", "path thing"),
        ("rows", b"limit=canary", "query limit"),
        ("rows", b"limit=" + b"9" * 5000, "query limit"),
        ("rows", b"limit=0", "query limit"),
        ("rows", b"limit=201", "query limit"),
        ("rows", b"limit=%D9%A6", "query limit"),
    ],
)
def test_invalid_path_or_query_parameter_is_named_but_not_echoed(path, query, field):
    answered = ask(APP, "GET", f"/api/v1/{path}", query=query)
    assert answered.status == 422
    assert [one["field"] for one in json.loads(answered.body)["errors"]] == [field]
    assert b"canary" not in answered.body


@pytest.mark.parametrize(
    ("loc", "field"),
    [
        ((), ""),
        (("body",), "body"),
        (("body", "rows", 0, 12), "rows[0][12]"),
        (("body", 3, "part"), "[3].part"),
        (("header", "If-Match"), "header If-Match"),
        (("body", "x" * 41), "…"),
        (("body", *["step"] * 100), ("step." * 100)[:200]),
    ],
)
def test_field_location_is_rendered_as_a_path(loc, field):
    [told] = to_field_errors([{"loc": loc, "type": "missing"}])
    assert told == FieldError(field, "is missing")


def test_crash_is_logged_once_with_traceback_and_request_id(caplog):
    with caplog.at_level(logging.INFO):
        answered = ask(APP, "GET", "/api/v1/raise/bug")
    [crash] = [one for one in caplog.records if one.exc_info]
    assert crash.exc_info[0] is RuntimeError
    assert answered.headers["x-request-id"] in crash.getMessage()


def test_storage_error_log_contains_no_statement_or_values(caplog):
    with caplog.at_level(logging.INFO):
        ask(APP, "GET", "/api/v1/raise/locked")
    assert "the database does not respond" in caplog.text
    assert "canary" not in caplog.text


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_error_class_accepts_only_codes_of_its_status(kind):
    assert kind("Words.").code == kind.code
    assert ERROR_CODES[kind.code].status == kind.status
    assert f"{kind.__name__} " in errors.__doc__
    for code in [
        "no_such_code",
        *(name for name in ERROR_CODES if ERROR_CODES[name].status != kind.status),
    ]:
        with pytest.raises(LookupError, match=code):
            kind("Words.", code=code)


@pytest.mark.parametrize(("code", "known"), ERROR_CODES.items())
def test_every_error_code_has_a_title_and_a_meaning_in_sentences(code, known):
    assert code.replace("_", "").islower()
    assert 400 <= known.status < 600
    assert known.title[0].isupper()
    assert known.meaning[-1] == "."
    assert "!" not in known.title + known.meaning


def test_every_error_code_in_use_is_in_the_table():
    names = {kind.__name__ for kind in KINDS}
    found = {
        (path.name, word.value.value)
        for path in API.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) in names
        for word in node.keywords
        if word.arg == "code" and isinstance(word.value, ast.Constant)
    }
    assert ("json_body.py", "duplicate_key") in found
    assert {one for one in found if one[1] not in ERROR_CODES} == set()


def test_route_declares_its_errors_with_an_example_per_code():
    told = error_responses(
        NotFound, Conflict, "attempts_exhausted", RateLimited, ServiceUnavailable
    )
    assert set(told) == {404, 409, 429, 503}
    examples = told[409]["content"]["application/problem+json"]["examples"]
    assert set(examples) == {"conflict", "attempts_exhausted"}
    for one in examples.values():
        Draft202012Validator(ProblemDetails.model_json_schema()).validate(one["value"])
    with pytest.raises(KeyError):
        error_responses("no_such_code")
