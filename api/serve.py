"""The server process, from its settings to its end."""

import os
import socket
import sys

import uvicorn
from pydantic import ValidationError
from sqlalchemy.exc import ArgumentError, OperationalError

from api.app import create_app
from api.errors import ServiceError
from api.processes import collect_rarely
from api.publisher import publish_in_background
from api.services.demo.welcome import Welcome
from api.settings import PREFIX, Settings
from api.starting import StartError, prepare
from grader.errors import ProblemError

__all__ = ["main", "serve"]


class _Server(uvicorn.Server):
    """A server that says how to reach the demo course once it can be reached."""

    def __init__(self, config: uvicorn.Config, welcome: Welcome | None) -> None:
        super().__init__(config)
        self._welcome = welcome

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and then print the welcome."""
        await super().startup(sockets)
        if self._welcome is not None and self.servers:
            port = self.servers[0].sockets[0].getsockname()[1]
            sys.stdout.write(self._welcome.text(_address(self.config.host, port)))
            sys.stdout.flush()


def _address(host: str, port: int) -> str:
    """Return the URL by which this machine reaches a server that listens at *host*."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104  # only compared
    if ":" in reached and not reached.startswith("["):
        reached = f"[{reached}]"
    return f"http://{reached}:{port}"


def serve(settings: Settings) -> None:
    """Prepare the database and serve until the process is told to stop.

    The bank is published meanwhile, in a process of its own.
    """
    _check_free(settings)
    welcome = prepare(settings)
    app = create_app(settings)
    publish_in_background(settings)
    collect_rarely()
    config = uvicorn.Config(app, host=settings.host, port=settings.port, server_header=False)
    server = _Server(config, welcome)
    try:
        server.run()
    except KeyboardInterrupt:
        return
    if not server.started:
        sys.exit(1)


def _check_free(settings: Settings) -> None:
    """Raise `StartError` where the address is taken, before anything is prepared for it."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        with socket.create_server((settings.host, settings.port), family=family):
            return
    except OSError as error:
        raise StartError(
            f"{settings.host} port {settings.port}: {(error.strerror or str(error)).lower()}; "
            f"set {PREFIX}HOST and {PREFIX}PORT to others"
        ) from error


def main() -> None:
    """Serve with the settings of the environment; a wrong one is named, and the exit code is 2."""
    try:
        settings = Settings.from_environment(os.environ)
    except ValidationError as error:
        for one in error.errors():
            name = PREFIX + str(one["loc"][0]).upper()
            sys.stderr.write(f"{name}={one['input']!r}: {one['msg']}\n")
        sys.exit(2)
    try:
        serve(settings)
    except ProblemError as error:
        _fail(f"{PREFIX}BANK: {error}")
    except (StartError, ServiceError) as error:
        _fail(str(error))
    except ArgumentError:
        _fail(f"{PREFIX}DATABASE is no address of a database; write sqlite:///grader.db, say")
    except OperationalError:
        _fail(f"{PREFIX}DATABASE cannot be reached; look at its address, and whether it runs")


def _fail(said: str) -> None:
    sys.stderr.write(f"{said}\n")
    sys.exit(2)
