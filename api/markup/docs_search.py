"""Full-text search over the sections of the documentation."""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import nlargest
from itertools import islice
from types import MappingProxyType
from typing import Final

from markupsafe import Markup, escape

from api.core.cache import cache_once
from api.markup.docs_files import list_pages, load_navigation, page_address
from api.markup.docs_pages import read_page_title, split_page

MAX_QUERY_CHARACTERS: Final = 100
MAX_WORDS: Final = 8
MAX_RESULTS: Final = 20
MAX_CACHED_QUERIES: Final = 256
SNIPPET_CHARACTERS: Final = 200
EXACT_TITLE_WEIGHT: Final = 100
"""Added if the query is the title of the page."""
TITLE_WEIGHT: Final = 60
"""Added if the title of the page has all words: a title match outranks every body match."""
HEADING_WEIGHT: Final = 50
"""Added if the heading of the section has all words."""
NAMED_WORD_WEIGHT: Final = 2
"""Added for each word that the title or the heading has."""
MAX_COUNTED_OCCURRENCES: Final = 4
"""Further occurrences do not raise the rank, so that long references do not come first."""
PART_WEIGHTS: Final = MappingProxyType(
    {"Tutorials": 45, "How-to guides": 45, "Reference": 7, "Explanation": 0, "Project": -20}
)
"""Weights of the parts of the documentation.

A guide outranks a reference with the same match. Pages for contributors rank below every guide.
"""
PLURAL: Final = re.compile(r"(?<=\w\w[^\Ws])s$")
"""Plural ending of a word of four or more letters."""
WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Section that contains all words: its page, heading, address and a *snippet* of its text."""

    title: str
    heading: str
    address: str
    snippet: Markup


@dataclass(frozen=True, slots=True)
class IndexedSection:
    """Section of a page; the first one of a page has its title as another heading."""

    title: str
    heading: str
    address: str
    text: str
    is_first: bool
    part_weight: int


@dataclass(frozen=True, slots=True)
class _Posting:
    """Occurrences of a word in a section, by its number; *is_named*: its heading has the word."""

    section: int
    count: int
    is_named: bool


@dataclass(frozen=True, slots=True)
class SearchIndex:
    """Sections, the sorted *words* in them, and where each word occurs.

    Words are looked up, not searched for: whoever searches needs no account.
    """

    sections: Sequence[IndexedSection]
    words: Sequence[str]
    postings: Mapping[str, Sequence[_Posting]]


def search(query: str) -> list[SearchResult]:
    """Return the sections with all words of *query*, best first, at most `MAX_RESULTS`.

    A word also matches the beginning of a longer word, and a plural its singular. At most
    `MAX_WORDS` words are used.
    """
    words = _split_query(query[:MAX_QUERY_CHARACTERS])
    return list(_search_words(words[:MAX_WORDS]))


def _split_query(query: str) -> tuple[str, ...]:
    """Return the different words of *query* in lower case, without their plural endings."""
    return tuple(dict.fromkeys(PLURAL.sub("", word) for word in WORD.findall(query.lower())))


@lru_cache(maxsize=MAX_CACHED_QUERIES)
def _search_words(words: Sequence[str]) -> list[SearchResult]:
    if not words:
        return []
    index = _load_index()
    matches = [_find_matches(index, word) for word in words]
    common = set.intersection(*map(set, matches))
    totals = {
        number: _rank_section(index.sections[number], [match[number] for match in matches], words)
        for number in sorted(common)
    }
    best = nlargest(MAX_RESULTS, totals, key=totals.__getitem__)
    return [
        SearchResult(
            section.title, section.heading, section.address, _cut_snippet(section.text, words)
        )
        for section in map(index.sections.__getitem__, best)
    ]


@cache_once
def _load_index() -> SearchIndex:
    """Return the index of all sections of all pages; built at the first search."""
    weights = {
        address: PART_WEIGHTS[part.title] for part in load_navigation() for address in part.pages
    }
    return build_index(
        IndexedSection(
            read_page_title(name),
            section.heading,
            page_address(name) + (f"#{section.id}" if section.id else ""),
            section.text,
            is_first=not section.id,
            part_weight=weights.get(page_address(name), PART_WEIGHTS["Project"]),
        )
        for name in list_pages()
        for section in split_page(name)
    )


def build_index(sections: Iterable[IndexedSection]) -> SearchIndex:
    """Return the index of *sections*."""
    indexed = tuple(sections)
    postings: defaultdict[str, list[_Posting]] = defaultdict(list)
    for number, section in enumerate(indexed):
        named = f"{section.title if section.is_first else ''}\n{section.heading}"
        named_words = set(WORD.findall(named.lower()))
        counts = Counter(WORD.findall(section.text.lower()))
        for word in named_words | set(counts):
            postings[word].append(_Posting(number, counts[word], is_named=word in named_words))
    return SearchIndex(indexed, tuple(sorted(postings)), postings)


def _find_matches(index: SearchIndex, prefix: str) -> dict[int, _Posting]:
    """Return the sections with a word that begins with *prefix*, all its postings combined."""
    counts: Counter[int] = Counter()
    named: set[int] = set()
    for word in islice(index.words, bisect_left(index.words, prefix), None):
        if not word.startswith(prefix):
            break
        for posting in index.postings[word]:
            counts[posting.section] += posting.count
            if posting.is_named:
                named.add(posting.section)
    return {
        number: _Posting(number, count, is_named=number in named)
        for number, count in counts.items()
    }


def _rank_section(
    section: IndexedSection, matches: Sequence[_Posting], words: Sequence[str]
) -> float:
    """Return the rank of a section that has a match for each of *words*."""
    named_count = sum(match.is_named for match in matches)
    occurrences = sum(min(match.count, MAX_COUNTED_OCCURRENCES) for match in matches)
    name_weight = HEADING_WEIGHT if section.heading else TITLE_WEIGHT
    return (
        section.part_weight
        + (section.is_first and _split_query(section.title) == words) * EXACT_TITLE_WEIGHT
        + (named_count == len(matches)) * name_weight
        + (named_count * NAMED_WORD_WEIGHT + occurrences) / len(matches)
    )


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
