"""Text or JSON to a formula, a list or a shape of formulas: trees in the declared variables."""

from collections.abc import Collection, Sequence
from typing import Final

from grader.display.text import show
from grader.errors import AnswerError
from grader.expressions.tree import Negate, Node, Num
from grader.reading.grammar.characters import clean
from grader.reading.grammar.equation_chains import Found, last_link
from grader.reading.grammar.errors import formula_in, quoted
from grader.reading.grammar.parser import parse
from grader.reading.grammar.tokens import Token, tokenize
from grader.reading.items import MAX_ITEMS, split_items
from grader.reading.lengths import check_length
from grader.reading.names import Names, names_of
from grader.reading.numbers import MAX_TEXT, given_number
from grader.reading.result import Reading, Typed
from grader.reading.wording.axes import has_cross_and_comma, is_list, split_axes
from grader.reading.wording.trailing_words import tail_of
from grader.reading.wording.words import without_words

__all__ = ["read_formula", "read_formula_list", "read_formulas"]

SET_WORDS: Final = frozenset({"text"})
r"""What may be dropped as words around a formula: only what is set as ``\text{...}``."""


def read_formula(typed: Typed, variables: Collection[str]) -> Reading[Node]:
    r"""Return the formula that *typed* spells in the declared *variables*.

    Everything before the last ``=`` is dropped, even a variable, and so are a few words after the
    formula. ``[x]`` means parentheses, not rounding down; around a division it is refused, since it
    could mean either. Raises `AnswerError`; for an unknown name the error lists the declared names.

    >>> read_formula(r"n = \frac{W-K+2P}{S} + 1", ["W", "K", "P", "S"]).shown
    '(W - K + 2·P)/S + 1'
    """
    names = names_of(variables)
    if not isinstance(typed, str):
        tree = _number_node(typed, names)
        return Reading(tree, show(tree))
    text = clean(typed, limit=MAX_TEXT)
    tokens, note = _tokens(text, names, grouping=True)
    found = _value(tokens, text, names)
    if is_list(found.tokens):
        raise AnswerError("This is a list.", expected="one formula", position=0)
    tree = parse(found.tokens, text, declared=names.declared)
    return Reading(tree, show(tree), (*found.notes, *note))


def read_formula_list(typed: Typed, variables: Collection[str]) -> Reading[tuple[Node, ...]]:
    """Return the formulas of a list, with or without brackets: by comma, semicolon or line.

    >>> read_formula_list("w = a + b; v = 2a", ["a", "b"]).shown
    '(a + b, 2·a)'
    """
    names = names_of(variables)
    if isinstance(typed, list):
        return _listed(typed, names, "formulas")
    if not isinstance(typed, str):
        return _together([_number_node(typed, names)], ())
    text = clean(typed, limit=MAX_TEXT)
    tokens, note = _tokens(text, names, grouping=True)
    found = [_value(item, text, names) for item in split_items(tokens, text)]
    trees = [parse(one.tokens, text, declared=names.declared) for one in found]
    notes = dict.fromkeys((*(each for one in found for each in one.notes), *note))
    return _together(trees, tuple(notes))


def read_formulas(typed: Typed, variables: Collection[str]) -> Reading[tuple[Node, ...]]:
    """Return the shape of formulas that *typed* spells; a cross or a comma separates the axes.

    >>> read_formulas("H × W × N", ["H", "W", "N"]).shown
    '(H, W, N)'
    """
    names = names_of(variables)
    if isinstance(typed, list):
        return _listed(typed, names, "axes")
    if not isinstance(typed, str):
        return _together([_number_node(typed, names)], ())
    text = clean(typed, limit=MAX_TEXT)
    tokens, note = _tokens(text, names, grouping=False)
    found = _value(tokens, text, names)
    if has_cross_and_comma(found.tokens):
        tokens, note = _tokens(text, names, grouping=True)
        found = _value(tokens, text, names)
    axes = split_axes(found.tokens)
    trees = [parse(axis, text, declared=names.declared) for axis in axes]
    return _together(trees, (*found.notes, *note))


def _tokens(text: str, names: Names, *, grouping: bool) -> tuple[list[Token], tuple[str, ...]]:
    """Return the tokens before the trailing words, and the note on these words."""
    end, note = tail_of(text, names)
    return tokenize(text, 0, end, names=names, grouping=grouping), (note,) if note else ()


def _value(tokens: Sequence[Token], text: str, names: Names) -> Found:
    link = last_link(tokens, text)
    value = without_words(link.tokens, text, words=SET_WORDS)
    if not value.tokens:
        raise AnswerError(
            "No formula was found." if text.strip() else "Nothing was given.",
            expected=formula_in(names.declared),
            position=0,
        )
    _refuse_lost_names(link.tokens, text, names)
    return Found(value.tokens, (*link.notes, *value.notes, *_recased(value.tokens, text)))


def _refuse_lost_names(tokens: Sequence[Token], text: str, names: Names) -> None:
    r"""Raise `AnswerError` for ``\mathrm{H W} K``: variables that would be dropped as words."""
    for token in tokens:
        if token.kind == "text" and not set(token.text.split()).isdisjoint(names.declared):
            raise AnswerError(
                f"{quoted(text, token.start, token.end)} can be read as words or as variables.",
                expected="the variables outside of the braces",
                position=token.start,
            )


def _recased(tokens: Sequence[Token], text: str) -> list[str]:
    """Return a note on each variable that was written in the other case."""
    found = {text[token.start : token.end]: token.text for token in tokens if token.recased}
    return [f"'{written}' was read as {name}." for written, name in found.items()]


def _listed(typed: list[Typed], names: Names, noun: str) -> Reading[tuple[Node, ...]]:
    if not 0 < len(typed) <= MAX_ITEMS:
        raise AnswerError(f"This has {len(typed)} {noun}.", expected=f"1 to {MAX_ITEMS}")
    check_length(typed, MAX_TEXT)
    readings = [read_formula(item, names.declared) for item in typed]
    notes = dict.fromkeys(note for reading in readings for note in reading.notes)
    return _together([reading.value for reading in readings], tuple(notes))


def _together(trees: Sequence[Node], notes: tuple[str, ...]) -> Reading[tuple[Node, ...]]:
    several = tuple(trees)
    return Reading(several, show(several), notes)


def _number_node(typed: Typed, names: Names) -> Node:
    if isinstance(typed, list):
        raise AnswerError("This is a list.", expected=formula_in(names.declared))
    number = given_number(typed)
    return Num(number) if number >= 0 else Negate(Num(-number))
