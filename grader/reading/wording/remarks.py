"""Remarks in brackets beside a value, ``36 (second layer)``: dropped, with a note.

A remark that retracts the value, scales it or leads to another value is refused.
"""

from collections.abc import Sequence
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.decimal_places import last_decimal_unit
from grader.reading.grammar.equation_chains import LINKS
from grader.reading.grammar.errors import quote_span
from grader.reading.grammar.evaluation import evaluate_tokens
from grader.reading.grammar.tokens import OPENERS, Token, ends_with_operand
from grader.reading.screening.qualifiers import HARMLESS
from grader.reading.wording.meaning_checks import WORD, changed_meaning_error
from grader.reading.wording.meaning_words import EASTERN, HEDGE, SCALING, TIMES_BEFORE, TOTAL
from grader.reading.wording.repeated_values import is_rounding_of, rounding_unit
from grader.values import Number, absolute_value

OPERATOR_SIGNS: Final = frozenset({"+", "-", "*", "**", "/", "//", "×", "·", "frac", "%", "mod"})
SECOND: Final = 2
"""Index of a number directly after a link that starts the remark."""
VALUES: Final = frozenset({"number", "name"})
REMARKS: Final = frozenset({"(", "[", "{"})
SYMBOL_LIKE: Final = lazy_regex(r"[^\W\d_]|.*[\d_].*")
EASTERN_TEXT: Final = lazy_regex(rf"(?:{EASTERN})+")
LIST_SIGNS: Final = frozenset({",", ";", "×", "*", "·"})
VALUE_WORDS: Final = frozenset(
    {
        *("answer", "result", "value", "is", "are", "be", "total", "edit", "now", "then"),
        *("solution", "was", "were", "had", "got", "first", "previously", "originally", "thought"),
    }
)
"""Words after which a remark states the value itself."""
MIN_ROUNDED: Final = 10
"""Unit of rounding that is too small to tell a rounding from another value: 3640 for 3641."""
FAR_DIVISOR: Final = 20
"""Divisor of a value; a number that differs by more than a 20th is not a rounding of it."""


def _refuse_doubtful_remark(group: Sequence[Token], text: str, word_kinds: frozenset[str]) -> None:
    """Raise `AnswerError` if the remark *group* retracts, replaces or scales the value."""
    counts = any(token.kind == "number" for token in group)
    for token in group:
        if token.kind not in word_kinds:
            continue
        remark_text = quote_span(text, group[0].start, group[-1].end)
        if HARMLESS.search(remark_text):
            continue
        if doubt := HEDGE.search(token.text.lower()):
            raise changed_meaning_error(doubt[0], token.start)
        scales = [word for word in WORD.findall(token.text.lower()) if SCALING.fullmatch(word)]
        if scales and not counts:
            raise changed_meaning_error(scales[0], token.start)


def _refuse_other_value(
    group: Sequence[Token], preceding: Sequence[Token], text: str, word_kinds: frozenset[str]
) -> None:
    """Raise `AnswerError` if the remark *group* gives another value: ``36 (144 total)``.

    A number that belongs to something else is harmless: a setting, ``(for k = 3)``, a numbered
    thing, ``(layer 2)``, or a count, ``(3 layers)``.
    """
    values: list[Number] = [token.value for token in preceding if token.kind == "number"]
    numbers = [index for index, token in enumerate(group) if token.kind == "number"]
    if not numbers or not values:
        return
    if len(values) > 1:
        doubtful = _lists_other_values(group, values)
    else:
        goes_on = group[1].text.lower() in TIMES_BEFORE
        doubtful = goes_on or any(
            _gives_other_value(group, index, values[0], word_kinds, text) for index in numbers
        )
    if doubtful:
        raise AnswerError(
            "The remark in brackets leads to another value.",
            expected="one value, without the steps to another",
            position=group[0].start,
        )


def _lists_other_values(group: Sequence[Token], values: Sequence[Number]) -> bool:
    """Return whether *group* lists as many numbers as *values*, and nothing else, but others."""
    inner = group[1:-1]
    listed = [token.value for token in inner if token.kind == "number"]
    alone = all(token.kind == "number" or token.text in LIST_SIGNS for token in inner)
    return alone and len(listed) == len(values) and listed != [*values]


def _gives_other_value(
    group: Sequence[Token], index: int, value: Number, word_kinds: frozenset[str], text: str
) -> bool:
    """Return whether the number at *index* of *group* replaces *value*.

    It does if it starts the remark or follows a link or a word that names no setting, unless it
    is the value itself, or rounds it, or counts something.
    """
    number, before, after = group[index], group[index - 1], group[index + 1]
    gap = absolute_value(number.value - value)
    unit = rounding_unit(value, last_decimal_unit(value), approximate=True)
    if not gap or (unit != MIN_ROUNDED and is_rounding_of(value, unit, number.value)):
        return False
    remark_words = [
        word for token in group if token.kind in word_kinds for word in token.text.lower().split()
    ]
    near = FAR_DIVISOR * gap <= absolute_value(value)
    describes_value = group[1].text.lower() in TOTAL and group[2].text in {",", ";"}
    if not near and not describes_value and TOTAL.intersection(remark_words):
        return True
    if before.text in LINKS:
        if index == SECOND and after is not group[-1]:
            return not _computes_value(group[index:-1], value, text)
        named = index > SECOND and group[index - 2].kind in {"word", "name", "text"}
        return index == SECOND or (named and group[index - 2].text.lower() in VALUE_WORDS)
    if before.kind in word_kinds and before.text.lower().split()[-1] in VALUE_WORDS:
        return True
    alone = index == 1 and (after is group[-1] or (near and after.text.lower() in TOTAL))
    return (alone or (index == 1 and near and after.kind in word_kinds)) and number.value != 1


def _computes_value(tokens: Sequence[Token], value: Number, text: str) -> bool:
    """Return whether *tokens* compute *value*, as the remark of ``5 (= 2 + 3)`` does."""
    try:
        return evaluate_tokens(tokens, text) == value
    except AnswerError:
        return False


def strip_remarks(
    tokens: Sequence[Token], text: str, word_kinds: frozenset[str]
) -> tuple[list[Token], list[str]]:
    """Return the tokens outside remarks such as ``(second layer)``, and a note on each remark."""
    if not any(token.kind in word_kinds or token.text in LINKS for token in tokens):
        return list(tokens), []
    remaining: list[Token] = []
    notes: list[str] = []
    index = 0
    begun = False
    while index < len(tokens):
        begun = begun or tokens[index].kind in VALUES
        end = _find_group_end(tokens, index)
        after_word = begun and bool(remaining) and remaining[-1].kind in word_kinds
        if end and (after_word or _is_remark(tokens[index : end + 1], remaining, word_kinds)):
            _refuse_doubtful_remark(tokens[index : end + 1], text, word_kinds)
            _refuse_other_value(tokens[index : end + 1], remaining, text, word_kinds)
            notes.append(f"{quote_span(text, tokens[index].start, tokens[end].end)} was ignored.")
            index = end + 1
        else:
            remaining.append(tokens[index])
            index += 1
    return remaining, notes


def _find_group_end(tokens: Sequence[Token], index: int) -> int:
    """Return the index at which the bracket opened at *index* closes.

    Return 0 if no bracket opens there, or if another is nested in it.
    """
    if tokens[index].kind != "symbol" or tokens[index].text not in REMARKS:
        return 0
    for end in range(index + 1, len(tokens)):
        if tokens[end].text == OPENERS[tokens[index].text]:
            return end
        if tokens[end].text in OPENERS:
            return 0
    return 0


def _is_remark(
    group: Sequence[Token], preceding: Sequence[Token], word_kinds: frozenset[str]
) -> bool:
    """Return whether the bracket *group* after *preceding* is a remark, not a computation."""
    signs = {token.text for token in group if token.kind == "symbol"}
    if signs & LINKS:
        return ends_with_operand(preceding) and group[1].text not in OPERATOR_SIGNS
    word_tokens = [token for token in group if token.kind in word_kinds]
    if all(looks_like_variable(token) for token in word_tokens) or (
        signs & OPERATOR_SIGNS and not _is_sum_of_words(group, word_kinds)
    ):
        return False
    glued = bool(preceding) and preceding[-1].end == group[0].start
    return not glued or len(word_tokens) > 1 or " " in word_tokens[0].text


def _is_sum_of_words(group: Sequence[Token], word_kinds: frozenset[str]) -> bool:
    """Return whether *group* is a sum of words, ``(weights + biases)``."""
    inner = group[1:-1]
    named = all(token.kind in word_kinds and not looks_like_variable(token) for token in inner[::2])
    return named and all(token.text in {"+", "&"} for token in inner[1::2])


def looks_like_variable(token: Token) -> bool:
    """Return whether a word looks like a variable: ``k``, ``R_2``, ``conv1``."""
    return SYMBOL_LIKE.fullmatch(token.text) is not None and not EASTERN_TEXT.fullmatch(token.text)
