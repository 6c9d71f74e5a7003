"""Request bodies: size limits, a byte budget per process and caller, and a deadline.

A body of up to 64 KiB is read from anybody. A larger one is read once its caller is authenticated
(`RequestBody.reserve_for_caller`) and its bytes are reserved in the `BodyBudget` of the process.
"""

import asyncio
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.types import Message, Receive, Scope

from api.core.clock import Clock
from api.core.errors import ContentTooLarge, RateLimited, RequestTimeout, ServiceUnavailable
from api.http.byte_budget import KIBIBYTE, ByteBudget

UNAUTHENTICATED_BODY_BYTES: Final = 64 * KIBIBYTE
"""How much of a body is read before the caller is authenticated."""
DEFAULT_BODY_BYTES: Final = 256 * KIBIBYTE
BODY_TIMEOUT_SECONDS: Final = 30
"""Time limit for receiving a body of up to 64 KiB."""
UPLOAD_TIMEOUT_SECONDS: Final = 120
"""Time limit for receiving a larger body of an authenticated caller."""
RETRY_SECONDS: Final = 5
MAX_LENGTH_DIGITS: Final = 20
"""A `Content-Length` with this many digits exceeds every limit."""
BODY_ARRIVED: Final = "body_arrived"
"""Key in the request state that the server sets when the whole body has arrived."""
BODY_MESSAGE_TYPE: Final = "http.request"


@dataclass(frozen=True, slots=True)
class BodyCap:
    """Size limit of one kind of upload, the right that its caller needs, and its rate limit.

    *limited_action* is the rate limit that the upload counts towards, "" for none.
    """

    size_bytes: int
    permission: str = ""
    limited_action: str = ""


class BodyBudget(ByteBudget):
    """Bytes of large bodies that one process receives or works on."""

    def build_caller_error(self, mebibytes: int) -> RateLimited:
        """Return 429 `too_many_uploads`."""
        return RateLimited(
            f"You are uploading more than {mebibytes} MiB at once. Wait until an upload has "
            "finished, and send this one again.",
            code="too_many_uploads",
            retry_after=RETRY_SECONDS,
        )

    def build_capacity_error(self) -> ServiceUnavailable:
        """Return 503 `upload_capacity`."""
        return ServiceUnavailable(
            "The service is receiving too many uploads. Nothing was stored. Send this one "
            f"again in {RETRY_SECONDS} s.",
            code="upload_capacity",
            retry_after=RETRY_SECONDS,
        )


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """Limits of all request bodies of one process.

    *uploads* maps a regular expression for a whole path to a limit above *default_bytes*.
    """

    default_bytes: int = DEFAULT_BODY_BYTES
    uploads: Mapping[str, BodyCap] = field(default_factory=dict)
    budget: BodyBudget = field(default_factory=BodyBudget)
    timeout_seconds: float = BODY_TIMEOUT_SECONDS
    upload_timeout_seconds: float = UPLOAD_TIMEOUT_SECONDS

    def find_cap(self, path: str) -> BodyCap:
        """Return the limit of a request to *path*."""
        caps = (cap for pattern, cap in self.uploads.items() if re.fullmatch(pattern, path))
        return next(caps, BodyCap(self.default_bytes))


class RequestBody:
    """Body of one request, received within the *limits*.

    *is_small*: at most 64 KiB by its headers. *is_read*: received completely. *is_abandoned*: the
    rest will not be read, and the connection closes after the response.
    """

    __slots__ = (
        "_caller",
        "_clock",
        "_deadline",
        "_has_arrived",
        "_held",
        "_limits",
        "_path",
        "_read_bytes",
        "_receive",
        "_reserved_bytes",
        "_size_limit",
        "_state",
        "_unchecked_bytes",
        "is_abandoned",
        "is_read",
        "is_small",
        "length",
    )

    def __init__(
        self,
        limits: BodyLimits,
        scope: Scope,
        receive: Receive,
        state: dict[str, Any],
        *,
        clock: Clock,
    ) -> None:
        self._state, self._clock = state, clock
        self._limits, self._path, self._receive = limits, scope["path"], receive
        self._has_arrived = BODY_ARRIVED in state
        self._held: deque[Message] | None = None
        self._read_bytes = self._reserved_bytes = 0
        # Sizes are checked only above this number of bytes.
        self._unchecked_bytes = self._size_limit = UNAUTHENTICATED_BODY_BYTES
        self._deadline: float | None = None
        self._caller: str | None = None
        self.length: int | None = None
        self.is_read = self.is_abandoned = False
        self.is_small = True

    def check_content_length(self, headers: Mapping[bytes, bytes]) -> None:
        """Read the length from *headers*; raise `ContentTooLarge` above the path's limit.

        The lower limit for unauthenticated callers is not applied here: `_count_bytes` refuses what
        exceeds it, unless `reserve_for_caller` came first.
        """
        length = headers.get(b"content-length", b"")
        if length.isdigit():
            self.length = int(length.lstrip(b"0")[:MAX_LENGTH_DIGITS] or 0)
            self.is_small = self.length <= UNAUTHENTICATED_BODY_BYTES
            if self.length > self._limits.default_bytes:
                self._check_limit(self.length, self._limits.find_cap(self._path).size_bytes)
        else:
            self.is_small = b"transfer-encoding" not in headers

    @property
    def has_authenticated_caller(self) -> bool:
        """Whether the caller is authenticated, so that more than 64 KiB may be read."""
        return self._caller is not None

    @property
    def cap(self) -> BodyCap:
        """The limit of the path."""
        return self._limits.find_cap(self._path)

    def reserve_for_caller(self, caller: str) -> None:
        """Raise the limit to the path's, and count the bytes under *caller*, who is authenticated.

        Raises `RateLimited` or `ServiceUnavailable` if the byte budget does not allow it.
        """
        self._limits.budget.reserve(caller, self.length or 0)
        self._caller = caller
        self._reserved_bytes = self._unchecked_bytes = self.length or 0
        self._size_limit = self.cap.size_bytes
        if not self._has_arrived:
            seconds = self._limits.upload_timeout_seconds
            self._deadline = asyncio.get_running_loop().time() + seconds

    async def receive(self) -> Message:
        """Return the next ASGI message of the client.

        Raises `ContentTooLarge`, `RequestTimeout`, and the errors of the byte budget.
        """
        if self._held:
            return self._held.popleft()
        if not (self._has_arrived or self.is_read):
            return await self._receive_with_timeout()
        message = await self._receive()
        if message["type"] == BODY_MESSAGE_TYPE:
            self._count_bytes(message)
        return message

    async def read(self) -> bytes | None:
        """Return the whole body, or None if the client disconnected.

        `receive` then returns its messages again.
        """
        messages: deque[Message] = deque()
        while not self.is_read:
            messages.append(await self.receive())
            if messages[-1]["type"] != BODY_MESSAGE_TYPE:
                break
        self._held = messages
        if not self.is_read:
            return None
        return b"".join([message.get("body", b"") for message in messages])

    def release(self) -> None:
        """Release the reserved bytes; called once the request is answered."""
        if self._caller is not None:
            self._limits.budget.release(self._caller, self._reserved_bytes)
            self._caller = None

    async def _receive_with_timeout(self) -> Message:
        loop = asyncio.get_running_loop()
        if self._deadline is None:
            self._deadline = loop.time() + self._limits.timeout_seconds
        try:
            async with asyncio.timeout_at(self._deadline):
                return await self._receive_chunk()
        except TimeoutError:
            self.is_abandoned = True
            raise RequestTimeout(
                "The body of the request did not arrive in time. Nothing was stored. Send it again."
            ) from None

    async def _receive_chunk(self) -> Message:
        """Return at least 64 KiB, or the rest of the body, as one message.

        A client that sends single bytes would otherwise cause a message for each.
        """
        pieces = bytearray()
        while True:
            message = await self._receive()
            if message["type"] != BODY_MESSAGE_TYPE:
                return message
            self._count_bytes(message)
            pieces += message.get("body", b"")
            if self.is_read or len(pieces) >= UNAUTHENTICATED_BODY_BYTES:
                return {
                    "type": BODY_MESSAGE_TYPE,
                    "body": bytes(pieces),
                    "more_body": not self.is_read,
                }

    def _count_bytes(self, message: Message) -> None:
        self._read_bytes += len(message.get("body", b""))
        if self._read_bytes > self._unchecked_bytes:
            self._check_size_and_reserve()
        self.is_read = not message.get("more_body", False)
        if self.is_read and not self._has_arrived:
            # A slow body must not carry a request past a deadline.
            self._state["arrived"] = self._clock()

    def _check_size_and_reserve(self) -> None:
        """Check the received bytes against the size limit, and reserve those not reserved yet."""
        self._check_limit(self._read_bytes, self._size_limit)
        if self._caller is not None:
            missing = self._read_bytes - self._reserved_bytes
            self._limits.budget.reserve(self._caller, missing)
            self._reserved_bytes = self._unchecked_bytes = self._read_bytes

    def _check_limit(self, size: int, limit: int) -> None:
        if size > limit:
            self.is_abandoned = True
            raise ContentTooLarge(
                f"The body has more than {limit // KIBIBYTE:,} KiB. Send less at a time."
            )


def get_body(scope: Scope) -> RequestBody:
    """Return the body of the request in *scope*."""
    body: RequestBody = scope["state"]["body"]
    return body
