"""Text and HTML for results; everything that comes from elsewhere is escaped."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Optional

GOOD, BAD, NEUTRAL = "#1a7f37", "#b42318", "#57606a"
"""Colors of borders only: on a dark theme, text in them would have too little contrast."""
UTC_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+00:00)")


def strip_control_characters(value: object) -> str:
    """Return *value* without control characters, which a terminal would obey.

    >>> strip_control_characters("a" + chr(27) + "[31mb") == "a" + chr(0xFFFD) + "[31mb"
    True
    """
    return "".join(
        sign if sign in "\n\t" or unicodedata.category(sign) not in {"Cc", "Cf"} else "\ufffd"
        for sign in str(value)
    )


def escape_html(value: object) -> str:
    """Return *value* as HTML text."""
    return html.escape(strip_control_characters(value), quote=True)


def render_box(title: str, color: str, lines: Iterable[str]) -> str:
    """Return a box with a *title* and a border in a *color*; *lines* are HTML."""
    body = "".join(f"<div>{line}</div>" for line in lines)
    return (
        f'<div style="border-left:4px solid {color};padding:.3em .8em;margin:.3em 0">'
        f'<div style="font-weight:bold">{escape_html(title)}</div>{body}</div>'
    )


def render_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table of texts as HTML."""
    top = "".join(
        f'<th scope="col" style="text-align:left">{escape_html(cell)}</th>' for cell in head
    )
    body = "".join(
        "<tr>"
        + "".join(f'<td style="text-align:left">{escape_html(cell)}</td>' for cell in row)
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def format_count(count: int, noun: str) -> str:
    """Return a number with its noun: ``1 answer``, ``2 answers``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def describe_time(text: str) -> str:
    """Return a time of the server with its zone; other text is returned as it is.

    >>> describe_time("2026-11-21T18:00:00.123Z")
    '2026-11-21 18:00:00 UTC'
    """
    return UTC_TIME.sub(r"\1 \2 UTC", text)


def describe_wait(queued_at: str) -> str:
    """Return the sentence that an answer waited, and whose clock decides."""
    return (
        f"It was queued at {describe_time(queued_at)} by the clock of this machine; only the time "
        "at which the server received it counts."
    )


def to_number(value: object) -> Optional[float]:
    """Return a number in a reply, None for anything else."""
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
