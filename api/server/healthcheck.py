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

from api.config.sources import SettingsError, gather

__all__ = ["all_is_well", "url_of"]

PATIENCE = 3
STOPPED = 30
"""After how many seconds without a heartbeat a worker does not work."""
LOOKED_AT = {"host": "127.0.0.1", "port": "8000", "heartbeat": ""}
"""The settings that are needed, and what they are by default."""
EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # only compared


def all_is_well(environment: Mapping[str, str]) -> bool:
    """Return whether the service or worker set up by *environment* is healthy.

    Settings that cannot be read are reported on standard error.
    """
    try:
        given = gather(environment, LOOKED_AT, hidden=())
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return False
    host, port, heartbeat = (
        str(given[name].value if name in given else default) for name, default in LOOKED_AT.items()
    )
    return _beats(Path(heartbeat)) if heartbeat else _is_ready(url_of(host, port))


def url_of(host: str, port: object) -> str:
    """Return the URL at which this machine reaches a listener on *host* and *port*.

    >>> url_of("0.0.0.0", 8000), url_of("::", 80)
    ('http://127.0.0.1:8000', 'http://[::1]:80')
    """
    reached = EVERY_ADDRESS.get(host, host)
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"


def _beats(file: Path) -> bool:
    try:
        return time.time() - file.stat().st_mtime < STOPPED
    except OSError:
        return False


def _is_ready(url: str) -> bool:
    # A service with configured hosts accepts this one too.
    asked = Request(f"{url}/readyz", headers={"Host": "localhost"})  # noqa: S310  # http alone
    try:
        with build_opener(ProxyHandler({})).open(asked, timeout=PATIENCE):
            return True
    except (HTTPException, OSError):
        return False


if __name__ == "__main__":
    sys.exit(0 if all_is_well(os.environ) else 1)
