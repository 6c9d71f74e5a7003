"""A client that holds every answer of the service to its description, and to what none may tell.

All tests of the service ask by it: no answer in the whole suite has a token that a test made, a
session, the secret of a course, or a password as it is stored.
"""

import re
from functools import cache
from typing import Any

from fastapi.testclient import TestClient

from api.docs_site.generator import build_openapi_document

PROBLEM = "application/problem+json"

Answers = dict[str, frozenset[str]]
"""The statuses of an operation, each with the codes of its errors."""


class Described(TestClient):
    """A client in whose hands a status or code that is not in the OpenAPI document is an error.

    So is a text of *kept* anywhere in an answer.
    """

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.kept = {"$argon2"}

    def request(self, method: str, url: Any, **more: Any) -> Any:
        """Return the response; `AssertionError` where its call does not tell of it."""
        answer = super().request(method, url, **more)
        sent = "\n".join([*answer.headers.values(), answer.text])
        assert not any(one in sent for one in self.kept), f"{method} {url} tells a secret"
        told = declared(method.upper(), answer.request.url.path)
        if told is not None:
            status, code = str(answer.status_code), ""
            if answer.headers.get("content-type") == PROBLEM:
                code = answer.json()["code"]
            assert status in told, f"{method} {url} does not declare {status} {code}"
            assert not code or code in told[status], f"{method} {url} does not declare {code}"
        return answer


def declared(method: str, path: str) -> Answers | None:
    """Return what the call of an address is said to answer, None for what is no call."""
    found = operations().get((method, path.count("/")), [])
    return next((told for pattern, told in found if pattern.fullmatch(path)), None)


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document, made once a run; it is not to be changed."""
    return build_openapi_document()


@cache
def operations() -> dict[tuple[str, int], list[tuple[re.Pattern[str], Answers]]]:
    """Return all operations by method and depth; of two for an address, the plainer is first."""
    described = document()
    found: dict[tuple[str, int], list[tuple[re.Pattern[str], Answers]]] = {}
    for path, item in sorted(described["paths"].items(), key=lambda one: one[0].count("{")):
        pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
        for method, operation in item.items():
            told = {one: _codes(answer) for one, answer in answers(described, operation).items()}
            found.setdefault((method.upper(), path.count("/")), []).append((pattern, told))
    return found


def answers(described: dict[str, Any], operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the answers of an operation by status, those that are shared too."""
    shared = described["components"]["responses"]
    return {
        status: shared[told["$ref"].rpartition("/")[2]] if "$ref" in told else told
        for status, told in operation["responses"].items()
    }


def _codes(answer: dict[str, Any]) -> frozenset[str]:
    return frozenset(answer.get("content", {}).get(PROBLEM, {}).get("examples", {}))
