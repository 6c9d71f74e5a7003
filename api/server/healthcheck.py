"""Health check of the containers: `python -m api.server.healthcheck` exits 0 while all is well.

A service is asked whether it can work; a worker, which nobody can ask, touches its heartbeat. The
settings are read as the service reads them. This needs nothing but the standard library, so that
asking costs little.
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
    """Return whether what *environment* sets up can work; settings that cannot be read are told."""
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
    """Return the URL by which this machine reaches what listens there.

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
    # A service that has names answers to this one too.
    asked = Request(f"{url}/readyz", headers={"Host": "localhost"})  # noqa: S310  # http alone
    try:
        with build_opener(ProxyHandler({})).open(asked, timeout=PATIENCE):
            return True
    except (HTTPException, OSError):
        return False


if __name__ == "__main__":
    sys.exit(0 if all_is_well(os.environ) else 1)
