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

from api.durability_test.course_fixture import PART_ID, SubmissionTarget
from api.durability_test.ledger import ClientRequest, Ledger, LedgerEntry
from api.http.json_body import API_PREFIX

ALLOWED_STATUSES: Final = frozenset({201, 409, 422, 429, 503})
"""Statuses that a submission may get while faults are injected."""
FINAL_STATUSES: Final = frozenset({201, 409, 422})
"""Statuses after which a request is not repeated."""
FIRST_ANSWER: Final = 100_000
"""First answer, above every right one: each answer is different and uses an attempt."""
CONCURRENT_TARGETS: Final = 4
"""Number of targets that receive submissions at the same time."""
SUBMISSIONS_PER_TURN: Final = 8
"""Number of submissions to a target before the next targets have their turn."""
KEYLESS_INTERVAL: Final = 8
NOT_STORED_PHRASE: Final = "nothing of this"
RETRY_PAUSE_SECONDS: Final = 0.05
"""Seconds that a client waits after a failure."""


def record_response(
    ledger: Ledger,
    entry: LedgerEntry,
    status: int,
    body: Mapping[str, Any],
    *,
    replayed: bool = False,
) -> None:
    """Record the response to a request in *ledger*."""
    if status == http.client.CREATED:
        ledger.record_receipt(entry, body, replayed=replayed)
        return
    detail = str(body.get("detail", ""))
    may_be_stored = status >= http.client.INTERNAL_SERVER_ERROR and NOT_STORED_PHRASE not in detail
    ledger.record_refusal(
        entry,
        status,
        may_be_stored=may_be_stored,
        unexpected="" if status in ALLOWED_STATUSES else detail[:200],
    )


class LoadGenerator:
    """Clients that submit at *targets* while this context is open, at any of the *ports*.

    A request with an idempotency key is sent until it has a final response, even at the end if a
    service is there to respond. Every *keyless_interval*-th request has no key and is sent only
    once; with an interval of 0 all requests have one.
    """

    def __init__(
        self,
        targets: Sequence[SubmissionTarget],
        ports: Sequence[int],
        ledger: Ledger,
        *,
        clients: int = 8,
        keyless_interval: int = KEYLESS_INTERVAL,
        timeout_seconds: float = 15,
    ) -> None:
        self.ledger = ledger
        self._targets, self._ports, self._timeout_seconds = targets, ports, timeout_seconds
        self._keyless_interval = keyless_interval
        self._numbers = itertools.count()
        self._ending = threading.Event()
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(
                target=self._run_client, args=(index,), name=f"client {index}", daemon=True
            )
            for index in range(clients)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ending.set()
        until = time.monotonic() + self._timeout_seconds + 5
        for thread in self._threads:
            thread.join(max(0, until - time.monotonic()))
        self._stopped.set()

    def _run_client(self, client: int) -> None:
        first = client % len(self._ports)
        connection = _ClientConnection(
            itertools.cycle([*self._ports[first:], *self._ports[:first]]), self
        )
        with closing(connection):
            self._submit_until_ended(connection)

    def _submit_until_ended(self, connection: "_ClientConnection") -> None:
        while not self._ending.is_set():
            target, request = self._build_next_request()
            entry = self.ledger.record_request(request)
            started = time.monotonic()
            while not connection.try_submit(entry, target) and not self._stopped.wait(
                RETRY_PAUSE_SECONDS
            ):
                pass
            self.ledger.record_request_duration(time.monotonic() - started)

    def _build_next_request(self) -> tuple[SubmissionTarget, ClientRequest]:
        """Return the next request; neighboring places take turns, each answer is different."""
        number = next(self._numbers)
        turn, offset = (
            number // (CONCURRENT_TARGETS * SUBMISSIONS_PER_TURN),
            number % CONCURRENT_TARGETS,
        )
        target = self._targets[(turn * CONCURRENT_TARGETS + offset) % len(self._targets)]
        key = (
            None
            if self._keyless_interval
            and number % self._keyless_interval == self._keyless_interval - 1
            else uuid4().hex
        )
        return target, ClientRequest(
            target.student, target.problem, PART_ID, str(FIRST_ANSWER + number), key
        )

    @property
    def timeout_seconds(self) -> float:
        """Seconds that a client waits for a response."""
        return self._timeout_seconds


class _ClientConnection:
    """Connection of one client; if it breaks, it reconnects at the next port."""

    def __init__(self, ports: Iterator[int], load: LoadGenerator) -> None:
        self._ports, self._ledger, self._timeout_seconds = ports, load.ledger, load.timeout_seconds
        self._connection: http.client.HTTPConnection | None = None

    def try_submit(self, entry: LedgerEntry, target: SubmissionTarget) -> bool:
        """Send a request; return whether it needs no further try."""
        try:
            response, body = self._post(entry.request, target)
        except ConnectionRefusedError:
            return False  # the request was never received
        except (OSError, http.client.HTTPException):
            self.close()
            self._ledger.record_unanswered()
            return entry.request.key is None
        replayed = response.getheader("Idempotency-Replayed") == "true"
        record_response(self._ledger, entry, response.status, body, replayed=replayed)
        return response.status in FINAL_STATUSES or entry.request.key is None

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _post(
        self, request: ClientRequest, target: SubmissionTarget
    ) -> tuple[http.client.HTTPResponse, Any]:
        if self._connection is None:
            connection = http.client.HTTPConnection(
                "127.0.0.1", next(self._ports), timeout=self._timeout_seconds
            )
            connection.connect()
            self._connection = connection
        headers = {"Authorization": f"Bearer {target.token}", "Content-Type": "application/json"}
        if request.key is not None:
            headers["Idempotency-Key"] = request.key
        body = json.dumps({"answers": {request.part: request.answer}})
        self._connection.request("POST", API_PREFIX + target.path, body, headers)
        response = self._connection.getresponse()
        return response, json.loads(response.read())
