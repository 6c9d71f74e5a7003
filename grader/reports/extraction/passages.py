"""Passages of a document: values that may answer a part, with the words around them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reports.blocks import Location
from grader.reports.extraction.clauses import (
    RELATION,
    PassageForm,
    get_text_before_value,
    split_label,
)
from grader.reports.extraction.passage_context import BESIDE, LEAD
from grader.reports.extraction.tables import iterate_shortened_tables
from grader.reports.labels import Label
from grader.reports.words import select_numbering_words

WORD: Final = lazy_regex(r"[A-Za-z]{3,}")
SEVERAL_EQUATIONS: Final = lazy_regex(r"=[^=]{0,200}[,;]\s[^=]{0,200}=")
IN_BRACKETS: Final = lazy_regex(r"[\[(][^\[\]()]*[\])]")
NOTE: Final = lazy_regex(r"\s{0,9}\((?=[^()]{0,120}[A-Za-z]{3})[^()]{3,240}\)\s{0,9}\.?$")
"""Words in parentheses after a value. The limits bound the time that a search takes."""
TRAILING_WORDS: Final = lazy_regex(r"(?<=[\d)$%])\s*(?:,\s*)?[A-Za-z][A-Za-z ,]{1,40}\.?$")


@dataclass(frozen=True, slots=True)
class Passage:
    """A value in a document, with the words and the label that it stands under.

    *text* is what the reader gets; *quote* is the line around it. *forms* are the kinds of value
    that it may have, *words* the words around it with their weights. *is_cut* says that the value
    was taken out of a sentence with other values, *is_conclusion* that it ends a chain or follows
    a name, *is_question* that it stands before the word "solution". *source* is the whole block.
    *unit_words* follow the value, as in ``196 patches``; *column_words* are those of its column in
    a table, *other_columns* those of the columns beside it. *is_final* says that no later value
    under the label has the same name before its equals sign.
    """

    text: str
    quote: str
    location: Location
    forms: frozenset[PassageForm]
    words: Mapping[str, float]
    label: Label
    index: int
    label_text: str = ""
    is_cut: bool = False
    is_conclusion: bool = False
    is_input: bool = False
    is_question: bool = False
    is_last: bool = False
    doubt: str = ""
    source: str = ""
    unit_words: frozenset[str] = frozenset()
    is_emphasized: bool = False
    ends_sentence: bool = False
    is_final: bool = False
    column_words: frozenset[str] = frozenset()
    other_columns: frozenset[str] = frozenset()

    def numbers(self) -> frozenset[str]:
        """Return the layer, step or place whose name stands near the value."""
        return select_numbering_words(word for word, weight in self.words.items() if weight >= LEAD)

    def iterate_shortened_texts(self) -> Iterator[str]:
        """Yield less of the passage, for a reader that refuses the words in it."""
        if "table" in self.forms:
            yield from iterate_shortened_tables(self.text)
            return
        _, value = split_label(self.text)
        value = value or self.text
        _, is_named, link = value.strip("$ ").partition("=")
        bare = TRAILING_WORDS.sub("", value)
        is_single = not SEVERAL_EQUATIONS.search(IN_BRACKETS.sub("", value))
        is_chain = RELATION.search(value) and is_single
        last = RELATION.split(value)[-1] if is_chain else ""
        alone = NOTE.sub("", last)
        yield from dict.fromkeys(
            text.strip()
            for text in (value, link if is_named and is_single else "", bare, last, alone)
            if text.strip() and text != self.text
        )


def link_conclusion(passages: Sequence[Passage], added: int, words: Iterable[str]) -> list[Passage]:
    """Return the passages of a line whose last, from *added*, concludes the others.

    It is about the *words* of the label of the line, and the others are its calculation.
    """
    words = tuple(words)
    if not words:
        return list(passages)
    return [
        replace(passage, words={**passage.words, **dict.fromkeys(words, BESIDE)})
        if index >= added
        else replace(passage, is_conclusion=False)
        for index, passage in enumerate(passages)
    ]


def mark_last_in_each_context(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """Mark each passage that is the last before another label, layer, step or place.

    Mark also the last value of each name under a label.
    """
    final = {key: index for index, passage in enumerate(passages) if (key := _find_name(passage))}
    contexts = [(passage.label, passage.numbers()) for passage in passages]
    return tuple(
        replace(
            passage,
            is_last=index + 1 == len(passages) or context != contexts[index + 1],
            is_final=(name := _find_name(passage)) is not None and final[name] == index,
        )
        for index, (passage, context) in enumerate(zip(passages, contexts, strict=True))
    )


def _find_name(passage: Passage) -> tuple[Label, str] | None:
    """Return the name before a value with its label; a short name counts on its line only."""
    name = get_text_before_value(passage.text).strip("$ \n")
    if WORD.search(name):
        return passage.label, name
    return (passage.label, f"{name} {passage.location}") if name.isalpha() else None
