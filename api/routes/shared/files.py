"""Files as request and response bodies: reading, sending, OpenAPI descriptions and file names."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeAlias

from fastapi import Depends, Request, Response

from api.core.error_codes import ERROR_CODES
from api.core.errors import NotFound
from api.http.response_memory import PIECE_BYTES, PiecewiseResponse
from api.services.files.stored_bytes import (
    FILE_PIECE_BYTES,
    ReadSessionFactory,
    StoredBytes,
    StoredBytesGoneError,
)

SANDBOX_HEADERS: Final = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Headers of a person's file: the browser runs no script in it, and does not guess its type."""


async def _read_body(request: Request) -> bytes:
    return await request.body()


FileBody: TypeAlias = Annotated[bytes, Depends(_read_body)]
"""Parameter of a route whose request body is a file."""


def describe_file_body(media: str, example: str) -> dict[str, Any]:
    """Return the OpenAPI description of a file as request body, for ``openapi_extra=``."""
    return {"requestBody": {"required": True, "content": _describe_content(media, example)}}


def describe_file_response(
    media: str, example: str, description: str
) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI description of a file as response, for ``responses=``."""
    return {200: {"description": description, "content": _describe_content(media, example)}}


def _describe_content(media: str, example: str) -> dict[str, Any]:
    return {media: {"schema": {"type": "string"}, "example": example}}


def attachment_headers(name: str) -> dict[str, str]:
    """Return the header that makes a browser save the response as a file called *name*."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def send_stored_file(
    file: StoredBytes,
    reading: ReadSessionFactory,
    *,
    media_type: str,
    headers: Mapping[str, str],
) -> Response:
    """Return a response with a stored *file*, which is read piece by piece if it is large.

    Raises `NotFound` if a small file was deleted since it was looked up.
    """
    pieces = file.read_pieces(reading)
    if file.size <= FILE_PIECE_BYTES:
        try:
            content = b"".join(pieces)
        except StoredBytesGoneError as error:
            raise NotFound(ERROR_CODES["not_found"].meaning) from error
        return Response(content, media_type=media_type, headers=headers)
    return PiecewiseResponse(
        pieces,
        held_bytes=FILE_PIECE_BYTES + PIECE_BYTES,
        media_type=media_type,
        size=file.size,
        headers=headers,
    )
