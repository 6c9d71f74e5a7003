"""Web application: the REST API, and the pages on top of it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from sqlalchemy import make_url
from starlette.requests import Request
from starlette.routing import BaseRoute

from api.auth.sessions import is_loopback_url
from api.config.settings import ServiceSettings
from api.core import failpoints
from api.core.clock import Clock, system_clock
from api.db.migrations import is_schema_current
from api.http.json_body import API_PREFIX
from api.http.pipeline.application import Application
from api.http.pipeline.http_policy import HttpPolicy
from api.http.pipeline.route_index import RouteIndex
from api.http.request_body import BodyBudget, BodyCap, BodyLimits
from api.http.response_memory import ResponseBudget
from api.pages.all_pages import PAGES
from api.pages.layout.error_pages import render_error
from api.pages.layout.templating import build_static_router
from api.routes.all_routes import ROUTERS
from api.routes.health import Check, Health, create_free_space_check, create_health_router
from api.routes.shared.parameters import PARAMETER_DESCRIPTIONS
from api.server.metrics import Metrics, create_metrics_router
from api.services.attachments.limits import MAX_UPLOAD_BYTES
from api.services.outbox.failures import Backlog, count_backlog
from api.services.submissions.cache.submission_cache import SubmissionCache
from api.state import AppState
from problems.catalog import ProblemCatalog

__all__ = ["API_PREFIX", "create_app"]

MEBIBYTE: Final = 1024 * 1024
UPLOAD_LIMITS: Final = {
    r"(/api/v1)?/courses/[^/]+/roster": BodyCap(5 * MEBIBYTE, "manage_people", "upload_file"),
    r"(/api/v1)?/courses/[^/]+/apply": BodyCap(5 * MEBIBYTE, "manage_course", "upload_file"),
    r"(/api/v1)?/assignments/[^/]+/score-sheet": BodyCap(
        20 * MEBIBYTE, "override_grades", "upload_file"
    ),
    # A report may have 5 MiB; a form around it needs some more.
    r"(/api/v1)?/assignments/[^/]+/reports": BodyCap(
        5 * MEBIBYTE + 65_536, "submit", "upload_report"
    ),
    r"(/api/v1)?/assignments/[^/]+/problems/[^/]+/attachments/[^/]+": BodyCap(
        MAX_UPLOAD_BYTES + 65_536, "submit", "upload_attachment"
    ),
}
"""Limits of bodies above the usual one, with the right and the rate limit of their routes."""

LOOPBACK_HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")
"""Names for health checks; no link is made of them."""


def _collect_routes() -> Iterator[BaseRoute]:
    """Yield all routes that every application shares: API and pages.

    They are attached to the application itself, because nested routers would match every path below
    them twice.
    """
    for router in (*ROUTERS, *PAGES, build_static_router()):
        yield from router.routes


SHARED_ROUTES: Final = tuple(_collect_routes())
"""What the framework works out of a route at its first request stays with it: a second application
in this process need not do so again."""


@asynccontextmanager
async def _run_background_work(_app: FastAPI, *, service: AppState) -> AsyncIterator[None]:
    """Run the background work of *service* until the application stops, then close it."""
    if service.settings.worker == "inside":
        service.regrades.start()
        service.outbox_runner.start()
        service.expiry_runner.start()
        for lti_runner in (service.score_runner, service.roster_runner):
            if lti_runner is not None:
                lti_runner.start()
    service.shared_rate_limits.start()
    yield
    service.close()


def _read_backlog(service: AppState) -> dict[str, Backlog]:
    """Return the backlog of the outbox; nothing is read if neither e-mail nor LTI is set up."""
    if not service.outbox.is_enabled and service.lti is None:
        return {}
    with service.db.reading() as session:
        return count_backlog(session, now=service.clock())


def create_app(
    settings: ServiceSettings,
    *,
    clock: Clock = system_clock,
    submission_cache: SubmissionCache | None = None,
) -> FastAPI:
    """Return the application with these *settings*; by default with a new submission cache."""
    failpoints.arm_failpoint(settings.failpoint)
    catalogue = ProblemCatalog.from_folder(settings.bank)
    service = AppState.from_settings(settings, clock=clock, submission_cache=submission_cache)

    health = Health(version=version("dlgrader"), problems=len(catalogue.ids))
    routes = [
        *SHARED_ROUTES,
        *create_health_router(health, checks=_build_readiness_checks(settings)).routes,
    ]
    metrics = Metrics(partial(_read_backlog, service)) if settings.metrics_token else None
    if metrics is not None and settings.metrics_token:
        routes += create_metrics_router(metrics, settings.metrics_token).routes

    policy = HttpPolicy(
        hosts=_list_hosts(settings),
        body_limits=_build_body_limits(settings),
        response_budget=ResponseBudget(
            settings.response_memory * MEBIBYTE, settings.response_memory_per_caller * MEBIBYTE
        ),
        clock=clock,
        render_error=render_error,
        observer=metrics,
    )
    app = Application(
        policy,
        parameters=PARAMETER_DESCRIPTIONS,
        title="Grader",
        version=health.version,
        description="Homework in deep learning: assignments, submissions, grades.",
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{API_PREFIX}/openapi.json",
        lifespan=partial(_run_background_work, service=service),
        routes=[RouteIndex(routes), *routes],
    )
    app.state.service = service
    return app


def _list_hosts(settings: ServiceSettings) -> tuple[str, ...]:
    """Return the names that the service answers to, none for any name.

    Without `settings.hosts` a demo answers to loopback names only, because it prints its passwords.
    """
    if settings.hosts:
        return (*settings.hosts, *LOOPBACK_HOSTS)
    if not settings.demo:
        return ()
    names = (*LOOPBACK_HOSTS, "*.localhost")
    return (*names, settings.host) if is_loopback_url(f"http://{settings.host}") else names


def _build_body_limits(settings: ServiceSettings) -> BodyLimits:
    total_mebibytes, caller_mebibytes = settings.body_memory, settings.body_memory_per_caller
    return BodyLimits(
        uploads=UPLOAD_LIMITS,
        budget=BodyBudget(total_mebibytes * MEBIBYTE, caller_mebibytes * MEBIBYTE),
    )


def _build_readiness_checks(settings: ServiceSettings) -> dict[str, Check]:
    """Return the readiness checks; free space is checked for a database in a file."""
    checks: dict[str, Check] = {
        "schema": _check_schema_current,
        "database": _check_database_writable,
    }
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite" and url.database:
        checks["space"] = create_free_space_check(Path(url.database).absolute().parent)
    return checks


def _check_schema_current(request: Request) -> None:
    service: AppState = request.app.state.service
    if not is_schema_current(service.db):
        raise RuntimeError("the schema is of another version")


def _check_database_writable(request: Request) -> None:
    service: AppState = request.app.state.service
    service.db.check_writable()
