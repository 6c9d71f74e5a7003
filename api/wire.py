"""What a connection may send before there is a request: the head has an end, and soon."""

from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

__all__ = ["MOST_IN_HEAD", "CappedProtocol"]

MOST_IN_HEAD: Final = 16 * 1024
"""How many bytes the address and the headers of a request may have together."""
FIELD: Final = len(": \r\n")
TOO_LARGE: Final = "The address and the headers have more than 16 KiB together."


class CappedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP, which refuses a head over 16 KiB with 431; the parser itself has no limit."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._head = 0
        self._pending = 0
        self._refused = False

    def data_received(self, data: bytes) -> None:
        """Read what came; nothing of which a part is kept grows without end."""
        self._pending += len(data)
        super().data_received(data)
        if self._pending > MOST_IN_HEAD and not self.transport.is_closing():
            self._refuse()

    def on_message_begin(self) -> None:
        """Begin to count."""
        self._head = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take a piece of the address."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, or what follows a body in the manner of one."""
        self._count(len(name) + len(value) + FIELD)
        super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body, whose length the shell counts."""
        self._pending = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request."""
        self._pending = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be read, or is too long, and close."""
        if self._refused:
            self._refuse()
        else:
            super().send_400_response(msg)

    def _count(self, more: int) -> None:
        self._head += more
        if self._head > MOST_IN_HEAD:
            self._refused = True
            raise ValueError(TOO_LARGE)  # the parser stops here

    def _refuse(self) -> None:
        head = (
            b"content-type: text/plain; charset=utf-8\r\n"
            b"content-length: %d\r\nconnection: close\r\n\r\n" % len(TOO_LARGE)
        )
        self.transport.write(STATUS_LINE[431] + head + TOO_LARGE.encode("ascii"))
        self.transport.close()
