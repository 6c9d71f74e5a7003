"""An application served on a local port during a test, including sockets."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.server import ServerState

__all__ = ["run_server", "serve_app"]


@contextmanager
def serve_app(app: FastAPI, **settings: Any) -> Iterator[int]:
    """Yield the port of a server of *app*; the caller is responsible for its lifespan."""
    given = {"log_config": None, "lifespan": "off", "server_header": False} | settings
    opened = socket.create_server(("127.0.0.1", 0))
    with opened, run_server(uvicorn.Config(app, **given), opened):
        yield opened.getsockname()[1]


@contextmanager
def run_server(
    config: uvicorn.Config,
    listener: socket.socket,
    *,
    on_start: Callable[[ServerState], None] = lambda _: None,
) -> Iterator[None]:
    """Serve on *listener* until the block ends; pass the server's state to *on_start*."""
    server = uvicorn.Server(config)
    on_start(server.server_state)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    while thread.is_alive() and not server.started:
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
