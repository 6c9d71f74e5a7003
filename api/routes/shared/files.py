"""Files as bodies of requests and answers: how they are read, described and named."""

from typing import Annotated, Any, TypeAlias

from fastapi import Depends, Request

__all__ = ["Sent", "attachment", "file_answer", "file_body"]


async def _sent(request: Request) -> bytes:
    return await request.body()


Sent: TypeAlias = Annotated[bytes, Depends(_sent)]
"""The parameter of a route whose body is a file."""


def file_body(media: str, example: str) -> dict[str, Any]:
    """Return how a file is described as a body: what a route passes as ``openapi_extra=``."""
    return {"requestBody": {"required": True, "content": _content(media, example)}}


def file_answer(media: str, example: str, said: str) -> dict[int | str, dict[str, Any]]:
    """Return how a file is described as an answer: what a route adds to its ``responses=``."""
    return {200: {"description": said, "content": _content(media, example)}}


def _content(media: str, example: str) -> dict[str, Any]:
    return {media: {"schema": {"type": "string"}, "example": example}}


def attachment(name: str) -> dict[str, str]:
    """Return the header by which an answer is saved as a file of that name."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}
