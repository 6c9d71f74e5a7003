"""Text or JSON to a formula, a list or a shape of formulas: trees in the declared variables."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from grader.display.text import to_text
from grader.errors import AnswerError
from grader.expressions.tree import Negation, Node, NumberLiteral
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.characters import clean_text
from grader.reading.grammar.constants import CONSTANTS, EULER, replace_euler_powers
from grader.reading.grammar.equation_chains import LINKS, ValueTokens, extract_last_link
from grader.reading.grammar.errors import describe_formula_form, quote_span
from grader.reading.grammar.parser import parse
from grader.reading.grammar.tokens import Token, tokenize
from grader.reading.lengths import check_text_length
from grader.reading.lists.items import MAX_ITEMS, split_items
from grader.reading.numbers import MAX_TEXT, require_number
from grader.reading.result import RawAnswer, Reading
from grader.reading.variable_names import NameMatcher, get_name_matcher
from grader.reading.wording.axes import has_cross_and_comma, is_list, split_axes
from grader.reading.wording.surrounding_words import strip_surrounding_words
from grader.reading.wording.trailing_words import find_introduction, find_trailing_words

NO_FORMULA: Final = "No formula was found."
LIST_NOT_FORMULA: Final = "This is a list."
ADDED: Final = lazy_regex(r"(?<=[\w)\]}])\s+\(\s*\+[^()]*\)")
"""A bracket that begins with a plus sign, behind a formula."""
WORD_KINDS_IN_FORMULAS: Final = frozenset({"text"})
r"""Kinds of words that may be dropped around a formula: only ``\text{...}``."""


def read_formula(typed: RawAnswer, variables: Collection[str]) -> Reading[Node]:
    r"""Return the formula that *typed* spells in the declared *variables*.

    Everything before the last ``=`` is dropped, even a variable, and so are a few words after the
    formula. ``[x]`` means parentheses, not rounding down; around a division it is refused, since it
    could mean either. Raises `AnswerError`; for an unknown name the error lists the declared names.

    >>> read_formula(r"n = \frac{W-K+2P}{S} + 1", ["W", "K", "P", "S"]).text
    '(W - K + 2·P)/S + 1'
    """
    names = _get_formula_names(tuple(variables))
    if not isinstance(typed, str):
        tree = _build_number_node(typed, names)
        return Reading(tree, to_text(tree))
    text = clean_text(typed, limit=MAX_TEXT)
    tokens, note = _tokenize_formula(text, names, grouping=True)
    value = _extract_value_tokens(tokens, text, names)
    if is_list(value.tokens):
        raise AnswerError(LIST_NOT_FORMULA, expected="one formula", position=0)
    tree = _parse_formula(value, text, names)
    return Reading(tree, to_text(tree), (*value.notes, *note))


def read_formula_list(typed: RawAnswer, variables: Collection[str]) -> Reading[tuple[Node, ...]]:
    """Return the formulas of a list, with or without brackets: by comma, semicolon or line.

    >>> read_formula_list("w = a + b; v = 2a", ["a", "b"]).text
    '(a + b, 2·a)'
    """
    names = _get_formula_names(tuple(variables))
    if isinstance(typed, list):
        return _read_formulas_from_list(typed, names, "formulas")
    if not isinstance(typed, str):
        return _build_reading([_build_number_node(typed, names)], ())
    text = clean_text(typed, limit=MAX_TEXT)
    tokens, note = _tokenize_formula(text, names, grouping=True)
    values = [_extract_value_tokens(item, text, names) for item in split_items(tokens, text)]
    trees = [_parse_formula(value, text, names) for value in values]
    notes = dict.fromkeys((*(each for value in values for each in value.notes), *note))
    return _build_reading(trees, tuple(notes))


def read_formula_shape(typed: RawAnswer, variables: Collection[str]) -> Reading[tuple[Node, ...]]:
    """Return the shape of formulas that *typed* spells; a cross or a comma separates the axes.

    >>> read_formula_shape("H × W × N", ["H", "W", "N"]).text
    '(H, W, N)'
    """
    names = _get_formula_names(tuple(variables))
    if isinstance(typed, list):
        return _read_formulas_from_list(typed, names, "axes")
    if not isinstance(typed, str):
        return _build_reading([_build_number_node(typed, names)], ())
    text = clean_text(typed, limit=MAX_TEXT)
    tokens, note = _tokenize_formula(text, names, grouping=False)
    value = _extract_value_tokens(tokens, text, names)
    if has_cross_and_comma(value.tokens):
        tokens, note = _tokenize_formula(text, names, grouping=True)
        value = _extract_value_tokens(tokens, text, names)
    axes = split_axes(value.tokens)
    trees = [_parse_formula(ValueTokens(list(axis)), text, names) for axis in axes]
    return _build_reading(trees, (*value.notes, *note))


@lru_cache(maxsize=512)
def _get_formula_names(variables: tuple[str, ...]) -> NameMatcher:
    """Return the spellings of *variables*, and of e and π where no variable has that name."""
    names = get_name_matcher(variables)
    if names.pattern is None or CONSTANTS.pattern is None:
        return names
    return replace(
        names,
        pattern=re.compile(f"{names.pattern.pattern}|{CONSTANTS.pattern.pattern}"),
        meanings=(*names.meanings, *CONSTANTS.meanings),
    )


def _parse_formula(value: ValueTokens, text: str, names: NameMatcher) -> Node:
    """Return the tree of a formula; a power of e is a call of ``exp``."""
    tree = parse(value.tokens, text, declared=names.declared)
    if EULER not in names.declared and any(token.text == EULER for token in value.tokens):
        return replace_euler_powers(tree)
    return tree


def _tokenize_formula(
    text: str, names: NameMatcher, *, grouping: bool
) -> tuple[list[Token], tuple[str, ...]]:
    """Return the tokens without the words before and after a formula, and notes on these."""
    start, introduction = find_introduction(text, names)
    end, note = find_trailing_words(text, names)
    if added := ADDED.search(text, start, end):
        raise AnswerError(
            f"{quote_span(text, *added.span())} can be read as a factor or as a remark.",
            expected="the formula alone",
            position=added.start(),
        )
    notes = tuple(filter(None, (introduction, note)))
    return tokenize(text, start, end, names=names, grouping=grouping), notes


def _extract_value_tokens(tokens: Sequence[Token], text: str, names: NameMatcher) -> ValueTokens:
    link = extract_last_link(tokens, text)
    value = strip_surrounding_words(link.tokens, text, word_kinds=WORD_KINDS_IN_FORMULAS)
    if not value.tokens:
        raise AnswerError(
            NO_FORMULA if text.strip() else "Nothing was given.",
            expected=describe_formula_form(names.declared),
            position=0,
        )
    _refuse_names_in_text(link.tokens, text, names)
    _refuse_assignment(tokens, value.tokens, text)
    return ValueTokens(
        value.tokens, (*link.notes, *value.notes, *_describe_case_changes(value.tokens, text))
    )


def _refuse_assignment(tokens: Sequence[Token], value: Sequence[Token], text: str) -> None:
    """Raise `AnswerError` for ``28*F for k = 3``, whose last link gives a variable its value."""
    before = [token for token in tokens if token.start < value[0].start]
    name = before[-2] if len(before) > 1 and before[-1].text in LINKS else None
    if name is None or name.kind != "name" or any(token.kind == "name" for token in value):
        return
    if any(token.kind == "name" for token in before[:-2]):
        raise AnswerError(
            f"{quote_span(text, name.start, value[-1].end)} gives a variable its value.",
            expected="the formula alone, without a value for a variable",
            position=name.start,
        )


def _refuse_names_in_text(tokens: Sequence[Token], text: str, names: NameMatcher) -> None:
    r"""Raise `AnswerError` for ``\mathrm{H W} K``: variables that would be dropped as words."""
    for token in tokens:
        if token.kind == "text" and not set(token.text.split()).isdisjoint(names.declared):
            raise AnswerError(
                f"{quote_span(text, token.start, token.end)} can be read as words or as variables.",
                expected="the variables outside of the braces",
                position=token.start,
            )


def _describe_case_changes(tokens: Sequence[Token], text: str) -> list[str]:
    """Return a note on each variable that was written in the other case."""
    names_by_spelling = {
        text[token.start : token.end]: token.text for token in tokens if token.case_differs
    }
    return [f"'{written}' was read as {name}." for written, name in names_by_spelling.items()]


def _read_formulas_from_list(
    typed: list[RawAnswer], names: NameMatcher, noun: str
) -> Reading[tuple[Node, ...]]:
    if not 0 < len(typed) <= MAX_ITEMS:
        raise AnswerError(f"This has {len(typed)} {noun}.", expected=f"1 to {MAX_ITEMS}")
    check_text_length(typed, MAX_TEXT)
    readings = [read_formula(item, names.declared) for item in typed]
    notes = dict.fromkeys(note for reading in readings for note in reading.notes)
    return _build_reading([reading.value for reading in readings], tuple(notes))


def _build_reading(trees: Sequence[Node], notes: tuple[str, ...]) -> Reading[tuple[Node, ...]]:
    formulas = tuple(trees)
    return Reading(formulas, to_text(formulas), notes)


def _build_number_node(typed: RawAnswer, names: NameMatcher) -> Node:
    if isinstance(typed, list):
        raise AnswerError(LIST_NOT_FORMULA, expected=describe_formula_form(names.declared))
    number = require_number(typed)
    return NumberLiteral(number) if number >= 0 else Negation(NumberLiteral(-number))
