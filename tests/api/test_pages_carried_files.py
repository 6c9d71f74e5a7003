"""Tests of files carried in a page: unchanged, limited in size, refused when tampered."""

import base64
import os
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.core.errors import InvalidInput
from api.pages.forms.form import PostedForm, UploadedFile
from api.pages.forms.upload_payload import (
    MAX_PACKED_BYTES,
    MAX_UNPACKED_BYTES,
    encode_upload,
    read_upload,
)


def _form(text: str, **files: bytes) -> PostedForm:
    sent = {name: (UploadedFile("a.csv", body),) for name, body in files.items()}
    return PostedForm({"carried": (text,)}, sent)


@given(st.binary(min_size=1, max_size=5_000))
def test_upload_payload_round_trips_unchanged(body):
    assert read_upload(_form(encode_upload(body))) == body


def test_newly_chosen_file_overrides_upload_payload():
    assert read_upload(_form(encode_upload(b"old"), file=b"new")) == b"new"
    assert read_upload(_form(encode_upload(b"old"), file=b"")) == b"old"


def test_oversized_upload_has_no_payload():
    assert encode_upload(os.urandom(MAX_PACKED_BYTES + 1)) == ""


def test_upload_payload_is_compressed():
    assert len(encode_upload(b"submission,points\n" * 100_000)) < 30_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not base64",
        "\N{LATIN SMALL LETTER E WITH ACUTE}",
        base64.b64encode(b"not packed").decode(),
        encode_upload(b"cut short" * 50)[:-8],
        base64.b64encode(zlib.compress(b"0" * (MAX_UNPACKED_BYTES + 1))).decode(),
        encode_upload(b""),
    ],
)
def test_tampered_upload_payload_is_rejected(text):
    with pytest.raises(InvalidInput):
        read_upload(_form(text))
