"""Serving process: its socket, its limits, and its shutdown."""

import asyncio
import signal
import socket
import sys
from collections.abc import Callable
from typing import Final

import uvicorn
from fastapi import FastAPI

from api.config.settings import ServiceSettings
from api.config.sources import ENV_PREFIX
from api.core.process_lifecycle import freeze_gc
from api.server.bootstrap import StartupError
from api.server.connection_balancer import ConnectionBalancer, ConnectionCounter
from api.server.healthcheck import local_url
from api.server.protocol import LimitedHttpProtocol

SHUTDOWN_GRACE_SECONDS: Final = 20
"""Seconds for which a shutdown waits for accepted requests."""
LISTEN_BACKLOG: Final = 2048
"""Maximum number of connections that wait in the kernel until a process accepts them."""
UNSENT_KERNEL_BYTES: Final = 128 * 1024
"""Maximum size of the kernel's send buffer for a connection.

By default the kernel buffers megabytes for each client that reads nothing.
"""
KEEP_ALIVE_SECONDS: Final = 5
"""Seconds without a request after which a connection is closed."""


class _BalancedServer(uvicorn.Server):
    """uvicorn server that calls *on_listening* once it is reachable.

    *counter* is the connection count of this process, None if there is only one.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        on_listening: Callable[[], None],
        counter: ConnectionCounter | None,
    ) -> None:
        super().__init__(config)
        self._on_listening, self._counter = on_listening, counter

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start accepting connections from *sockets*, then call *on_listening*."""
        await super().startup([])
        connections = self.server_state.connections
        balancers = [
            ConnectionBalancer(one, self._create_protocol, connections, self._counter)
            for one in sockets or ()
        ]
        self.servers += balancers  # type: ignore[arg-type]  # they are closed, and nothing else
        self._on_listening()

    def _create_protocol(self) -> asyncio.Protocol:
        """Return the HTTP protocol of a new connection."""
        return self.config.http_protocol_class(  # type: ignore[call-arg]  # it is httptools'
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )


def bind_socket(settings: ServiceSettings) -> socket.socket:
    """Return a socket that is bound to the address of the service, but does not listen yet.

    Raises `StartupError` if the address is invalid or in use.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Its connections inherit it.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_KERNEL_BYTES)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise _address_error(settings, error) from error
    return listener


def start_listening(listener: socket.socket, settings: ServiceSettings) -> None:
    """Start listening on *listener*, a socket from `bind_socket`; no other process can then do so.

    Raises `StartupError` if another process began to listen at its address after it was bound.
    """
    try:
        listener.listen(LISTEN_BACKLOG)
    except OSError as error:
        raise _address_error(settings, error) from error


def _address_error(settings: ServiceSettings, error: OSError) -> StartupError:
    return StartupError(
        f"{settings.host} port {settings.port}: {(error.strerror or str(error)).lower()}; "
        f"set {ENV_PREFIX}HOST and {ENV_PREFIX}PORT to others"
    )


def listener_url(listener: socket.socket) -> str:
    """Return the URL at which this machine reaches *listener*."""
    return local_url(*listener.getsockname()[:2])


def exit_cleanly_on_sigterm() -> None:
    """Make SIGTERM end this process with exit code 0.

    The handler matters also after a shutdown, because uvicorn then raises the signal again.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def run_server(
    app: FastAPI,
    settings: ServiceSettings,
    listener: socket.socket,
    *,
    on_listening: Callable[[], None],
    counter: ConnectionCounter | None = None,
) -> None:
    """Serve *app* until the process is stopped, then finish the accepted requests.

    *counter* is the connection count of this process if there are several.
    """
    freeze_gc()
    server = _BalancedServer(create_config(app, settings), on_listening, counter)
    try:
        server.run([listener])
    except KeyboardInterrupt:
        return
    if not server.started:
        sys.exit(1)


def create_config(app: FastAPI, settings: ServiceSettings) -> uvicorn.Config:
    """Return uvicorn's configuration.

    Its access log is off, because it contains addresses and queries; the service writes its own.
    """
    return uvicorn.Config(
        app,
        http=LimitedHttpProtocol,
        ws="none",
        lifespan="on",
        backlog=LISTEN_BACKLOG,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        limit_concurrency=settings.connections,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_GRACE_SECONDS,
    )
