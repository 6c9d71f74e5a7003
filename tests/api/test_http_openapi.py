"""Tests of the OpenAPI document: every operation with all its errors and examples."""

import json
import shutil

import pytest
from fastapi import FastAPI
from http_app import KEY, ask, service
from jsonschema import Draft202012Validator
from openapi_client import list_responses

from api.core.errors import ERROR_CODES
from api.http.pipeline.application import Application
from api.http.pipeline.http_policy import HttpPolicy
from api.routes.health import Health, create_free_space_check, create_health_router

DOCUMENT = service().openapi()
OPERATIONS = {
    f"{method} {path}": operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}


def codes(operation: str) -> dict[str, set[str]]:
    return {
        status: set(told["content"]["application/problem+json"]["examples"])
        for status, told in list_responses(DOCUMENT, OPERATIONS[operation]).items()
        if int(status) >= 400
    }


def test_openapi_operation_lists_its_own_and_general_errors():
    assert codes("post /api/v1/samples") == {
        "404": {"not_found"},
        "408": {"request_timeout"},
        "409": {"attempts_exhausted"},
        "413": {"too_large"},
        "415": {"unsupported_media_type"},
        "422": {"invalid", "bad_json", "not_finite", "duplicate_key", "too_deep", KEY},
        "500": {"internal"},
        "503": {"unavailable"},
    }
    assert codes("get /api/v1/things/{thing}") == {
        "422": {"invalid"},
        "500": {"internal"},
        "503": {"unavailable"},
    }
    # The query may always hold what the operation does not know.
    assert set(codes("get /api/v1/about")) == {"422", "500", "503"}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_documented_error_has_a_valid_example(name):
    model = {**DOCUMENT["components"]["schemas"]["Problem"], "components": DOCUMENT["components"]}
    for status, told in list_responses(DOCUMENT, OPERATIONS[name]).items():
        if int(status) < 400:
            continue
        [(media, content)] = told["content"].items()
        assert media == "application/problem+json"
        assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
        for code, example in content["examples"].items():
            Draft202012Validator(model).validate(example["value"])
            assert example["value"]["code"] == code
            assert ERROR_CODES[code].status == int(status)


def test_every_openapi_reference_resolves():
    text = json.dumps(DOCUMENT)
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named <= DOCUMENT["components"]["schemas"].keys()
    assert "HTTPValidationError" not in text


def test_openapi_document_is_built_once_and_served():
    app = service()
    assert app.openapi() is app.openapi()
    assert json.loads(ask(app, "GET", "/openapi.json").body) == DOCUMENT


def fails(_request) -> None:
    raise RuntimeError("canary")


def passes(_request) -> None: ...


def health(**checks) -> FastAPI:
    app = Application(HttpPolicy())
    app.include_router(create_health_router(Health(version="1", problems=2), checks=checks))
    return app


def test_working_service_is_healthy_and_ready():
    app = health(database=passes, disk=passes)
    assert json.loads(ask(app, "GET", "/healthz").body) == {
        "status": "ok",
        "version": "1",
        "problems": 2,
    }
    ready = ask(app, "GET", "/readyz")
    assert json.loads(ready.body) == {"status": "ready", "checks": ["database", "disk"]}


def test_service_without_storage_is_healthy_but_not_ready(caplog):
    app = health(database=fails, disk=passes)
    assert ask(app, "GET", "/healthz").status == 200
    ready = ask(app, "GET", "/readyz")
    assert (ready.status, ready.code) == (503, "unavailable")
    assert json.loads(ready.body)["detail"] == "Not ready: database."
    assert ready.headers["retry-after"] == "5"
    assert "RuntimeError" in caplog.text
    assert "canary" not in ready.body.decode() + caplog.text


def test_free_space_check_compares_with_available_space(tmp_path):
    free = shutil.disk_usage(tmp_path).free
    create_free_space_check(tmp_path, min_bytes=1)(None)
    with pytest.raises(OSError, match="are free"):
        create_free_space_check(tmp_path, min_bytes=free * 2)(None)
