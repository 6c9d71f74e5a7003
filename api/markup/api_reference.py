"""API reference: every operation of the OpenAPI document, with a `curl` command to paste."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

JSON_TYPE: Final = "application/json"
BASE_VARIABLE: Final = "BASE"
TOKEN_VARIABLE: Final = "TOKEN"  # noqa: S105  # the name of a shell variable
ETAG_VARIABLE: Final = "ETAG"
PATH_PARAMETER: Final = re.compile(r"\{(\w+)\}")
ERROR_CODE: Final = re.compile(r"^\d+-(.+)$")
CONTINUATION: Final = " \\\n    "
"""End of a line of a command that goes on, and the indent of the next one."""

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ReferenceParameter:
    """Parameter of an operation: *location* is path, query or header."""

    name: str
    location: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class ReferenceOperation:
    """Operation: what it does, a command that calls it, and what it returns.

    *reply* is an example of the body, "" if there is none; *errors* are error codes.
    """

    id: str
    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[ReferenceParameter, ...]
    command: str
    reply: str
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReferenceArea:
    """Area of the API with its operations, in the order of their paths."""

    name: str
    operations: tuple[ReferenceOperation, ...]


def build_reference(document: Document) -> tuple[ReferenceArea, ...]:
    """Return the areas of an OpenAPI document, by name."""
    rows = [
        (operation["tags"][0], path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]
    rows.sort(key=lambda row: row[:2])
    return tuple(
        ReferenceArea(
            area,
            tuple(
                _build_operation(document, path, method, operation)
                for _, path, method, operation in group
            ),
        )
        for area, group in groupby(rows, key=lambda row: row[0])
    )


def format_shell_variable(parameter: str) -> str:
    """Return the shell variable that commands use for a path parameter.

    >>> format_shell_variable("problem_version")
    'PROBLEM_VERSION'
    """
    return parameter.upper()


def _build_operation(
    document: Document, path: str, method: str, operation: Document
) -> ReferenceOperation:
    summary = operation["summary"]
    return ReferenceOperation(
        operation["operationId"],
        method.upper(),
        path,
        summary,
        operation["description"].removeprefix(summary).strip(),
        tuple(
            ReferenceParameter(
                parameter["name"],
                parameter["in"],
                parameter.get("required", False),
                parameter.get("description", ""),
            )
            for parameter in operation.get("parameters", ())
        ),
        build_command(document, path, method, operation),
        _find_success_example(operation),
        tuple(_list_errors(operation)),
    )


def build_command(document: Document, path: str, method: str, operation: Document) -> str:
    """Return a `curl` command that calls an operation, with the example of its body.

    It uses the shell variables BASE and TOKEN, one for each path parameter, and ETAG for an edit.
    """
    url = PATH_PARAMETER.sub(lambda match: f"${{{format_shell_variable(match[1])}}}", path)
    words = ["curl -sS" + ("" if method == "get" else f" -X {method.upper()}")]
    if operation.get("security"):
        words.append(f'-H "Authorization: Bearer ${TOKEN_VARIABLE}"')
    if any(one["name"].lower() == "if-match" for one in operation.get("parameters", ())):
        words.append(f'-H "If-Match: ${ETAG_VARIABLE}"')
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        words += (
            f"-H 'Content-Type: {media_type}'",
            f"--data-binary {shlex.quote(_find_body(document, media_type, content))}",
        )
        break
    return CONTINUATION.join((*words, f'"${BASE_VARIABLE}{url}"'))


def _find_body(document: Document, media_type: str, content: Document) -> str:
    """Return the example of a request body as text."""
    example = _find_example(content)
    if example is None:
        schema = content["schema"]
        name = schema.get("$ref", "").rpartition("/")[2]
        example = document["components"]["schemas"].get(name, schema)["examples"][0]
    if media_type == JSON_TYPE or not isinstance(example, str):
        return json.dumps(example, ensure_ascii=False)
    return example


def _find_example(content: Document) -> Any:
    """Return the first example of a media type, None if it has none."""
    examples = [one["value"] for one in content.get("examples", {}).values()]
    return examples[0] if examples else content.get("example")


def _find_success_example(operation: Document) -> str:
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            for content in response.get("content", {}).values():
                example = _find_example(content)
                if example is not None:
                    return _format_example(example)
    return ""


def _format_example(example: object) -> str:
    if isinstance(example, str):
        return example
    return json.dumps(example, indent=2, ensure_ascii=False)


def _list_errors(operation: Document) -> Iterator[str]:
    """Yield the error codes of an operation, which the names of its responses list."""
    for response in operation["responses"].values():
        match = ERROR_CODE.match(response.get("$ref", "").rpartition("/")[2])
        if match is not None:
            yield from match[1].split("-")
