"""Health check of the containers: `python -m api.server.healthcheck` exits 0 if healthy.

It checks the age of the heartbeat file if one is set, because a worker cannot be queried; otherwise
it queries the readiness of the service. Settings are read as the service reads them. It needs only
the standard library, so that a check is cheap.
"""

import os
import sys
import time
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from urllib.request import ProxyHandler, Request, build_opener

from api.config.sources import SettingsError, collect_setting_values

TIMEOUT_SECONDS = 3
MAX_HEARTBEAT_AGE_SECONDS = 30
"""Age of the heartbeat from which a worker counts as unhealthy."""
DEFAULT_SETTINGS = {"host": "127.0.0.1", "port": "8000", "heartbeat": ""}
"""Settings that the check reads, with their defaults."""
WILDCARD_ADDRESSES = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # only compared


def is_healthy(environment: Mapping[str, str]) -> bool:
    """Return whether the service or worker set up by *environment* is healthy.

    Settings that cannot be read are reported on standard error.
    """
    try:
        settings = collect_setting_values(environment, DEFAULT_SETTINGS, secret_names=())
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return False
    host, port, heartbeat = (
        str(settings[name].value if name in settings else default)
        for name, default in DEFAULT_SETTINGS.items()
    )
    return _has_recent_heartbeat(Path(heartbeat)) if heartbeat else _is_ready(local_url(host, port))


def local_url(host: str, port: object) -> str:
    """Return the URL at which this machine reaches a listener on *host* and *port*.

    >>> local_url("0.0.0.0", 8000), local_url("::", 80)
    ('http://127.0.0.1:8000', 'http://[::1]:80')
    """
    reached = WILDCARD_ADDRESSES.get(host, host)
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"


def _has_recent_heartbeat(file: Path) -> bool:
    try:
        return time.time() - file.stat().st_mtime < MAX_HEARTBEAT_AGE_SECONDS
    except OSError:
        return False


def _is_ready(url: str) -> bool:
    # A service with configured hosts accepts this one too.
    request = Request(f"{url}/readyz", headers={"Host": "localhost"})  # noqa: S310  # http alone
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=TIMEOUT_SECONDS):
            return True
    except (HTTPException, OSError):
        return False


if __name__ == "__main__":
    sys.exit(0 if is_healthy(os.environ) else 1)
