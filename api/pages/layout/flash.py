"""What became of a change, carried over to the page that comes after it."""

import re
from typing import Annotated, Final, TypeAlias

from fastapi import Query
from fastapi.responses import RedirectResponse

from api.pages.layout.formatting import counted, moves
from api.schemas.shared.effects import Effect

__all__ = ["Saved", "onwards", "told"]

COUNTS: Final = re.compile(r"(\d{1,7})-(\d{1,7})-(\d{1,7})")
Saved: TypeAlias = Annotated[str, Query(max_length=40)]
"""What the page before has done: a word, or how many grades changed, went up and down, or both."""


def onwards(path: str, effect: Effect | None = None, word: str = "") -> RedirectResponse:
    """Return the way to the page that says what was done, by a *word*, and did to grades."""
    counts = f"{effect.changed}-{effect.up}-{effect.down}" if effect else ""
    done = ".".join(filter(None, (word, counts))) or "done"
    page, sign, place = path.partition("#")
    mark = "&" if "?" in page else "?"
    return RedirectResponse(f"{page}{mark}saved={done}{sign}{place}", status_code=303)


def told(saved: str) -> str:
    """Return what a page says of the change before it, nothing where there was none.

    >>> told("3-2-1"), told("0-0-0"), told("done"), told("")
    ('Saved. 3 grades changed: 2 up, 1 down.', 'Saved. No grade changed.', 'Saved.', '')
    """
    found = COUNTS.fullmatch(saved)
    if found is None:
        return "Saved." if saved else ""
    changed, up, down = map(int, found.groups())
    if not changed:
        return "Saved. No grade changed."
    return f"Saved. {counted(changed, 'grade')} changed: {moves(changed, up, down)}."
