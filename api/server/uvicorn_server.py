"""Serving process: its socket, its limits, and its shutdown."""

import asyncio
import signal
import socket
import sys
from collections.abc import Callable
from typing import Final

import uvicorn
from fastapi import FastAPI

from api.config.settings import PREFIX, Settings
from api.core.process_lifecycle import keep_what_there_is
from api.server.bootstrap import StartError
from api.server.connection_balancer import Acceptor, Share
from api.server.healthcheck import url_of
from api.server.protocol import CappedProtocol

__all__ = ["GRACE", "address_of", "bound", "config_of", "end_quietly", "listen", "run"]

GRACE: Final = 20
"""How many seconds a stop waits for what was accepted."""
WAITING: Final = 2048
"""How many connections the system keeps until one of the processes takes them."""
KEEP_ALIVE: Final = 5
"""After how many seconds without a request a connection is closed."""


class _Server(uvicorn.Server):
    """uvicorn server that calls *listening* once it is reachable.

    *share* is the connection count of this process, None if there is only one.
    """

    def __init__(
        self, config: uvicorn.Config, listening: Callable[[], None], share: Share | None
    ) -> None:
        super().__init__(config)
        self._listening, self._share = listening, share

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start accepting connections from *sockets*, then call *listening*."""
        await super().startup([])
        there = self.server_state.connections
        doors = [Acceptor(one, self._protocol, there, self._share) for one in sockets or ()]
        self.servers += doors  # type: ignore[arg-type]  # they are closed, and nothing else
        self._listening()

    def _protocol(self) -> asyncio.Protocol:
        """Return the HTTP protocol of a new connection."""
        return self.config.http_protocol_class(  # type: ignore[call-arg]  # it is httptools'
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )


def bound(settings: Settings) -> socket.socket:
    """Return a socket that is bound to the address of the service, but does not listen yet.

    Raises `StartError` if the address is invalid or in use.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((settings.host, settings.port))
    except OSError as error:
        opened.close()
        raise _unusable(settings, error) from error
    return opened


def listen(opened: socket.socket, settings: Settings) -> None:
    """Start listening on *opened*, a socket from `bound`; no other process can do so afterwards.

    Raises `StartError` if another process began to listen at its address after it was bound.
    """
    try:
        opened.listen(WAITING)
    except OSError as error:
        raise _unusable(settings, error) from error


def _unusable(settings: Settings, error: OSError) -> StartError:
    return StartError(
        f"{settings.host} port {settings.port}: {(error.strerror or str(error)).lower()}; "
        f"set {PREFIX}HOST and {PREFIX}PORT to others"
    )


def address_of(listener: socket.socket) -> str:
    """Return the URL at which this machine reaches *listener*."""
    return url_of(*listener.getsockname()[:2])


def end_quietly() -> None:
    """Make SIGTERM end this process with exit code 0.

    The handler matters also after a shutdown, because uvicorn then raises the signal again.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def run(
    app: FastAPI,
    settings: Settings,
    listener: socket.socket,
    *,
    listening: Callable[[], None],
    share: Share | None = None,
) -> None:
    """Serve *app* until the process is stopped, then finish the accepted requests.

    *share* is the connection count of this process if there are several.
    """
    keep_what_there_is()
    server = _Server(config_of(app, settings), listening, share)
    try:
        server.run([listener])
    except KeyboardInterrupt:
        return
    if not server.started:
        sys.exit(1)


def config_of(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """Return uvicorn's configuration.

    Its access log is off, because it contains addresses and queries; the service writes its own.
    """
    return uvicorn.Config(
        app,
        http=CappedProtocol,
        ws="none",
        lifespan="on",
        backlog=WAITING,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        limit_concurrency=settings.connections,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
    )
