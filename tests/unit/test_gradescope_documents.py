"""Tests of Markdown and notebooks for Gradescope: hostile texts are read in few steps."""

import re
from itertools import chain, product

import pytest

from api.gradescope.runtime import documents
from api.gradescope.runtime.answer_sheet import AnswerSheet
from api.gradescope.runtime.documents import add_markdown_answers, drop_comments

PIECES = 20_000
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
HEADING = re.compile(r" {0,3}#{1,6}\s+(.*?)\s*#*\s*$")
"""These patterns say what is read; on long texts they are too slow."""


class CountedText(str):
    """Text that counts the characters that its searches look at."""

    __slots__ = ("scanned",)

    def find(self, sought, start=0):
        place = super().find(sought, start)
        stop = len(self) if place < 0 else place + len(sought)
        self.scanned = getattr(self, "scanned", 0) + stop - start
        return place


@pytest.mark.parametrize(
    "text",
    [
        "<!--" * PIECES,
        "<!-- a -->" * PIECES,
        "<!--" * PIECES + "-->" + "<!--" * PIECES,
        "-->" * PIECES + "<!--",
        "<!-- a -->" + "<!--->" * PIECES,
    ],
    ids=["open", "closed", "one closed", "only ends", "half closed"],
)
def test_comments_are_found_in_one_pass(text):
    counted = CountedText(text)
    drop_comments(counted)
    assert 0 < counted.scanned <= 2 * len(text)


def texts(pieces: str, length: int):
    """Return every text of up to *length* pieces."""
    lengths = range(length + 1)
    return chain.from_iterable(product(pieces.split("|"), repeat=count) for count in lengths)


def test_comments_match_the_reference_pattern():
    for pieces in texts("<!--|-->|-|>|a\n", 5):
        text = "".join(pieces)
        assert drop_comments(text) == COMMENT.sub("", text), text


def test_headings_match_the_reference_pattern():
    """Every heading begins an answer here."""
    read = 0
    for pieces in texts("#| |x|\t", 7):
        line = "".join(pieces)
        headings = []
        sheet = AnswerSheet({"shape": ("first",)})
        sheet.find_part = lambda label, _="", headings=headings: headings.append(label)
        add_markdown_answers(line, sheet)
        expected = HEADING.match(line)
        assert headings[::2] == ([expected[1]] if expected else []), line
        read += bool(expected)
    assert read > 1000


def test_patterns_contain_no_lazy_repeats():
    """A lazy repeat before other items does: `# x`, 4,000 spaces and a `y` took minutes."""
    patterns = [one for one in vars(documents).values() if isinstance(one, re.Pattern)]
    assert len(patterns) == 5
    assert not [one.pattern for one in patterns if re.search(r"[*+}?]\?", one.pattern)]


def test_heading_with_a_megabyte_of_spaces_is_read():
    sheet = AnswerSheet({"shape": ("first",)})
    add_markdown_answers(f"# first{' ' * 1_000_000}y\n\n# first{' ' * 1_000_000}#\n3x3", sheet)
    assert sheet.answers == {"shape": {"first": "3x3"}}
