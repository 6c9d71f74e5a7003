"""Lists in pages: a cursor says where the last page ended, so that nothing is skipped or doubled.

A page is bounded by the number of its rows and by its size in bytes.

A route takes a `Window`, asks it for the cursor, gives cursor and limit to its service, and makes a
`Page` of the rows. The service orders by a column and the id and narrows with `keyset`.
"""

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Generic, TypeAlias, TypeVar
from uuid import UUID

from fastapi import Depends, Query
from pydantic import Field
from pydantic_core import to_json
from sqlalchemy import ColumnElement, Select, and_, or_
from sqlalchemy.orm import InstrumentedAttribute
from starlette.requests import Request
from starlette.responses import Response

from api.core.clock import from_micros, to_micros
from api.core.errors import FieldError, Invalid
from api.http.schema import Schema

__all__ = ["Cursor", "Page", "PageWindow", "Sort", "Window", "keyset"]

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 200
MAX_PAGE_BYTES: Final = 1024 * 1024
"""How much JSON a page has at most, unless its only row is larger."""
MAX_CURSOR: Final = 2_000
INT64: Final = 2**63

T = TypeVar("T")
Row = TypeVar("Row")
S = TypeVar("S", bound=Select[*tuple[Any, ...]])

Sort: TypeAlias = str | int | datetime
"""What a list can be sorted by; the column holds no NULL."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The end of a page: the order *by*, and the sort value and id of its last row."""

    by: str
    value: Sort
    id: UUID

    def encode(self) -> str:
        """Return the cursor as an opaque text for a query."""
        value = to_micros(self.value) if isinstance(self.value, datetime) else self.value
        told = json.dumps([self.by, value, self.id.hex], separators=(",", ":"), ensure_ascii=False)
        return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, *, by: str, kind: type[Sort]) -> "Cursor":
        """Return the cursor that *text* is; `Invalid` unless it is of this order and *kind*."""
        match _loaded(text):
            case [str(name), value, str(told)] if name == by and len(told) == len(UUID(int=0).hex):
                found, end = _sort(value, kind), _id(told)
                if found is not None and end is not None:
                    return cls(by, found, end)
        raise Invalid(
            "The cursor is not one of this list. Start again without it.",
            errors=(FieldError("query cursor", "is not a cursor of this list"),),
        )


def _loaded(text: str) -> object:
    try:
        padded = text + "=" * (-len(text) % 4)
        return json.loads(base64.b64decode(padded, altchars=b"-_", validate=True).decode())
    except (binascii.Error, ValueError, RecursionError):
        return None


def _sort(value: object, kind: type[Sort]) -> Sort | None:
    if kind is str:
        sound = isinstance(value, str) and "\0" not in value and _is_unicode(value)
        return value if isinstance(value, str) and sound else None
    if type(value) is not int or not -INT64 <= value < INT64:
        return None
    if kind is int:
        return value
    try:
        return from_micros(value)
    except OverflowError:
        return None


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


def _id(told: str) -> UUID | None:
    try:
        return UUID(hex=told)
    except ValueError:
        return None


def keyset(
    statement: S,
    column: InstrumentedAttribute[Any] | ColumnElement[Any],
    id_column: InstrumentedAttribute[UUID] | ColumnElement[UUID],
    *,
    after: Cursor | None,
    order: str = "ascending",
) -> S:
    """Return *statement* ordered by *column* and id, from after the cursor on.

    The *order* is "ascending" or "descending", for both.
    """
    down = order == "descending"
    if after is not None:
        past = column < after.value if down else column > after.value
        next_id = id_column < after.id if down else id_column > after.id
        statement = statement.where(or_(past, and_(column == after.value, next_id)))
    ends = (column.desc(), id_column.desc()) if down else (column.asc(), id_column.asc())
    return statement.order_by(*ends)


class Page(Schema, Generic[T]):
    """One page of a list."""

    items: list[T]
    next: str | None = Field(None, description="the cursor of the next page, null on the last")


@dataclass(frozen=True, slots=True)
class Window:
    """How much of a list was asked for, and from where."""

    limit: int
    cursor: str | None
    request: Request
    response: Response

    def after(self, by: str, kind: type[Sort]) -> Cursor | None:
        """Return where to go on in the order *by*, whose column holds a *kind*; None at first."""
        return None if self.cursor is None else Cursor.decode(self.cursor, by=by, kind=kind)

    def page(
        self,
        rows: Iterable[Row],
        *,
        end: Callable[[Row], Cursor],
        show: Callable[[Row], T],
    ) -> Page[T]:
        """Return the page of *rows*, of which the service was asked for ``limit + 1``.

        It ends early at 1 MiB, but has at least one row; *rows* may be read as they are needed.
        *end* makes the cursor of the last row, *show* what the caller sees of each. The address of
        the next page is put into the ``Link`` header.
        """
        shown: list[tuple[Row, T]] = []
        size_bytes, has_more = 0, False
        for row in rows:
            if has_more := len(shown) == self.limit:
                break
            item = show(row)
            size_bytes += len(to_json(item))
            if has_more := bool(shown) and size_bytes > MAX_PAGE_BYTES:
                break
            shown.append((row, item))
        items = [item for _, item in shown]
        if not has_more:
            return Page(items=items, next=None)
        following = end(shown[-1][0]).encode()
        # A path, so that no `Host` header gets into it.
        query = self.request.url.include_query_params(cursor=following).query
        link = f"{self.request.url.path}?{query}"
        self.response.headers["Link"] = f'<{link}>; rel="next"'
        return Page(items=items, next=following)


async def _window(
    request: Request,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="rows in a page")] = DEFAULT_LIMIT,
    cursor: Annotated[
        str | None,
        Query(max_length=MAX_CURSOR, description="`next` of the page before; none for the first"),
    ] = None,
) -> Window:
    return Window(limit, cursor, request, response)


PageWindow = Annotated[Window, Depends(_window)]
"""The parameter of a route that lists."""
