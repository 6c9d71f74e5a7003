"""Files that are carried in a page: as they were, bounded, and refused where they were changed."""

import base64
import os
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.core.errors import Invalid
from api.pages.forms.form import Form, Uploaded
from api.pages.forms.upload_payload import LARGEST, MOST, carried, sent_file


def _form(text: str, **files: bytes) -> Form:
    sent = {name: (Uploaded("a.csv", body),) for name, body in files.items()}
    return Form({"carried": (text,)}, sent)


@given(st.binary(min_size=1, max_size=5_000))
def test_a_carried_file_comes_back_byte_by_byte(body):
    assert sent_file(_form(carried(body))) == body


def test_a_file_that_is_chosen_goes_before_one_that_is_carried():
    assert sent_file(_form(carried(b"old"), file=b"new")) == b"new"
    assert sent_file(_form(carried(b"old"), file=b"")) == b"old"


def test_a_file_that_does_not_fit_is_not_carried():
    assert carried(os.urandom(MOST + 1)) == ""


def test_a_long_table_fits_as_it_is_packed():
    assert len(carried(b"submission,points\n" * 100_000)) < 30_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not base64",
        "\N{LATIN SMALL LETTER E WITH ACUTE}",
        base64.b64encode(b"not packed").decode(),
        carried(b"cut short" * 50)[:-8],
        base64.b64encode(zlib.compress(b"0" * (LARGEST + 1))).decode(),
        carried(b""),
    ],
)
def test_what_was_not_carried_by_a_page_is_no_file(text):
    with pytest.raises(Invalid):
        sent_file(_form(text))
