"""Errors and warnings in a problem file, each with its line, for pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from api.core.errors import FieldError
from api.http.problem_details import WrongField

MAX_LINE_LENGTH: Final = 160


@dataclass(frozen=True, slots=True)
class SourceFault:
    """Error or warning in a problem file, with the line that it refers to."""

    line: int | None
    message: str
    text: str


def attach_source_lines(
    faults: Iterable[WrongField | FieldError], source: str
) -> tuple[SourceFault, ...]:
    """Return each fault with the text of its line in *source*, shortened."""
    lines = ["", *source.splitlines()]
    return tuple(
        SourceFault(
            fault.line,
            ": ".join(filter(None, (fault.field, fault.message))),
            lines[fault.line or 0][:MAX_LINE_LENGTH] if (fault.line or 0) < len(lines) else "",
        )
        for fault in faults
    )
