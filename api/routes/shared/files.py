"""Files as request and response bodies: reading, OpenAPI descriptions and file names."""

from typing import Annotated, Any, Final, TypeAlias

from fastapi import Depends, Request

SANDBOX_HEADERS: Final = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Headers of a file of somebody: a browser runs nothing in it, and guesses no other type."""


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
