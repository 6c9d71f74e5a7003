"""Tests of bombs: each is read or refused in time, with advice, and the next report is read."""

import time
from uuid import uuid4

import pytest
from document_bombs import (
    MEGABYTE,
    flate_twice,
    huge_image,
    many_pages,
    nested_forms,
    word_bomb,
    word_text,
)
from report_readers import SHEET, make_reader
from uploads import REPORT

from api.core.errors import InvalidInput
from api.services.reports.docx_package import TOO_LARGE
from api.services.reports.pdf_pages import NOT_A_PDF, TOO_MANY_PAGES
from api.services.reports.runner import CRASHED, TOO_LONG
from api.services.reports.uploads.report_reader import READING_SECONDS
from api.services.reports.uploads.storage import MAX_REPORT_BYTES
from grader.reports.blocks import WITHOUT_DATA
from grader.reports.documents.notebooks import NOT_A_NOTEBOOK
from grader.reports.documents.pages.page_text import TOO_MANY_GLYPHS

STOPPED = (CRASHED, TOO_LONG)
"""The process needs too much memory or time, whichever comes first."""
READ = ""
"""The document is read, because what is large in it is not unpacked."""
STARTING_SECONDS = 60
BOMBS = {
    "texts compressed twice": (
        lambda: flate_twice(b"BT /F1 9 Tf 9 9 Td (12) Tj ET ", 400 * MEGABYTE), ".pdf", STOPPED
    ),
    "twelve nested forms": (lambda: nested_forms(12, 10), ".pdf", STOPPED),
    "repeated form": (lambda: nested_forms(3, 200), ".pdf", TOO_MANY_GLYPHS),
    "a page 99,999 times": (
        lambda: many_pages(b"4 0 R " * 99_999, 99_999), ".pdf", TOO_MANY_PAGES
    ),
    "a false number of pages": (lambda: many_pages(b"4 0 R", 10**9), ".pdf", READ),
    "page tree in itself": (lambda: many_pages(b"2 0 R 4 0 R", 100), ".pdf", NOT_A_PDF),
    "image of 10 gigapixels": (lambda: huge_image(100_000), ".pdf", READ),
    "Word text": (lambda: word_text(29 * MEGABYTE), ".docx", WITHOUT_DATA),
    "Word attributes": (
        lambda: word_bomb([(b"<a>", 3), (b'<b c="1" d="2" e="3"/>', 29 * MEGABYTE), (b"</a>", 4)]),
        ".docx",
        TOO_LARGE,
    ),
    "nested lists": (lambda: b"[" * 10**6 + b"]" * 10**6, ".ipynb", NOT_A_NOTEBOOK),
    "many lists": (lambda: b'{"cells": [' + b"[]," * 10**6 + b"1]}", ".ipynb", WITHOUT_DATA),
    "long number": (lambda: b'{"cells": [' + b"9" * 10**6 + b"]}", ".ipynb", NOT_A_NOTEBOOK),
}  # fmt: skip


@pytest.fixture(scope="module")
def reader():
    reader = make_reader(1, starting_seconds=STARTING_SECONDS)
    yield reader
    reader.close()


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_read_or_refused_and_the_next_report_is_read(reader, name):
    create, ending, expected = BOMBS[name]
    document = create()
    assert len(document) < MAX_REPORT_BYTES
    started = time.monotonic()
    try:
        parts = reader.read(uuid4(), document, ending, SHEET)
        outcome = READ
        assert len(parts) == 3
    except InvalidInput as refused:
        outcome = refused.errors[0].message
    if expected is STOPPED:
        assert outcome in STOPPED
    else:
        assert expected in outcome
        assert bool(outcome) == bool(expected)
    assert time.monotonic() - started < READING_SECONDS + STARTING_SECONDS
    parts = reader.read(uuid4(), REPORT.encode(), ".md", SHEET)
    assert {part["confidence"] for part in parts} == {"certain"}
