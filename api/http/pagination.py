"""Cursor pagination: the cursor marks the end of the last page, so no row is skipped or repeated.

A page is limited by its number of rows and by its size in bytes.

A route takes a `PageRequest`, gets the cursor from it, passes cursor and limit to its service, and
builds a `Page` from the rows. The service orders by a column and the id, and filters
with `apply_keyset`.
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
from api.core.errors import FieldError, InvalidInput
from api.http.schema import Schema

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 200
MAX_PAGE_BYTES: Final = 1024 * 1024
"""Maximum size of the JSON of a page in bytes; a single row may be larger."""
MAX_CURSOR_CHARACTERS: Final = 2_000
INT64_LIMIT: Final = 2**63

T = TypeVar("T")
Row = TypeVar("Row")
S = TypeVar("S", bound=Select[*tuple[Any, ...]])

SortValue: TypeAlias = str | int | datetime
"""Value of a sort column of a list; the column holds no NULL."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """End of a page: the order *by*, and the sort value and id of the last row."""

    by: str
    value: SortValue
    id: UUID

    def encode(self) -> str:
        """Return the cursor as an opaque text for a query string."""
        value = to_micros(self.value) if isinstance(self.value, datetime) else self.value
        payload = json.dumps(
            [self.by, value, self.id.hex], separators=(",", ":"), ensure_ascii=False
        )
        return base64.urlsafe_b64encode(payload.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, *, by: str, kind: type[SortValue]) -> "Cursor":
        """Parse a cursor; raise `InvalidInput` unless it belongs to this order and *kind*."""
        match _decode_json(text):
            case [str(name), value, str(digits)] if name == by and len(digits) == len(
                UUID(int=0).hex
            ):
                sort_value, row_id = _parse_sort_value(value, kind), _parse_uuid_hex(digits)
                if sort_value is not None and row_id is not None:
                    return cls(by, sort_value, row_id)
        raise InvalidInput(
            "The cursor does not belong to this list. Start again without it.",
            errors=(FieldError("query cursor", "is not a cursor of this list"),),
        )


def _decode_json(text: str) -> object:
    try:
        padded = text + "=" * (-len(text) % 4)
        return json.loads(base64.b64decode(padded, altchars=b"-_", validate=True).decode())
    except (binascii.Error, ValueError, RecursionError):
        return None


def _parse_sort_value(value: object, kind: type[SortValue]) -> SortValue | None:
    if kind is str:
        is_storable = isinstance(value, str) and "\0" not in value and _has_no_surrogates(value)
        return value if isinstance(value, str) and is_storable else None
    if type(value) is not int or not -INT64_LIMIT <= value < INT64_LIMIT:
        return None
    if kind is int:
        return value
    try:
        return from_micros(value)
    except OverflowError:
        return None


def _has_no_surrogates(text: str) -> bool:
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


def _parse_uuid_hex(digits: str) -> UUID | None:
    try:
        return UUID(hex=digits)
    except ValueError:
        return None


def apply_keyset(
    statement: S,
    column: InstrumentedAttribute[Any] | ColumnElement[Any],
    id_column: InstrumentedAttribute[UUID] | ColumnElement[UUID],
    *,
    after: Cursor | None,
    order: str = "ascending",
) -> S:
    """Return *statement* ordered by *column* and id, starting after the cursor.

    *order* is "ascending" or "descending", for both columns.
    """
    is_descending = order == "descending"
    if after is not None:
        past = column < after.value if is_descending else column > after.value
        next_id = id_column < after.id if is_descending else id_column > after.id
        statement = statement.where(or_(past, and_(column == after.value, next_id)))
    ends = (column.desc(), id_column.desc()) if is_descending else (column.asc(), id_column.asc())
    return statement.order_by(*ends)


class Page(Schema, Generic[T]):
    """One page of a list."""

    items: list[T]
    next: str | None = Field(None, description="the cursor of the next page, null on the last")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Page request: limit and cursor."""

    limit: int
    cursor: str | None
    request: Request
    response: Response

    def parse_cursor(self, by: str, kind: type[SortValue]) -> Cursor | None:
        """Return the cursor of the order *by*, or None on the first page.

        The sort column has the type *kind*.
        """
        return None if self.cursor is None else Cursor.decode(self.cursor, by=by, kind=kind)

    def build_page(
        self,
        rows: Iterable[Row],
        *,
        cursor_of: Callable[[Row], Cursor],
        serialize_row: Callable[[Row], T],
    ) -> Page[T]:
        """Return the page of *rows*, of which the service reads up to ``limit + 1``.

        The page ends early at 1 MiB, but has at least one row; *rows* may be a lazy iterable.
        *cursor_of* returns the cursor of the last row, *serialize_row* the representation of each
        row. Sets the ``Link`` header to the address of the next page.
        """
        rendered: list[tuple[Row, T]] = []
        size_bytes, has_more = 0, False
        for row in rows:
            if has_more := len(rendered) == self.limit:
                break
            item = serialize_row(row)
            size_bytes += len(to_json(item))
            if has_more := bool(rendered) and size_bytes > MAX_PAGE_BYTES:
                break
            rendered.append((row, item))
        items = [item for _, item in rendered]
        if not has_more:
            return Page(items=items, next=None)
        next_cursor = cursor_of(rendered[-1][0]).encode()
        # A path without host, so that no forged `Host` header gets into it.
        query = self.request.url.include_query_params(cursor=next_cursor).query
        link = f"{self.request.url.path}?{query}"
        self.response.headers["Link"] = f'<{link}>; rel="next"'
        return Page(items=items, next=next_cursor)


async def _parse_page_request(
    request: Request,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="rows in a page")] = DEFAULT_LIMIT,
    cursor: Annotated[
        str | None,
        Query(
            max_length=MAX_CURSOR_CHARACTERS,
            description="`next` of the previous page; omit it for the first page",
        ),
    ] = None,
) -> PageRequest:
    return PageRequest(limit, cursor, request, response)


PageRequestDep = Annotated[PageRequest, Depends(_parse_page_request)]
"""Parameter of a route that returns a paginated list."""
