"""Health checks: liveness (`/healthz`) and readiness (`/readyz`)."""

import logging
import shutil
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic
from typing import Final, TypeAlias

from pydantic import ConfigDict
from starlette.requests import Request

from api.core.errors import ServiceUnavailable
from api.http.json_body import ApiRouter
from api.http.problem_details import error_responses
from api.http.schema import Schema

RETRY_SECONDS: Final = 5
READY_SECONDS: Final = 1
"""Seconds for which passed checks are not repeated."""
MEBIBYTE: Final = 1024 * 1024

log = logging.getLogger("api.health")

Check: TypeAlias = Callable[[Request], None]
"""Raises if something fails; gets the service from the request, to keep none alive."""


class Health(Schema):
    """Response of `/healthz` while the process runs."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"status": "ok", "version": "0.1.0", "problems": 45}]}
    )

    status: str = "ok"
    version: str
    problems: int


class Ready(Schema):
    """Response of `/readyz` while the service can read and write: the checks that passed."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"status": "ready", "checks": ["database"]}]}
    )

    status: str = "ready"
    checks: list[str]


def create_health_router(health: Health, *, checks: Mapping[str, Check]) -> ApiRouter:
    """Return a router with both routes; each of *checks*, by name, raises if it fails."""
    readiness = _Readiness(checks)
    router = ApiRouter(prefix="", tags=["service"])

    @router.get("/healthz")
    async def healthz() -> Health:
        """Return the version and the number of loaded problems while the process runs."""
        # On the event loop: it is answered though every thread is busy.
        return health

    @router.get("/readyz", responses=error_responses(ServiceUnavailable))
    def readyz(request: Request) -> Ready:
        """Report that the service can read and write, or 503 with the checks that failed."""
        failed = readiness.find_failures(request)
        if failed:
            raise ServiceUnavailable(f"Not ready: {', '.join(failed)}.", retry_after=RETRY_SECONDS)
        return Ready(checks=list(checks))

    return router


class _Readiness:
    """Checks that run once a second at most while they pass, for one request at a time.

    One of them is a synced write, and whoever asks needs no account.
    """

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._passed_at: float | None = None
        self._lock = threading.Lock()

    def find_failures(self, request: Request) -> list[str]:
        """Return the names of the checks that fail."""
        with self._lock:
            if self._passed_at is not None and monotonic() - self._passed_at < READY_SECONDS:
                return []
            checks = self._checks.items()
            failed = [name for name, check in checks if not _is_check_passing(name, check, request)]
            self._passed_at = None if failed else monotonic()
            return failed


def create_free_space_check(folder: Path, *, min_bytes: int = 50 * MEBIBYTE) -> Check:
    """Return a check that *folder* has at least *min_bytes* free."""

    def check(_request: Request) -> None:
        if shutil.disk_usage(folder).free < min_bytes:
            raise OSError(f"less than {min_bytes // MEBIBYTE} MiB are free")

    return check


def _is_check_passing(name: str, check: Check, request: Request) -> bool:
    try:
        check(request)
    except Exception as error:
        # The name of the class only: the words of a database error may hold its address.
        log.warning("not ready: %s: %s", name, type(error).__name__)
        return False
    return True
