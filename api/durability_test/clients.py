"""Clients that submit without pause and record the responses in a ledger."""

import http.client
import itertools
import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from types import TracebackType
from typing import Any, Final, Self
from uuid import uuid4

from api.durability_test.ledger import Entry, Ledger, Request
from api.durability_test.scene import PART, Place
from api.http.json_body import PREFIX

__all__ = ["ALLOWED", "Load", "note"]

ALLOWED: Final = frozenset({201, 409, 422, 429, 503})
"""Every status that handing in may have, whatever breaks."""
FINAL: Final = frozenset({201, 409, 422})
"""After which the same request is not sent again."""
FIRST_ANSWER: Final = 100_000
"""Above every right answer, so that each answer is another one and uses an attempt."""
NEIGHBOURS: Final = 4
"""In how many places is handed in at a time."""
EACH: Final = 8
"""How often is handed in at a place before the next ones have their turn."""
BARE: Final = 8
NOTHING_KEPT: Final = "nothing of this"
PAUSE: Final = 0.05
"""How many seconds a client waits after a failure."""


def note(
    ledger: Ledger, entry: Entry, status: int, body: Mapping[str, Any], *, replayed: bool = False
) -> None:
    """Record the response to a request in *ledger*."""
    if status == http.client.CREATED:
        ledger.accepted(entry, body, replayed=replayed)
        return
    detail = str(body.get("detail", ""))
    kept = status >= http.client.INTERNAL_SERVER_ERROR and NOTHING_KEPT not in detail
    ledger.refused(entry, status, kept=kept, odd="" if status in ALLOWED else detail[:200])


class Load:
    """Clients that submit at *places* while this context is open, at any of the *ports*.

    A request with an idempotency key is sent until it has a final response, even at the end if a
    service is there to respond. Every *bare*-th request has no key (none if *bare* is 0) and is
    sent only once.
    """

    def __init__(
        self,
        places: Sequence[Place],
        ports: Sequence[int],
        ledger: Ledger,
        *,
        clients: int = 8,
        bare: int = BARE,
        patience: float = 15,
    ) -> None:
        self.ledger = ledger
        self._places, self._ports, self._patience = places, ports, patience
        self._bare = bare
        self._numbers = itertools.count()
        self._ending = threading.Event()
        self._given_up = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(at,), name=f"client {at}", daemon=True)
            for at in range(clients)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._ending.set()
        until = time.monotonic() + self._patience + 5
        for thread in self._threads:
            thread.join(max(0, until - time.monotonic()))
        self._given_up.set()

    def _work(self, client: int) -> None:
        first = client % len(self._ports)
        line = _Line(itertools.cycle([*self._ports[first:], *self._ports[:first]]), self)
        with closing(line):
            self._hand_in(line)

    def _hand_in(self, line: "_Line") -> None:
        while not self._ending.is_set():
            place, request = self._next()
            entry = self.ledger.sent(request)
            begun = time.monotonic()
            while not line.settles(entry, place) and not self._given_up.wait(PAUSE):
                pass
            self.ledger.waited(time.monotonic() - begun)

    def _next(self) -> tuple[Place, Request]:
        """Return the next request; neighboring places take turns, each answer is different."""
        number = next(self._numbers)
        turn, neighbour = number // (NEIGHBOURS * EACH), number % NEIGHBOURS
        place = self._places[(turn * NEIGHBOURS + neighbour) % len(self._places)]
        key = None if self._bare and number % self._bare == self._bare - 1 else uuid4().hex
        return place, Request(place.student, place.problem, PART, str(FIRST_ANSWER + number), key)

    @property
    def patience(self) -> float:
        """Seconds that a client waits for a response."""
        return self._patience


class _Line:
    """Connection of one client; if it breaks, it reconnects at the next port."""

    def __init__(self, ports: Iterator[int], load: Load) -> None:
        self._ports, self._ledger, self._patience = ports, load.ledger, load.patience
        self._connection: http.client.HTTPConnection | None = None

    def settles(self, entry: Entry, place: Place) -> bool:
        """Send a request; return whether it needs no further try."""
        try:
            response, body = self._ask(entry.request, place)
        except ConnectionRefusedError:
            return False  # the request was never received
        except (OSError, http.client.HTTPException):
            self.close()
            self._ledger.lost_sight()
            return entry.request.key is None
        replayed = response.getheader("Idempotency-Replayed") == "true"
        note(self._ledger, entry, response.status, body, replayed=replayed)
        return response.status in FINAL or entry.request.key is None

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _ask(self, request: Request, place: Place) -> tuple[http.client.HTTPResponse, Any]:
        if self._connection is None:
            connection = http.client.HTTPConnection(
                "127.0.0.1", next(self._ports), timeout=self._patience
            )
            connection.connect()
            self._connection = connection
        headers = {"Authorization": f"Bearer {place.token}", "Content-Type": "application/json"}
        if request.key is not None:
            headers["Idempotency-Key"] = request.key
        body = json.dumps({"answers": {request.part: request.answer}})
        self._connection.request("POST", PREFIX + place.path, body, headers)
        response = self._connection.getresponse()
        return response, json.loads(response.read())
