"""Words around a value, such as labels and counted things: dropped, with a note.

A word that could change the value (``not``, ``half``, ``at least``), or that looks like a symbol
(``k``, ``C_in``), is never dropped; the answer is refused.
"""

import re
from collections.abc import Sequence
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.ambiguous_signs import DASH_IS_AMBIGUOUS
from grader.reading.grammar.equation_chains import LINKS, ValueTokens
from grader.reading.grammar.errors import NUMBER_FORMS, quote_span, truncate_line
from grader.reading.grammar.tokens import Token
from grader.reading.wording.meaning_checks import (
    changed_meaning_error,
    refuse_meaning_changing_words,
)
from grader.reading.wording.meaning_words import PART
from grader.reading.wording.remarks import (
    EASTERN_TEXT,
    OPERATOR_SIGNS,
    looks_like_variable,
    strip_remarks,
)

BULLET: Final = "·"
"""The character to which `clean_text` folds ``•``.

A list bullet has a space after it; ``·5`` means 0.5 to some people.
"""
BULLETS: Final = frozenset({BULLET, "*", "-"})
STARS: Final = frozenset({"*", "**"})
PUNCTUATION: Final = frozenset({",", ";", ".", ":"})
EDGE_SIGNS: Final = STARS | PUNCTUATION | {BULLET}
NUMBERED: Final = lazy_regex(
    r"(?:layer|conv|block|stage|step|part|problem|question|exercise|task|output|no|nr|row)",
    re.IGNORECASE,
)
"""Words for numbered things, after which a number is a label: ``Layer 1 - 3640``."""
CROSSES: Final = frozenset("xX×")
WORDS_BEFORE_AXIS: Final = frozenset({"in", "along", "on", "the", "per", "for"})
WORDS_AFTER_AXIS: Final = frozenset({"direction", "axis", "and"})
"""Words after an ``x`` that is the name of an axis: ``5 pixels in x direction``.

`WORDS_BEFORE_AXIS` are those before it.
"""
ABBREVIATION: Final = lazy_regex(
    r"(?!(?:px|pxs|pts|wts|ch|hrs|yrs|nbr|th|st|nd|rd)\Z)[b-df-hj-np-tv-xz]{2,6}\.?", re.IGNORECASE
)
"""Consonants alone after a number: an abbreviation that may scale it, such as ``thsd``."""
MAX_SUFFIX_LETTERS: Final = 2
"""Maximum length of a word directly after a number that may be a unit or a scale."""


def strip_surrounding_words(
    tokens: Sequence[Token], text: str, *, word_kinds: frozenset[str]
) -> ValueTokens:
    """Return the value without remarks in brackets, surrounding words, bold markers and period.

    *word_kinds* are the kinds of token that count as words; in a formula only those set as text.
    """
    if "\n" in text:
        _refuse_bulleted_list(text)
    if _is_value_only(tokens, word_kinds):
        return ValueTokens(list(tokens))
    remaining, notes = strip_remarks(tokens, text, word_kinds)
    start = 0
    while start < len(remaining) and _is_skipped_before_value(remaining, start, word_kinds):
        start += 1
    end = _find_value_end(remaining, start, word_kinds)
    value = remaining[start:end]
    dropped = [
        _describe_ignored_words(remaining[:start], word_kinds),
        _describe_ignored_words(remaining[end:], word_kinds),
    ]
    if value:
        _refuse_leading_comma(remaining, start, text)
        _refuse_doubtful_leading_word(remaining, start, text, word_kinds)
        _refuse_doubtful_trailing_word(remaining, end, text, word_kinds)
    return ValueTokens(value, tuple(note for note in (*dropped, *notes) if note))


def _is_value_only(tokens: Sequence[Token], word_kinds: frozenset[str]) -> bool:
    """Return whether *tokens* contain only a value."""
    if not tokens or tokens[0].text in EDGE_SIGNS or tokens[-1].text in EDGE_SIGNS:
        return False
    return not any(token.kind in word_kinds or token.text in LINKS for token in tokens)


def _refuse_bulleted_list(text: str) -> None:
    """Raise `AnswerError` if *text* is a bulleted list, whose bullets would be read as signs."""
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    bullets = {line[0] for line in lines}
    if len(lines) > 1 and len(bullets) == 1 and bullets <= BULLETS:
        raise AnswerError(f"This is a list of {len(lines)} points.", expected="one value")


def _is_skipped_before_value(
    tokens: Sequence[Token], index: int, word_kinds: frozenset[str]
) -> bool:
    """Return whether the token at *index* precedes the value: word, comma, bullet, opening star."""
    token = tokens[index]
    if token.kind in word_kinds or token.text in PUNCTUATION:
        return True
    if index + 1 == len(tokens):
        return False
    if index == 0 and token.text == BULLET:
        return token.end - token.start == 1 and token.end < tokens[1].start
    if not _is_markdown_star(token):
        return False
    return index == 0 or tokens[index - 1].text in PUNCTUATION or _opens_bold(tokens, index)


def _is_markdown_star(token: Token) -> bool:
    """Return whether *token* may be a Markdown star, and not a caret."""
    written = token.end - token.start == len(token.text)
    return token.kind == "symbol" and token.text in STARS and written


def _opens_bold(tokens: Sequence[Token], index: int) -> bool:
    """Return whether the star at *index* opens bold type that another closes, ``about **36**``."""
    star, before, after = tokens[index], tokens[index - 1], tokens[index + 1]
    closed = any(
        token.text == star.text and token.kind == "symbol" and tokens[number].end == token.start
        for number, token in enumerate(tokens[index + 2 :], start=index + 1)
    )
    return closed and before.end < star.start and star.end == after.start


def _find_value_end(tokens: Sequence[Token], start: int, word_kinds: frozenset[str]) -> int:
    """Return where the value ends, before trailing words, a period and one closing star."""
    opening = {token.text for token in tokens[:start] if _is_markdown_star(token)}
    end = len(tokens)
    while end > start:
        token = tokens[end - 1]
        if token.text in opening and _is_markdown_star(token):
            opening = set()
        elif token.kind not in word_kinds and token.text not in PUNCTUATION:
            break
        end -= 1
    return end


def _refuse_leading_comma(tokens: Sequence[Token], start: int, text: str) -> None:
    """Raise `AnswerError` for ``,5``, which may be a decimal."""
    comma, first = tokens[start - 1 : start], tokens[start]
    if comma and comma[0].text == "," and comma[0].end == first.start and first.kind == "number":
        raise AnswerError(
            f"The comma in {quote_span(text, comma[0].start, first.end)} can be read in two ways.",
            expected=f"0.{first.text} for the decimal, {first.text} for the whole number",
            position=comma[0].start,
        )


def _refuse_doubtful_leading_word(
    tokens: Sequence[Token], start: int, text: str, word_kinds: frozenset[str]
) -> None:
    """Raise `AnswerError` for a leading word that may belong to the value: ``k - 5``, ``p 5``."""
    before = tokens[start - 1] if start else None
    if before is None or before.kind not in word_kinds:
        return
    first = tokens[start]
    follows = tokens[start + 1].start if start + 1 < len(tokens) else first.end
    signed = first.kind == "symbol" and first.text in {"-", "+"}
    if signed and before.end < first.start < first.end < follows:
        raise AnswerError(
            f"A dash after a word {DASH_IS_AMBIGUOUS}.",
            expected="the number alone",
            position=first.start,
        )
    _refuse_numbered_label(tokens, start, text)
    called = first.text == "(" and before.end == first.start
    computes = first.kind == "symbol" and first.text in OPERATOR_SIGNS - {"frac"}
    negative = signed and before.end < first.start
    if called or looks_like_variable(before) or (computes and not negative):
        raise _not_a_number_error(text, before)


def _refuse_numbered_label(tokens: Sequence[Token], start: int, text: str) -> None:
    """Raise `AnswerError` for ``Layer 1 - 3640``: a dash after a label, or a minus sign."""
    word, value = tokens[start - 1], tokens[start : start + 3]
    if [token.kind for token in value] != ["number", "symbol", "number"] or value[1].text != "-":
        return
    number, dash, other = value
    apart = number.end < dash.start and dash.end < other.start
    if apart and (number.value < other.value or NUMBERED.fullmatch(word.text)):
        raise AnswerError(
            f"The dash in {quote_span(text, word.start, other.end)} {DASH_IS_AMBIGUOUS}.",
            expected="the number alone",
            position=dash.start,
        )


def _refuse_doubtful_trailing_word(
    tokens: Sequence[Token], end: int, text: str, word_kinds: frozenset[str]
) -> None:
    """Raise `AnswerError` for a trailing word that may belong to the value: ``5 * k``, ``138m``."""
    if end == len(tokens) or tokens[end].kind not in word_kinds:
        return
    last, word = tokens[end - 1], tokens[end]
    for index in range(end, len(tokens)):
        if tokens[index].text in CROSSES and not _is_axis_name(tokens, index):
            raise _not_a_number_error(text, tokens[index])
    if last.kind == "symbol" and last.text in OPERATOR_SIGNS - {"%"}:
        raise _not_a_number_error(text, word)
    if last.kind == "number" and PART.fullmatch(word.text):
        raise changed_meaning_error(word.text, word.start)
    if last.kind == "number" and ABBREVIATION.fullmatch(word.text):
        raise AnswerError(
            f"'{truncate_line(word.text)}' after a number may be a unit or a magnitude.",
            expected="the number written out, without the abbreviation",
            position=word.start,
        )
    glued = (
        len(word.text) <= MAX_SUFFIX_LETTERS
        and word.start == last.end
        and not EASTERN_TEXT.fullmatch(word.text)
    )
    if looks_like_variable(word) or glued:
        raise AnswerError(
            f"'{truncate_line(word.text)}' after a number is not known here.",
            expected="the number alone",
            position=word.start,
        )


def _is_axis_name(tokens: Sequence[Token], index: int) -> bool:
    """Return whether the words around the cross at *index* make it the name of an axis."""
    behind = tokens[index + 1].text.lower() if index + 1 < len(tokens) else ""
    return tokens[index - 1].text.lower() in WORDS_BEFORE_AXIS or behind in WORDS_AFTER_AXIS


def _not_a_number_error(text: str, word: Token) -> AnswerError:
    return AnswerError(
        f"{quote_span(text, word.start, word.end)} cannot be read as part of a number.",
        expected=NUMBER_FORMS,
        position=word.start,
    )


def _describe_ignored_words(tokens: Sequence[Token], word_kinds: frozenset[str]) -> str:
    """Return the note on dropped words, or ''; raise `AnswerError` if one changes the value."""
    texts = [token.text for token in tokens if token.kind in word_kinds]
    for token in tokens:
        if token.kind in word_kinds:
            refuse_meaning_changing_words(token.text, token.start)
    return f"'{truncate_line(' '.join(texts))}' was ignored." if texts else ""
