"""Test client that checks every response against the OpenAPI document and for secrets.

All tests of the service use it: no response in the whole suite may contain a token that
a test made, a session, the secret of a course, or a stored password.
"""

import re
from functools import cache
from typing import Any

from fastapi.testclient import TestClient

from api.docs_site.generator import build_openapi_document

PROBLEM = "application/problem+json"

Answers = dict[str, frozenset[str]]
"""The statuses of an operation, each with its error codes."""


class OpenApiClient(TestClient):
    """Client that fails on a status or error code that the OpenAPI document lacks.

    It also fails if a text of *kept* occurs anywhere in a response.
    """

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.kept = {"$argon2"}

    def request(self, method: str, url: Any, **more: Any) -> Any:
        """Return the response; raise `AssertionError` if it is not declared.

        The same holds for a response that contains a secret.
        """
        answer = super().request(method, url, **more)
        sent = "\n".join([*answer.headers.values(), answer.text])
        assert not any(one in sent for one in self.kept), f"{method} {url} tells a secret"
        told = find_declared_responses(method.upper(), answer.request.url.path)
        if told is not None:
            status, code = str(answer.status_code), ""
            if answer.headers.get("content-type") == PROBLEM:
                code = answer.json()["code"]
            assert status in told, f"{method} {url} does not declare {status} {code}"
            assert not code or code in told[status], f"{method} {url} does not declare {code}"
        return answer


def find_declared_responses(method: str, path: str) -> Answers | None:
    """Return the declared responses of a path, or None if it is not an API operation."""
    found = operations().get((method, path.count("/")), [])
    return next((told for pattern, told in found if pattern.fullmatch(path)), None)


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document, built once per run; do not modify it."""
    return build_openapi_document()


@cache
def operations() -> dict[tuple[str, int], list[tuple[re.Pattern[str], Answers]]]:
    """Return all operations by method and depth, those with fewer parameters first."""
    described = document()
    found: dict[tuple[str, int], list[tuple[re.Pattern[str], Answers]]] = {}
    for path, item in sorted(described["paths"].items(), key=lambda one: one[0].count("{")):
        pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
        for method, operation in item.items():
            told = {
                one: _codes(answer) for one, answer in list_responses(described, operation).items()
            }
            found.setdefault((method.upper(), path.count("/")), []).append((pattern, told))
    return found


def list_responses(
    described: dict[str, Any], operation: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return the responses of an operation by status, with references resolved."""
    shared = described["components"]["responses"]
    return {
        status: shared[told["$ref"].rpartition("/")[2]] if "$ref" in told else told
        for status, told in operation["responses"].items()
    }


def _codes(answer: dict[str, Any]) -> frozenset[str]:
    return frozenset(answer.get("content", {}).get(PROBLEM, {}).get("examples", {}))
