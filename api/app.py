"""Web application: the REST API, and the pages on top of it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from sqlalchemy import make_url
from starlette.requests import Request
from starlette.routing import BaseRoute

from api.config.settings import Settings
from api.core import failpoints
from api.core.clock import Clock, system_clock
from api.db.migrations import is_current
from api.http.bodies import BodyBudget, BodyCap, BodyLimits
from api.http.json_body import PREFIX
from api.http.pipeline.application import ShelledApp
from api.http.pipeline.http_policy import Shell
from api.http.pipeline.route_index import Shortcut
from api.pages.all_pages import PAGES
from api.pages.layout.error_pages import present
from api.pages.layout.templating import static_routes
from api.routes.all_routes import ROUTERS
from api.routes.health import Check, Health, free_space, health_routes
from api.routes.shared.parameters import PARAMETERS
from api.routes.student.submissions import BY_MEMORY
from api.server.metrics import Metrics, metrics_routes
from api.state import Service
from problems.catalogue import Catalogue

__all__ = ["PREFIX", "create_app"]

MEBIBYTE: Final = 1024 * 1024
UPLOADS: Final = {
    r"(/api/v1)?/courses/[^/]+/roster": BodyCap(5 * MEBIBYTE, "manage_people"),
    r"(/api/v1)?/courses/[^/]+/apply": BodyCap(5 * MEBIBYTE, "manage_course"),
    r"(/api/v1)?/assignments/[^/]+/score-sheet": BodyCap(20 * MEBIBYTE, "override_grades"),
}
"""The limits of bodies above the usual one, each with the right that its route asks for."""

THIS_MACHINE: Final = ("127.0.0.1", "localhost", "[::1]")
"""Names under which the health of the service is asked for; no link is made of them."""


def _lasting_routes() -> Iterator[BaseRoute]:
    """Yield all routes that every application shares: API and pages.

    They are attached to the application itself, because nested routers would match every path below
    them twice.
    """
    for router in (*ROUTERS, *PAGES, static_routes()):
        yield from router.routes


ROUTES: Final = tuple(_lasting_routes())
"""What the framework works out of a route at its first request stays with it: a second application
in this process need not do so again."""


def create_app(settings: Settings, *, clock: Clock = system_clock) -> FastAPI:
    """Return the application with these *settings*."""
    failpoints.arm(settings.failpoint)
    catalogue = Catalogue.of(settings.bank)
    service = Service.of(settings, clock=clock)

    health = Health(version=version("dlgrader"), problems=len(catalogue.ids))
    routes = [*ROUTES, *health_routes(health, checks=_checks(settings)).routes]
    metrics = Metrics() if settings.metrics_token else None
    if metrics is not None and settings.metrics_token:
        routes += metrics_routes(metrics, settings.metrics_token).routes

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if settings.worker == "inside":
            service.regrades.start()
        service.shared_throttles.start()
        yield
        service.close()

    shell = Shell(
        hosts=(*settings.hosts, *THIS_MACHINE) if settings.hosts else (),
        bodies=_body_limits(settings),
        clock=clock,
        present=present,
        watch=metrics,
        ahead=BY_MEMORY,
    )
    app = ShelledApp(
        shell,
        parameters=PARAMETERS,
        title="Grader",
        version=health.version,
        description="Homework in deep learning: assignments, submissions, grades.",
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{PREFIX}/openapi.json",
        lifespan=lifespan,
        routes=[Shortcut(routes), *routes],
    )
    app.state.service = service
    return app


def _body_limits(settings: Settings) -> BodyLimits:
    total, caller = settings.body_memory, settings.body_memory_per_caller
    return BodyLimits(uploads=UPLOADS, budget=BodyBudget(total * MEBIBYTE, caller * MEBIBYTE))


def _checks(settings: Settings) -> dict[str, Check]:
    """Return the readiness checks; free space is checked for a database in a file."""
    checks: dict[str, Check] = {"schema": _is_current, "database": _can_write}
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite" and url.database:
        checks["space"] = free_space(Path(url.database).absolute().parent)
    return checks


def _is_current(request: Request) -> None:
    service: Service = request.app.state.service
    if not is_current(service.db):
        raise RuntimeError("the schema is of another version")


def _can_write(request: Request) -> None:
    service: Service = request.app.state.service
    service.db.check_writable()
