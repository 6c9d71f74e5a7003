"""Authentication before validation: a caller without access gets no validation errors."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, get_args, get_origin

from fastapi.concurrency import run_in_threadpool
from fastapi.dependencies.models import Dependant
from starlette.requests import Request

from api.core.errors import FieldError, Invalid
from api.http.bodies import body_of
from api.http.validation_errors import PLAIN_NAME

__all__ = [
    "STRICT",
    "Ask",
    "Asking",
    "admit_large_body",
    "check_query",
    "query_lists",
    "query_names",
    "who_asks",
]

STRICT: Final = "/api/"
"""Below it the query may hold nothing that is not known; pages and probes take anything."""
MAX_NAMED: Final = 20


class Asking(ABC):
    """Dependency that authenticates the caller of a route."""

    @abstractmethod
    def __init__(self, request: Request) -> None:
        """Store the request without reading it."""

    @abstractmethod
    def admit(self) -> None:
        """Raise the `ServiceError` for a caller without access, even if their input is invalid."""

    @abstractmethod
    def admit_upload(self, right: str) -> str | None:
        """Authenticate the caller of a body over 64 KiB and check *right*, "" for none.

        Returns the key under which the bytes of the body count, or None for a public route, which
        accepts no larger body. Raises the `ServiceError` that refuses the caller.
        """


@dataclass(frozen=True, slots=True)
class Ask:
    """Dependency on a *kind* of `Asking`; async without awaiting, so that it needs no thread."""

    kind: type[Asking]

    async def __call__(self, request: Request) -> Asking:
        """Return the `Asking` of *request*."""
        return self.kind(request)


def who_asks(dependant: Dependant) -> Sequence[type[Asking]]:
    """Return the `Asking` classes that a route depends on; empty for a public route."""
    return [one.call.kind for one in dependant.dependencies if isinstance(one.call, Ask)]


async def admit_large_body(request: Request, kinds: Collection[type[Asking]]) -> None:
    """Authenticate the caller before more than 64 KiB of a body are read.

    Raises the `ServiceError` that refuses the caller, or the errors of the byte budget.
    """
    body = body_of(request.scope)
    if body.is_small:
        return
    for kind in kinds:
        caller = await run_in_threadpool(kind(request).admit_upload, body.right)
        if caller is not None and not body.is_admitted:
            body.admit(caller)


def query_names(dependant: Dependant) -> tuple[str, ...]:
    """Return the names of all query parameters of a route and its dependencies."""
    below = (name for one in dependant.dependencies for name in query_names(one))
    return (*(one.alias for one in dependant.query_params), *below)


def query_lists(dependant: Dependant) -> frozenset[str]:
    """Return the names of the query parameters of a route that may be repeated."""
    own = (one.alias for one in dependant.query_params if _is_list(one.field_info.annotation))
    return frozenset(own).union(*(query_lists(one) for one in dependant.dependencies))


def check_query(request: Request, known: Collection[str], lists: Collection[str]) -> None:
    """Raise `Invalid` for query parameters that are not *known*, so that a typo is not ignored.

    A repeated parameter is also refused, unless it is one of *lists*, because either value could be
    meant.
    """
    if not request.scope["query_string"] or not request.scope["path"].startswith(STRICT):
        return
    unknown = [name for name in dict.fromkeys(request.query_params) if name not in known]
    if not unknown:
        _check_once(request, lists)
        return
    told = [name if PLAIN_NAME.fullmatch(name) else "…" for name in unknown[:MAX_NAMED]]
    here = f"known are {', '.join(sorted(known))}" if known else "this address has none"
    raise Invalid(
        f"The query has a parameter that is not one here: {', '.join(told)}; {here}.",
        errors=tuple(FieldError(f"query {name}", f"is not a parameter; {here}") for name in told),
    )


def _check_once(request: Request, lists: Collection[str]) -> None:
    """Raise `Invalid` for repeated parameters that are not in *lists*."""
    times = Counter(name for name, _ in request.query_params.multi_items() if name not in lists)
    twice = [name for name, count in times.items() if count > 1]
    if twice:
        raise Invalid(
            f"The query has a parameter more than once: {', '.join(twice)}. Send each once.",
            errors=tuple(FieldError(f"query {name}", "comes more than once") for name in twice),
        )


def _is_list(annotation: object) -> bool:
    """Return whether *annotation* is a list type, or a union with one."""
    return list in {get_origin(one) for one in (annotation, *get_args(annotation))}
