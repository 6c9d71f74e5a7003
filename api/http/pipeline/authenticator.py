"""Authentication before validation: a caller without access gets no validation errors."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, get_args, get_origin

from fastapi.concurrency import run_in_threadpool
from fastapi.dependencies.models import Dependant
from starlette.requests import Request

from api.core.errors import FieldError, InvalidInput
from api.http.request_body import BodyCap, get_body
from api.http.validation_errors import PLAIN_NAME

API_PATH_PREFIX: Final = "/api/"
"""Path prefix of the API, where unknown query parameters are refused.

Pages and probes accept any query.
"""
MAX_REPORTED_NAMES: Final = 20


class Authenticator(ABC):
    """Dependency that authenticates the caller of a route."""

    @abstractmethod
    def __init__(self, request: Request) -> None:
        """Store the request without reading it."""

    @abstractmethod
    def check_access(self) -> None:
        """Raise the `ServiceError` for a caller without access, even if their input is invalid."""

    @abstractmethod
    def authorize_upload(self, cap: BodyCap) -> str | None:
        """Authenticate the caller of a body over 64 KiB; check the right and the limit of *cap*.

        Returns the key under which the bytes of the body count, or None for a public route, which
        accepts no larger body. Raises the `ServiceError` that refuses the caller.
        """


@dataclass(frozen=True, slots=True)
class AuthenticatorDependency:
    """Dependency on a *kind* of `Authenticator`; async, so that it needs no thread."""

    kind: type[Authenticator]

    async def __call__(self, request: Request) -> Authenticator:
        """Return the `Authenticator` of *request*."""
        return self.kind(request)


def find_authenticators(dependant: Dependant) -> Sequence[type[Authenticator]]:
    """Return the `Authenticator` classes that a route depends on; empty for a public route."""
    return [
        dependency.call.kind
        for dependency in dependant.dependencies
        if isinstance(dependency.call, AuthenticatorDependency)
    ]


async def authenticate_large_body(request: Request, kinds: Collection[type[Authenticator]]) -> None:
    """Authenticate the caller before more than 64 KiB of a body are read.

    Raises the `ServiceError` that refuses the caller, or the errors of the byte budget.
    """
    body = get_body(request.scope)
    if body.is_small:
        return
    for kind in kinds:
        caller = await run_in_threadpool(kind(request).authorize_upload, body.cap)
        if caller is not None and not body.has_authenticated_caller:
            body.reserve_for_caller(caller)


def collect_query_names(dependant: Dependant) -> tuple[str, ...]:
    """Return the names of all query parameters of a route and its dependencies."""
    nested_names = (
        name for dependency in dependant.dependencies for name in collect_query_names(dependency)
    )
    return (*(param.alias for param in dependant.query_params), *nested_names)


def collect_list_query_names(dependant: Dependant) -> frozenset[str]:
    """Return the names of the query parameters of a route that may be repeated."""
    own_names = (
        param.alias for param in dependant.query_params if _is_list(param.field_info.annotation)
    )
    return frozenset(own_names).union(
        *(collect_list_query_names(dependency) for dependency in dependant.dependencies)
    )


def check_query_names(
    request: Request, known: Collection[str], list_names: Collection[str]
) -> None:
    """Raise `InvalidInput` for query parameters not in *known*, so that a typo is not ignored.

    A repeated parameter is also refused, unless it is one of *list_names*, because either value
    could be meant.
    """
    if not request.scope["query_string"] or not request.scope["path"].startswith(API_PATH_PREFIX):
        return
    unknown = [name for name in dict.fromkeys(request.query_params) if name not in known]
    if not unknown:
        _check_no_repeated_names(request, list_names)
        return
    reported = [
        name if PLAIN_NAME.fullmatch(name) else "…" for name in unknown[:MAX_REPORTED_NAMES]
    ]
    known_hint = f"known are {', '.join(sorted(known))}" if known else "there are none here"
    raise InvalidInput(
        f"The query has an unknown parameter: {', '.join(reported)}; {known_hint}.",
        errors=tuple(
            FieldError(f"query {name}", f"is not a parameter; {known_hint}") for name in reported
        ),
    )


def _check_no_repeated_names(request: Request, list_names: Collection[str]) -> None:
    """Raise `InvalidInput` for repeated parameters that are not in *list_names*."""
    counts = Counter(
        name for name, _ in request.query_params.multi_items() if name not in list_names
    )
    repeated = [name for name, count in counts.items() if count > 1]
    if repeated:
        raise InvalidInput(
            f"The query repeats a parameter: {', '.join(repeated)}. Send each once.",
            errors=tuple(FieldError(f"query {name}", "is repeated") for name in repeated),
        )


def _is_list(annotation: object) -> bool:
    """Return whether *annotation* is a list type, or a union with one."""
    return list in {get_origin(one) for one in (annotation, *get_args(annotation))}
