"""Tests of connection balancing: processes share connections, and none has to wait."""

import asyncio
import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from event_loops import run_in_new_loop

from api.server import connection_balancer
from api.server.connection_balancer import ConnectionBalancer, ConnectionCounter, create_counters

MANY = 40


class Visit(asyncio.Protocol):
    """A served connection that joins those of its process and signals its arrival."""

    def __init__(self, there: set["Visit"], came: asyncio.Event) -> None:
        self._there, self._came = there, came

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._there.add(self)
        self._came.set()


class Processes:
    """Simulated processes: a balancer and a set of open connections for each."""

    def __init__(self, listener: Any, some: list[ConnectionCounter] | list[None]) -> None:
        self.there: list[set[Visit]] = [set() for _ in some]
        self._listeners = [listener.dup() for _ in some]
        self._came = asyncio.Event()
        self.doors = [
            ConnectionBalancer(one, lambda there=there: Visit(there, self._came), there, share)
            for one, there, share in zip(self._listeners, self.there, some, strict=True)
        ]

    async def served(self, count: int) -> list[int]:
        """Wait until *count* connections are open; return the number for each process."""
        async with asyncio.timeout(20):
            while sum(map(len, self.there)) != count:
                self._came.clear()
                await self._came.wait()
        return [len(one) for one in self.there]

    async def end(self) -> None:
        """Close all balancers, listeners and connections."""
        for door, listener in zip(self.doors, self._listeners, strict=True):
            door.close()
            await door.wait_closed()
            listener.close()
        for visit in set[Visit]().union(*self.there):
            visit.transport.close()
        await asyncio.sleep(0.01)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with closing(socket.create_server(("127.0.0.1", 0), backlog=MANY)) as listening:
        yield listening


@pytest.fixture
def come(listener) -> Iterator[Callable[[int], None]]:
    """Yield a function that opens *count* connections and keeps them open."""
    with ExitStack() as opened:

        def come(count: int) -> None:
            for _ in range(count):
                opened.enter_context(closing(socket.create_connection(listener.getsockname())))

        yield come


def served(
    listener: Any, some: list[ConnectionCounter] | list[None], *coming: Callable[[], int]
) -> list[int]:
    """Run the *coming* steps and return the number of connections of each process.

    A step opens connections and returns the total that must then be open.
    """

    async def scene() -> list[int]:
        processes = Processes(listener, some)
        try:
            for one in coming:
                found = await processes.served(one())
        finally:
            await processes.end()
        return found

    return run_in_new_loop(scene())


def test_simultaneous_connections_are_balanced_evenly(listener, come):
    found = served(listener, create_counters(2), lambda: come(MANY) or MANY)
    assert sum(found) == MANY
    assert min(found) >= MANY // 2 - 2


def test_single_connections_go_to_least_loaded_process(listener, come):
    one_by_one = [lambda at=at: come(1) or at for at in range(1, 11)]
    assert served(listener, create_counters(2), *one_by_one) == [5, 5]


def test_loaded_process_accepts_connections_left_by_dead_one(listener, come):
    mine, _dead = create_counters(2)
    assert served(listener, [mine], lambda: come(MANY) or MANY) == [MANY]


def test_single_process_never_yields_connections(listener, come, monkeypatch):
    monkeypatch.setattr(connection_balancer, "YIELD_SECONDS", 1_000)
    assert served(listener, [None], lambda: come(5) or 5) == [5]


class Full:
    """A *listener* whose first *times* accepts fail with "Too many open files"."""

    def __init__(self, listener: socket.socket, times: int) -> None:
        self._listener, self._times = listener, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._listener, name)

    def dup(self) -> "Full":
        return Full(self._listener.dup(), self._times)

    def accept(self) -> tuple[socket.socket, object]:
        self._times -= 1
        if self._times >= 0:
            raise OSError(errno.EMFILE, "Too many open files")
        return self._listener.accept()


def test_accept_is_retried_and_logged_when_out_of_file_descriptors(
    listener, come, monkeypatch, caplog
):
    monkeypatch.setattr(connection_balancer, "FULL_PAUSE_SECONDS", 0.01)
    assert served(Full(listener, 2), [None], lambda: come(1) or 1) == [1]
    assert caplog.messages == ["no connection can be accepted: Too many open files"] * 2


def test_closed_acceptor_accepts_no_deferred_connections(listener, come, monkeypatch):
    monkeypatch.setattr(connection_balancer, "YIELD_SECONDS", 0.05)

    async def scene() -> list[int]:
        processes = Processes(listener, create_counters(2)[:1])
        come(1)
        await processes.served(1)
        come(1)
        await asyncio.sleep(0.02)
        await processes.end()
        await asyncio.sleep(0.1)
        return [len(one) for one in processes.there]

    assert run_in_new_loop(scene()) == [1]
