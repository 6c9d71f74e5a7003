"""Whether the process runs (`/healthz`) and whether it can work (`/readyz`)."""

import logging
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from pydantic import ConfigDict
from starlette.requests import Request

from api.core.errors import Unavailable
from api.http.json_body import ApiRouter
from api.http.problem_details import responses
from api.http.schema import Schema

__all__ = ["Check", "Health", "Ready", "free_space", "health_routes"]

RETRY_READY: Final = 5
MEBIBYTE: Final = 1024 * 1024

log = logging.getLogger("api.health")

Check: TypeAlias = Callable[[Request], None]
"""Raises where something fails; it finds the service by the request, and so keeps none alive."""


class Health(Schema):
    """What `/healthz` answers while the process runs."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"status": "ok", "version": "0.1.0", "problems": 45}]}
    )

    status: str = "ok"
    version: str
    problems: int


class Ready(Schema):
    """What `/readyz` answers while the service can store and read: the checks that passed."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"status": "ready", "checks": ["database"]}]}
    )

    status: str = "ready"
    checks: list[str]


def health_routes(health: Health, *, checks: Mapping[str, Check]) -> ApiRouter:
    """Return the two routes; each of the *checks*, by its name, raises where it fails."""
    router = ApiRouter(prefix="", tags=["service"])

    @router.get("/healthz")
    async def healthz() -> Health:
        """Return that the process runs, its version and the number of problems it knows."""
        # On the event loop: it is answered though every thread is busy.
        return health

    @router.get("/readyz", responses=responses(Unavailable))
    def readyz(request: Request) -> Ready:
        """Return that the service can store and read, or 503 with the checks that failed."""
        failed = [name for name, check in checks.items() if not _passes(name, check, request)]
        if failed:
            raise Unavailable(f"Not ready: {', '.join(failed)}.", retry_after=RETRY_READY)
        return Ready(checks=list(checks))

    return router


def free_space(folder: Path, *, least: int = 50 * MEBIBYTE) -> Check:
    """Return a check that *folder* has at least so many bytes free."""

    def check(_request: Request) -> None:
        if shutil.disk_usage(folder).free < least:
            raise OSError(f"less than {least // MEBIBYTE} MiB are free")

    return check


def _passes(name: str, check: Check, request: Request) -> bool:
    try:
        check(request)
    except Exception as error:
        # The name of the class only: the words of a database error may hold its address.
        log.warning("not ready: %s: %s", name, type(error).__name__)
        return False
    return True
