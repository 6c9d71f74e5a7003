"""Text and HTML for results; everything that comes from elsewhere is escaped."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterable, Sequence

GOOD, BAD, NEUTRAL = "#1a7f37", "#b42318", "#57606a"


def plain(value: object) -> str:
    """Return *value* without control characters, which a terminal would obey.

    >>> plain("a" + chr(27) + "[31mb") == "a" + chr(0xFFFD) + "[31mb"
    True
    """
    return "".join(
        sign if sign in "\n\t" or unicodedata.category(sign) not in {"Cc", "Cf"} else "\ufffd"
        for sign in str(value)
    )


def escape(value: object) -> str:
    """Return *value* as HTML text."""
    return html.escape(plain(value), quote=True)


def box(title: str, color: str, lines: Iterable[str]) -> str:
    """Return a box with a *title* in a *color*; *lines* are HTML."""
    body = "".join(f"<div>{line}</div>" for line in lines)
    return (
        f'<div style="border-left:4px solid {color};padding:.3em .8em;margin:.3em 0">'
        f'<div style="color:{color};font-weight:bold">{escape(title)}</div>{body}</div>'
    )


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table of texts as HTML."""
    top = "".join(f'<th scope="col" style="text-align:left">{escape(cell)}</th>' for cell in head)
    body = "".join(
        "<tr>"
        + "".join(f'<td style="text-align:left">{escape(cell)}</td>' for cell in row)
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: ``1 answer``, ``2 answers``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
