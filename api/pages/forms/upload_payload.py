"""A file that was looked at, carried in the page until it is taken over: nothing is stored."""

import base64
import binascii
import zlib
from typing import Final

from api.core.errors import Invalid
from api.pages.forms.form import Form

__all__ = ["LARGEST", "MOST", "carried", "sent_file"]

MOST: Final = 700_000
"""As many bytes, packed, as fit into one field of a form; a larger file is chosen once more."""
LARGEST: Final = 20 * 1024 * 1024
"""As many bytes as come out of a field, so that a small one cannot fill the memory."""


def carried(body: bytes) -> str:
    """Return a file as the text of a hidden field, nothing for one that is too large for it."""
    packed = zlib.compress(body)
    fits = len(packed) <= MOST and len(body) <= LARGEST
    return base64.b64encode(packed).decode() if fits else ""


def sent_file(form: Form) -> bytes:
    """Return the file of a form, chosen now or carried; `Invalid` where there is none."""
    chosen = form.files.get("file", ())
    body = chosen[0].body if chosen else b""
    found = body or _unpacked(form.text("carried"))
    if not found:
        raise Invalid.of("file", "is missing; choose one that is not empty")
    return found


def _unpacked(text: str) -> bytes:
    """Return what a hidden field holds, nothing where it was not made here."""
    unpacker = zlib.decompressobj()
    try:
        body = unpacker.decompress(base64.b64decode(text, validate=True), LARGEST)
    except (binascii.Error, ValueError, zlib.error):
        return b""
    return body if unpacker.eof else b""
