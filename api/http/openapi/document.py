"""OpenAPI document: operation ids, examples, and the errors of each operation."""

import re
from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.http.openapi.examples import add_examples, restore_examples, share_errors
from api.http.pipeline.authenticator import STRICT
from api.http.problem_details import Problem, responses

__all__ = ["document", "install", "operation_id"]

# FastAPI's schemas for its own 422 body, which is never sent.
REPLACED: Final = ("HTTPValidationError", "ValidationError")
ALWAYS: Final = ("internal", "unavailable")
WITH_TOKEN: Final = ("token_expired", "rate_limited")
WITH_INPUT: Final = ("invalid",)
WITH_COURSE: Final = ("course_archived",)
WITH_BODY: Final = (
    "invalid",
    "bad_json",
    "not_finite",
    "duplicate_key",
    "too_deep",
    "too_large",
    "unsupported_media_type",
    "request_timeout",
)
WITH_UPLOAD: Final = ("too_many_uploads", "upload_capacity")
BEARER: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "a token, as /me/tokens makes"}
}
# Paths of changes in a course, which may be archived.
IN_COURSE: Final = re.compile(r"\{(course|assignment|answer|comment|request|regrade)\}")
PREFIX: Final = re.compile(r"^/(api/v\d+/)?")
PARAMETER: Final = re.compile(r"\{(\w+)(?::\w+)?\}")


def install(app: FastAPI, parameters: Mapping[str, str]) -> None:
    """Make *app* serve the OpenAPI document of `document`, built once."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = document(app, parameters)
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # as FastAPI documents it


def document(app: FastAPI, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return the OpenAPI document of *app* with an example of every error of every operation.

    *parameters* maps names to descriptions, for parameters that their routes do not describe.
    """
    told = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    components = told.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in REPLACED:
        schemas.pop(name, None)
    model = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= model.pop("$defs", {}) | {"Problem": model}
    restore_examples(schemas)
    for path, item in told["paths"].items():
        for method, operation in item.items():
            operation["operationId"] = operation_id(method, path)
            if method != "get" and IN_COURSE.search(path):
                _meet(operation, responses(*WITH_COURSE))
            _complete(operation, strict=path.startswith(STRICT))
            _describe(operation, parameters)
            add_examples(operation, schemas)
    components["schemas"] = dict(sorted(schemas.items()))
    components["securitySchemes"] = BEARER
    components["responses"] = share_errors(told["paths"])
    return told


def operation_id(method: str, path: str) -> str:
    """Return the id of an operation, which depends on its method and path alone.

    >>> operation_id("get", "/api/v1/courses/{course}/assignments")
    'get_course_assignments'
    >>> operation_id("put", "/api/v1/assignments/{assignment}/review/{problem}")
    'put_assignment_review_problem'
    """
    words: list[str] = []
    for piece in PREFIX.sub("", path).split("/"):
        found = PARAMETER.fullmatch(piece)
        if found and words and words[-1].removesuffix("s") == found[1]:
            words.pop()
        words.append(found[1] if found else re.sub(r"\W", "_", piece))
    return "_".join([method.lower(), *words])


def _complete(operation: dict[str, Any], *, strict: bool) -> None:
    """Add the summary to *operation*, and the errors that any request of its form can get."""
    operation["summary"] = str(operation.get("description", "")).split("\n\n")[0].replace("\n", " ")
    found = operation.setdefault("responses", {})
    if "Problem" not in str(found.get("422", "")):
        found.pop("422", None)
    if "201" in found and any(one["name"] == "dry_run" for one in operation.get("parameters", ())):
        found["200"] = found["201"] | {"description": "What would come of it; nothing was made"}
    met: tuple[str, ...] = WITH_BODY if "requestBody" in operation else ()
    if not met and (strict or operation.get("parameters")):
        met = WITH_INPUT
    # A log-in needs no token, and declares its own security.
    if "401" in found and "security" not in operation:
        operation["security"] = [{"bearer": []}]
        met += WITH_TOKEN
        if "requestBody" in operation:
            met += WITH_UPLOAD
    _meet(operation, responses(*ALWAYS, *met))
    operation["responses"] = dict(sorted(found.items()))


def _meet(operation: dict[str, Any], errors: Mapping[int | str, dict[str, Any]]) -> None:
    """Add *errors* to the responses of *operation*; its own examples come last and win."""
    found = operation.setdefault("responses", {})
    for status, general in errors.items():
        own = found.setdefault(str(status), general)
        for media, content in general["content"].items():
            examples = own.setdefault("content", {}).setdefault(media, content)["examples"]
            own["content"][media]["examples"] = content["examples"] | examples


def _describe(operation: dict[str, Any], parameters: Mapping[str, str]) -> None:
    for one in operation.get("parameters", ()):
        if not one.get("description") and one["name"] in parameters:
            one["description"] = parameters[one["name"]]
