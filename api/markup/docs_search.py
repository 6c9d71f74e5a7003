"""Full-text search over the sections of the documentation."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from heapq import nlargest
from itertools import islice
from typing import Final

from markupsafe import Markup, escape

from api.markup.docs_files import list_pages, page_address
from api.markup.docs_pages import read_title, split_page

MAX_QUERY_CHARACTERS: Final = 100
MAX_WORDS: Final = 8
MAX_RESULTS: Final = 20
MAX_CACHED_QUERIES: Final = 256
SNIPPET_CHARACTERS: Final = 200
TITLE_WEIGHT: Final = 12
HEADING_WEIGHT: Final = 8
MAX_COUNTED_OCCURRENCES: Final = 4
"""Further occurrences do not raise the rank, so that long references do not come first."""
WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Section that contains all words: its page, heading, address and a *snippet* of its text."""

    title: str
    heading: str
    address: str
    snippet: Markup


@dataclass(frozen=True, slots=True)
class _IndexedSection:
    title: str
    heading: str
    address: str
    text: str
    lower_names: str
    lower_text: str


def search(query: str) -> list[SearchResult]:
    """Return the sections with all words of *query*, best first, at most `MAX_RESULTS`.

    A word also matches the beginning of a longer word. At most `MAX_WORDS` words are used.
    """
    words = WORD.findall(query[:MAX_QUERY_CHARACTERS].lower())
    return list(_search_words(tuple(dict.fromkeys(words))[:MAX_WORDS]))


@lru_cache(maxsize=MAX_CACHED_QUERIES)
def _search_words(words: Sequence[str]) -> list[SearchResult]:
    if not words:
        return []
    patterns = [re.compile(rf"\b{word}") for word in words]
    ranked = ((_rank_section(section, words, patterns), section) for section in _load_index())
    best = nlargest(MAX_RESULTS, (pair for pair in ranked if pair[0]), key=lambda pair: pair[0])
    return [
        SearchResult(
            section.title, section.heading, section.address, _cut_snippet(section.text, words)
        )
        for _, section in best
    ]


@cache
def _load_index() -> Sequence[_IndexedSection]:
    """Return all sections of all pages; built at the first search."""
    return tuple(
        _IndexedSection(
            title := read_title(name),
            section.heading,
            page_address(name) + (f"#{section.id}" if section.id else ""),
            section.text,
            f"{title if not section.id else ''}\n{section.heading}".lower(),
            section.text.lower(),
        )
        for name in list_pages()
        for section in split_page(name)
    )


def _rank_section(
    section: _IndexedSection, words: Sequence[str], patterns: Sequence[re.Pattern[str]]
) -> int:
    """Return the rank of a section, 0 if it lacks a word."""
    rank = 0
    for word, pattern in zip(words, patterns, strict=True):
        # Plain containment first: it skips most sections without a regular expression.
        if word not in section.lower_text and word not in section.lower_names:
            return 0
        in_names = pattern.search(section.lower_names) is not None
        matches = islice(pattern.finditer(section.lower_text), MAX_COUNTED_OCCURRENCES)
        occurrences = sum(1 for _ in matches)
        if not in_names and not occurrences:
            return 0
        weight = HEADING_WEIGHT if section.heading else TITLE_WEIGHT
        rank += weight * in_names + occurrences
    return rank


def _cut_snippet(text: str, words: Sequence[str]) -> Markup:
    """Return the text around the first word, with all words marked."""
    pattern = re.compile("|".join(rf"\b{word}\w*" for word in words), re.IGNORECASE)
    first = pattern.search(text)
    start = max(0, first.start() - SNIPPET_CHARACTERS // 3) if first else 0
    piece = text[start : start + SNIPPET_CHARACTERS]
    marked, end = Markup("…") if start else Markup(""), 0
    for match in pattern.finditer(piece):
        marked += escape(piece[end : match.start()]) + Markup("<mark>{}</mark>").format(match[0])
        end = match.end()
    rest = Markup("…") if start + SNIPPET_CHARACTERS < len(text) else Markup("")
    return marked + escape(piece[end:]) + rest
