"""Everything that `api.http` does to an application, in one call."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fastapi import FastAPI

from api.http import openapi, problems
from api.http.json_body import StrictRoute
from api.http.middleware import Shell, ShellMiddleware

__all__ = ["install"]

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


def install(app: FastAPI, shell: Shell, *, parameters: Mapping[str, str] = NOTHING) -> None:
    """Put *app* into the *shell*: problems for errors, limits, headers, and strict JSON.

    Call it after other middleware is added, so that the shell is the outermost, and before routes
    are declared on *app* itself. Routers are `ApiRouter`. *parameters* describes, by name, what the
    routes do not.
    """
    app.router.route_class = StrictRoute
    # The address would be built from what this process sees: http behind a proxy that ends TLS.
    app.router.redirect_slashes = False
    problems.install(app, shell.present)
    openapi.install(app, parameters)
    app.add_middleware(ShellMiddleware, shell=shell)
