"""Memory of responses: large ones are sent in pieces, under a byte budget per process and caller.

The service must keep the part of a response that a slow client has not read. The connection buffers
a response of up to 64 KiB, and the number of connections limits these buffers. A larger response
reserves the memory that it holds in the `ResponseBudget` until its last piece is sent: by default
its length, or the memory that a `PiecewiseResponse` or a `SharedResponse` holds instead.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from anyio import from_thread
from starlette.concurrency import iterate_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from api.core.errors import RateLimited, ServiceUnavailable
from api.http.byte_budget import KIBIBYTE, ByteBudget
from api.rate_limits.event_limits import address_key

PIECE_BYTES: Final = 64 * KIBIBYTE
"""Largest piece of a body that the connection gets at a time.

The connection takes the next one once the client has read this one, up to a few KiB.
"""
RETRY_SECONDS: Final = 5
READING_METHODS: Final = frozenset({"GET", "HEAD"})
"""Methods that change nothing, so that their response may be refused."""
OK_STATUS, FIRST_ERROR_STATUS = 200, 400
"""From the second on, a request has failed and changed nothing."""
CALLER_KEY: Final = "caller"
"""Key in the request state of the id of the authenticated user."""
MEMORY_KEY: Final = "response_memory"


class ResponseBudget(ByteBudget):
    """Bytes of large responses that clients have not read yet, in one process."""

    def build_caller_error(self, mebibytes: int) -> RateLimited:
        """Return 429 `too_many_downloads`."""
        return RateLimited(
            f"You are downloading more than {mebibytes} MiB at once. Wait until a download has "
            "finished, and start this one again.",
            code="too_many_downloads",
            retry_after=RETRY_SECONDS,
        )

    def build_capacity_error(self) -> ServiceUnavailable:
        """Return 503 `download_capacity`."""
        return ServiceUnavailable(
            f"The service is sending too many large responses. Try again in {RETRY_SECONDS} s.",
            code="download_capacity",
            retry_after=RETRY_SECONDS,
        )

    def limit_to_caller(self, size: int) -> int:
        """Return *size*, at most the budget of a caller, so that a caller can get any response."""
        return min(size, self._caller_bytes)


class ResponseMemory:
    """Memory that the response to one request holds, reserved in the *budget*."""

    __slots__ = ("_budget", "_caller", "_is_declared", "_reserved_bytes", "_scope")

    def __init__(self, budget: ResponseBudget, scope: Scope) -> None:
        self._budget, self._scope = budget, scope
        self._caller = ""
        self._reserved_bytes = 0
        self._is_declared = False

    @property
    def is_head_only(self) -> bool:
        """Whether the server drops the body of the response."""
        return bool(self._scope["method"] == "HEAD")

    def reserve(self, size: int, *, status: int = OK_STATUS) -> None:
        """Reserve *size* bytes in place of the announced length; call it before the response.

        Raises `RateLimited` or `ServiceUnavailable` if the budget does not allow it, but never
        refuses the response to a request that has changed something.
        """
        self._is_declared = True
        if size == 0 or self.is_head_only:
            return
        state = self._scope["state"]
        client = self._scope.get("client")
        caller = state.get(CALLER_KEY) or address_key(client[0] if client else "")
        size = self._budget.limit_to_caller(size)
        if self._scope["method"] in READING_METHODS or status >= FIRST_ERROR_STATUS:
            self._budget.check_capacity(caller, size)
        self._budget.add(caller, size)
        self._caller, self._reserved_bytes = caller, size

    def reserve_announced(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Reserve the length that *headers* announce, if it is large and nothing else is reserved.

        Raises the errors of `reserve`. The next call does nothing, so that the response that
        explains the error is sent.
        """
        if self._is_declared:
            return
        for name, value in headers:
            if name == b"content-length" and int(value) > PIECE_BYTES:
                self.reserve(int(value), status=status)

    def release(self) -> None:
        """Release the reserved bytes; called once the last piece is sent or the request failed."""
        if self._reserved_bytes:
            self._budget.release(self._caller, self._reserved_bytes)
            self._reserved_bytes = 0


class SharedResponse(Response):
    """Response whose body is cached for all clients, so that it holds no memory of its own."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response without reserving its length."""
        get_response_memory(scope).reserve(0)
        await super().__call__(scope, receive, send)


class PiecewiseResponse(StreamingResponse):
    """Response whose *pieces* are produced while it is sent; it holds *held_bytes* at a time.

    *size* is its length, if that is known in advance.
    """

    def __init__(
        self,
        pieces: Iterable[str | bytes],
        *,
        held_bytes: int,
        media_type: str,
        size: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(pieces, media_type=media_type, headers=headers)
        if size is not None:
            self.headers["Content-Length"] = str(size)
        self._held_bytes = held_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Reserve the memory, or raise the errors of `ResponseMemory.reserve`; then send."""
        memory = get_response_memory(scope)
        memory.reserve(self._held_bytes)
        if memory.is_head_only:
            self.body_iterator = iterate_in_threadpool(())
        await super().__call__(scope, receive, send)


async def send_in_pieces(message: Message, send: Send) -> None:
    """Send the large body of *message* in pieces; each waits until the client has read the last."""
    body, more_body = message["body"], message.get("more_body", False)
    for start in range(0, len(body), PIECE_BYTES):
        end = start + PIECE_BYTES
        await send(
            {
                "type": message["type"],
                "body": bytes(body[start:end]),
                "more_body": more_body or end < len(body),
            }
        )


def get_response_memory(scope: Scope) -> ResponseMemory:
    """Return the memory of the response to the request in *scope*."""
    memory: ResponseMemory = scope["state"][MEMORY_KEY]
    return memory


def reserve_from_thread(scope: Scope, size: int) -> None:
    """Reserve *size* bytes for a response before it is made, from the thread of its request.

    Raises the errors of `ResponseMemory.reserve`.
    """
    from_thread.run_sync(get_response_memory(scope).reserve, size)
