"""TCP proxy between a service and PostgreSQL that simulates network failures."""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Self

CHUNK_BYTES = 65_536
LINGER_ZERO = struct.pack("ii", 1, 0)
"""SO_LINGER with a timeout of 0: the peer sees a reset, not an end of stream."""


class FaultProxy:
    """TCP proxy on a free port; its settings apply to all connections.

    *delay_seconds* is the delay of replies. *drops_data* discards all data in both
    directions. *commit_replies_to_drop* is the number of replies to COMMIT still to be
    dropped, each with its connection, after the server has carried it out.
    *dropped_commit_replies* counts those dropped so far.
    """

    def __init__(self, target_port: int) -> None:
        self.delay_seconds = 0.0
        self.drops_data = False
        self.commit_replies_to_drop = 0
        self.dropped_commit_replies = 0
        self.port = 0
        self._target_port = target_port
        self._connections: set[_ProxiedConnection] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._handle_client, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._schedule(self._server.close)
        self.reset_connections()
        self._schedule(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def reset_connections(self) -> None:
        """Reset every connection at both ends."""

        async def reset_all() -> None:
            for connection in tuple(self._connections):
                connection.reset()

        self._run(reset_all())

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def _schedule(self, callback: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(callback)

    async def _handle_client(
        self, client_reader: asyncio.StreamReader, client_writer: asyncio.StreamWriter
    ) -> None:
        try:
            server_reader, server_writer = await asyncio.open_connection(
                "127.0.0.1", self._target_port
            )
        except OSError:
            _reset_socket(client_writer)
            return
        connection = _ProxiedConnection(self, client_writer, server_writer)
        self._connections.add(connection)
        tasks = [
            asyncio.ensure_future(connection.forward_requests(client_reader)),
            asyncio.ensure_future(connection.forward_replies(server_reader)),
        ]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        connection.reset()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._connections.discard(connection)


class _ProxiedConnection:
    def __init__(
        self,
        proxy: FaultProxy,
        client_writer: asyncio.StreamWriter,
        server_writer: asyncio.StreamWriter,
    ) -> None:
        self._proxy, self._client_writer, self._server_writer = proxy, client_writer, server_writer
        self._drops_next_reply = False

    async def forward_requests(self, reader: asyncio.StreamReader) -> None:
        while chunk := await reader.read(CHUNK_BYTES):
            if self._proxy.drops_data:
                continue
            if self._proxy.commit_replies_to_drop and b"COMMIT\0" in chunk:
                self._proxy.commit_replies_to_drop -= 1
                self._drops_next_reply = True
            self._server_writer.write(chunk)

    async def forward_replies(self, reader: asyncio.StreamReader) -> None:
        while chunk := await reader.read(CHUNK_BYTES):
            if self._proxy.drops_data:
                continue
            if self._drops_next_reply:
                self._proxy.dropped_commit_replies += 1
                return
            if self._proxy.delay_seconds:
                await asyncio.sleep(self._proxy.delay_seconds)
            self._client_writer.write(chunk)

    def reset(self) -> None:
        for writer in (self._client_writer, self._server_writer):
            _reset_socket(writer)


def _reset_socket(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
    writer.transport.abort()
