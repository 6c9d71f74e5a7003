"""Guesses of a student: values that no known mistake explains, and unreadable text."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from api.demo.seeded_random import Dice
from grader.definitions.problem import AnyPart
from grader.expressions.formula_equality import Formula
from grader.expressions.tree import Binary, Num
from grader.kinds import KINDS
from grader.values import Number, Tensor, Value, is_number

__all__ = ["guesses", "scrawls"]

SCRAWLS: Final = (
    *("idk", "?", "??", "no idea", "see attached photo", "same as above", "...", "todo"),
    *("cannot be computed?", "depends on the padding", "(W - F + 2P)/S + 1", "12 or 13"),
    *(
        "about 30ish",
        "x",
        "see my notebook",
        "[[1, 2], [3]]",
        "3 x",
        "1/0",
        "-",
        "nan",
        "64 x 64 x",
    ),
)
FACTORS: Final[tuple[Number, ...]] = (2, 3, 10, Fraction(1, 2), Fraction(3, 4), Fraction(7, 5))
WIDEST: Final = 9


def guesses(key: Value | None, dice: Dice) -> Iterator[Value]:
    """Yield values of the form of *key* that a student might guess; none for unknown forms."""
    for _ in range(WIDEST):
        if isinstance(key, bool):
            return
        if is_number(key):
            yield _number(key, dice)
        elif isinstance(key, Tensor) and key.cells:
            yield _array(key, dice)
        elif isinstance(key, tuple) and key and all(type(one) is int for one in key):
            at = dice.below(len(key))
            yield (*key[:at], _number(key[at], dice), *key[at + 1 :])  # type: ignore[arg-type]
        elif isinstance(key, Formula):
            yield _formula(key, dice)


def _number(key: Number, dice: Dice) -> Number:
    """Return a number near *key*, a multiple of it, or one with two digits swapped."""
    if isinstance(key, Fraction):
        return key * dice.pick(FACTORS) + Fraction(dice.between(-WIDEST, WIDEST), 10)
    digits = str(abs(key))
    match dice.below(3):
        case 0 if len(digits) > 1:
            at = dice.below(len(digits) - 1)
            turned = digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :]
            return int(turned) * (1 if key >= 0 else -1)
        case 1:
            return key + dice.between(2, WIDEST) * (1 if dice.chance(50) else -1)
        case _:
            return int(key * dice.pick(FACTORS)) + dice.between(1, WIDEST)


def _array(key: Tensor, dice: Dice) -> Tensor:
    """Return the array with miscalculated cells: one, or about a third of them."""
    one = dice.below(len(key.cells))
    percent = 0 if dice.chance(60) else 35
    cells = [
        cell + dice.between(1, WIDEST) if at == one or dice.chance(percent) else cell
        for at, cell in enumerate(key.cells)
    ]
    return Tensor(key.shape, tuple(cells))


def _formula(key: Formula, dice: Dice) -> Formula:
    """Return the formula with an extra constant."""
    return Formula(Binary(dice.pick(("+", "-", "*")), key.tree, Num(dice.between(2, 4))), key.scope)


def scrawls(part: AnyPart, key: Value | None, dice: Dice) -> Iterator[str]:
    """Yield texts that do not answer *part*; most are unreadable."""
    yield from dice.shuffled(SCRAWLS)
    samples = KINDS[part.kind].samples(part, key).unreadable
    yield from (text for text in samples if isinstance(text, str) and text.strip())
