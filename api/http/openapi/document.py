"""OpenAPI document: operation ids, examples, and the errors of each operation."""

import re
import threading
from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.http.openapi.examples import (
    add_examples,
    extract_shared_error_responses,
    restore_nulls_in_examples,
)
from api.http.pipeline.authenticator import API_PATH_PREFIX
from api.http.problem_details import ProblemDetails, error_responses

# FastAPI's schemas for its own 422 body, which is never sent.
FASTAPI_ERROR_SCHEMAS: Final = ("HTTPValidationError", "ValidationError")
COMMON_CODES: Final = ("internal", "unavailable")
TOKEN_CODES: Final = ("token_expired", "rate_limited")
INPUT_CODES: Final = ("invalid",)
COURSE_CODES: Final = ("course_archived",)
BODY_CODES: Final = (
    "invalid",
    "bad_json",
    "not_finite",
    "duplicate_key",
    "too_deep",
    "too_large",
    "unsupported_media_type",
    "request_timeout",
)
UPLOAD_CODES: Final = ("too_many_uploads", "upload_capacity")
DOWNLOAD_CODES: Final = ("too_many_downloads", "download_capacity")
BEARER_SCHEME: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "an API token from /me/tokens"}
}
# Paths of changes in a course, which may be archived.
COURSE_PATH: Final = re.compile(r"\{(course|assignment|answer|comment|request|regrade)\}")
PATH_PREFIX: Final = re.compile(r"^/(api/v\d+/)?")
PATH_PARAMETER: Final = re.compile(r"\{(\w+)(?::\w+)?\}")


def install_openapi(app: FastAPI, parameters: Mapping[str, str]) -> None:
    """Make *app* serve the OpenAPI document of `build_document`, built once by one thread."""
    lock = threading.Lock()

    def build_cached_schema() -> dict[str, Any]:
        with lock:
            if app.openapi_schema is None:
                app.openapi_schema = build_document(app, parameters)
            return app.openapi_schema

    app.openapi = build_cached_schema  # type: ignore[method-assign]  # as FastAPI documents it


def build_document(app: FastAPI, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return the OpenAPI document of *app* with an example of every error of every operation.

    *parameters* maps names to descriptions, for parameters that their routes do not describe.
    """
    openapi = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    components = openapi.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in FASTAPI_ERROR_SCHEMAS:
        schemas.pop(name, None)
    model = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= model.pop("$defs", {}) | {"Problem": model}
    restore_nulls_in_examples(schemas)
    for path, item in openapi["paths"].items():
        for method, operation in item.items():
            operation["operationId"] = operation_id(method, path)
            if method == "get" and "401" in operation.get("responses", ()):
                _add_error_responses(operation, error_responses(*DOWNLOAD_CODES))
            if method != "get" and COURSE_PATH.search(path):
                _add_error_responses(operation, error_responses(*COURSE_CODES))
            _add_summary_and_errors(operation, strict=path.startswith(API_PATH_PREFIX))
            _add_parameter_descriptions(operation, parameters)
            add_examples(operation, schemas)
    components["schemas"] = dict(sorted(schemas.items()))
    components["securitySchemes"] = BEARER_SCHEME
    components["responses"] = extract_shared_error_responses(openapi["paths"])
    return openapi


def operation_id(method: str, path: str) -> str:
    """Return the id of an operation, which depends on its method and path alone.

    >>> operation_id("get", "/api/v1/courses/{course}/assignments")
    'get_course_assignments'
    >>> operation_id("put", "/api/v1/assignments/{assignment}/review/{problem}")
    'put_assignment_review_problem'
    """
    words: list[str] = []
    for piece in PATH_PREFIX.sub("", path).split("/"):
        match = PATH_PARAMETER.fullmatch(piece)
        if match and words and words[-1].removesuffix("s") == match[1]:
            words.pop()
        words.append(match[1] if match else re.sub(r"\W", "_", piece))
    return "_".join([method.lower(), *words])


def _add_summary_and_errors(operation: dict[str, Any], *, strict: bool) -> None:
    """Add the summary to *operation*, and the errors that any request of its form can get."""
    operation["summary"] = str(operation.get("description", "")).split("\n\n")[0].replace("\n", " ")
    declared = operation.setdefault("responses", {})
    if "Problem" not in str(declared.get("422", "")):
        declared.pop("422", None)
    if "201" in declared and any(
        one["name"] == "dry_run" for one in operation.get("parameters", ())
    ):
        declared["200"] = declared["201"] | {"description": "The effect; nothing was created"}
    error_codes: tuple[str, ...] = BODY_CODES if "requestBody" in operation else ()
    if not error_codes and (strict or operation.get("parameters")):
        error_codes = INPUT_CODES
    # A login needs no token, and declares its own security.
    if "401" in declared and "security" not in operation:
        operation["security"] = [{"bearer": []}]
        error_codes += TOKEN_CODES
        if "requestBody" in operation:
            error_codes += UPLOAD_CODES
    _add_error_responses(operation, error_responses(*COMMON_CODES, *error_codes))
    operation["responses"] = dict(sorted(declared.items()))


def _add_error_responses(
    operation: dict[str, Any], errors: Mapping[int | str, dict[str, Any]]
) -> None:
    """Add *errors* to the responses of *operation*; its own examples come last and win."""
    declared = operation.setdefault("responses", {})
    for status, common in errors.items():
        response = declared.setdefault(str(status), common)
        for media, content in common["content"].items():
            examples = response.setdefault("content", {}).setdefault(media, content)["examples"]
            response["content"][media]["examples"] = content["examples"] | examples


def _add_parameter_descriptions(operation: dict[str, Any], parameters: Mapping[str, str]) -> None:
    for parameter in operation.get("parameters", ()):
        if not parameter.get("description") and parameter["name"] in parameters:
            parameter["description"] = parameters[parameter["name"]]
