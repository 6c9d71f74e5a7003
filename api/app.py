"""The web application: the REST service, and the pages over it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from sqlalchemy import make_url, text
from starlette.requests import Request
from starlette.routing import BaseRoute

from api.clock import Clock, system_clock
from api.http.install import install
from api.http.json_body import PREFIX
from api.http.middleware import Shell
from api.http.shortcut import Shortcut
from api.pages import PAGES
from api.pages.refusals import present
from api.pages.site import static_routes
from api.routes import ROUTERS
from api.routes.health import Check, Health, free_space, health_routes
from api.routes.parameters import PARAMETERS
from api.settings import Settings
from api.state import Service
from problems.catalogue import Catalogue

__all__ = ["PREFIX", "create_app"]

MEBIBYTE: Final = 1024 * 1024
LARGER: Final = {
    r"(/api/v1)?/courses/[^/]+/roster": 5 * MEBIBYTE,
    r"(/api/v1)?/courses/[^/]+/apply": 5 * MEBIBYTE,
    r"(/api/v1)?/assignments/[^/]+/score-sheet": 20 * MEBIBYTE,
}


def _lasting_routes() -> Iterator[BaseRoute]:
    """Yield all routes that are the same for every application: the service, and the pages.

    Each is a route of the application itself: routers within routers would match all that is below
    them twice.
    """
    for router in (*ROUTERS, *PAGES, static_routes()):
        yield from router.routes


ROUTES: Final = tuple(_lasting_routes())
"""What the framework works out of a route at its first request stays with it: a second application
in this process need not do so again."""


def create_app(settings: Settings, *, clock: Clock = system_clock) -> FastAPI:
    """Return the application that serves what *settings* name."""
    catalogue = Catalogue.of(settings.bank)
    service = Service.of(settings, clock=clock)

    health = Health(version=version("grader"), problems=len(catalogue.ids))
    routes = [*ROUTES, *health_routes(health, checks=_checks(settings)).routes]

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        service.regrades.start()
        yield
        service.close()

    app = FastAPI(
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
    install(app, Shell(larger=LARGER, clock=clock, present=present), parameters=PARAMETERS)
    return app


def _checks(settings: Settings) -> dict[str, Check]:
    """Return what must hold for the service to be ready; space is that of a database in a file."""
    url = make_url(settings.database)
    if url.get_backend_name() != "sqlite" or not url.database:
        return {"database": _can_read}
    return {"database": _can_read, "space": free_space(Path(url.database).absolute().parent)}


def _can_read(request: Request) -> None:
    service: Service = request.app.state.service
    with service.db.reading() as session:
        session.execute(text("SELECT count(*) FROM users"))
