"""Secret texts that no traceback, representation or debugger view of a notebook shows."""

from __future__ import annotations

from collections.abc import Callable


class Secret:
    """Text that only `reveal` returns; "" is no secret.

    IPython's verbose tracebacks print variables and attributes, but call nothing.
    """

    __slots__ = ("reveal",)

    def __init__(self, text: str = "") -> None:
        self.reveal: Callable[[], str] = lambda: text

    def __repr__(self) -> str:
        return "Secret(...)"

    def __bool__(self) -> bool:
        return bool(self.reveal())
