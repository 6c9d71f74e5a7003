"""The way ahead of the framework, for requests that come often and are as they should be.

What the framework does for a request takes longer than a submission that is judged by what is
remembered. Whatever is wrong or unusual goes the whole way, so that there is one wording of errors.
"""

import re
from abc import ABC, abstractmethod
from typing import Final

from starlette.responses import Response
from starlette.types import Scope

from api.core.errors import ServiceError
from api.http.json_body import StrictRequest

__all__ = ["Ahead"]

NAMED: Final = re.compile(r"{(\w+)}")


class Ahead(ABC):
    """Answers JSON that is posted to one address; *path* is the one that its route declares."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._form = re.compile(NAMED.sub(r"(?P<\1>[^/]+)", path))

    def named(self, scope: Scope) -> dict[str, str] | None:
        """Return what the address of a request names, None where the request is another."""
        if scope["method"] != "POST" or scope["query_string"]:
            return None
        found = self._form.fullmatch(scope["path"])
        return found.groupdict() if found is not None else None

    async def answer(self, scope: Scope, body: bytes) -> Response | None:
        """Return the answer to a request by its whole *body*, None where it goes the whole way.

        Raises the `ServiceError` that refuses it.
        """
        request = StrictRequest(scope)
        try:
            request.take(body)
        except ServiceError:
            return None
        return await self.answer_to(request)

    @abstractmethod
    async def answer_to(self, request: StrictRequest) -> Response | None:
        """Return the answer to a *request* with its JSON, None where it goes the whole way."""
