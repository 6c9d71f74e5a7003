"""Upload payload: a hidden field carries a previewed file, so that nothing is stored."""

import base64
import binascii
import zlib
from typing import Final

from api.core.errors import InvalidInput
from api.pages.forms.form import PostedForm

MAX_PACKED_BYTES: Final = 700_000
"""Compressed size limit of a form field; users select a larger file again."""
MAX_UNPACKED_BYTES: Final = 20 * 1024 * 1024
"""Decompressed size limit, so that a small field cannot exhaust the memory."""


def encode_upload(body: bytes) -> str:
    """Return a file as the text of a hidden field, or "" if it is too large."""
    packed = zlib.compress(body)
    fits = len(packed) <= MAX_PACKED_BYTES and len(body) <= MAX_UNPACKED_BYTES
    return base64.b64encode(packed).decode() if fits else ""


def read_upload(form: PostedForm) -> bytes:
    """Return the uploaded file of a form, or else the carried one.

    Raises `InvalidInput` if there is neither.
    """
    chosen = form.files.get("file", ())
    body = chosen[0].body if chosen else b""
    content = body or _decode_upload(form.text("carried"))
    if not content:
        raise InvalidInput.for_field("file", "is missing; choose one that is not empty")
    return content


def _decode_upload(text: str) -> bytes:
    """Return the file in a hidden field, or nothing if the field is not valid."""
    unpacker = zlib.decompressobj()
    try:
        body = unpacker.decompress(base64.b64decode(text, validate=True), MAX_UNPACKED_BYTES)
    except (binascii.Error, ValueError, zlib.error):
        return b""
    return body if unpacker.eof else b""
