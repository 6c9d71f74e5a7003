"""Guesses of a student: values that no known mistake explains, and unreadable text."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from api.demo.seeded_random import SeededRandom
from grader.definitions.problem import AnyPart
from grader.expressions.formula_equality import BoundFormula
from grader.expressions.tree import BinaryOperation, NumberLiteral
from grader.kinds import KINDS
from grader.values import Number, Tensor, Value, is_number

UNREADABLE_TEXTS: Final = (
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
GUESS_LIMIT: Final = 9


def generate_guesses(key: Value | None, rng: SeededRandom) -> Iterator[Value]:
    """Yield values of the form of *key* that a student might guess; none for unknown forms."""
    for _ in range(GUESS_LIMIT):
        if isinstance(key, bool):
            return
        if is_number(key):
            yield _guess_number(key, rng)
        elif isinstance(key, Tensor) and key.cells:
            yield _guess_array(key, rng)
        elif isinstance(key, tuple) and key and all(type(one) is int for one in key):
            index = rng.below(len(key))
            yield (*key[:index], _guess_number(key[index], rng), *key[index + 1 :])  # type: ignore[arg-type]
        elif isinstance(key, BoundFormula):
            yield _guess_formula(key, rng)


def _guess_number(key: Number, rng: SeededRandom) -> Number:
    """Return a number near *key*, a multiple of it, or one with two digits swapped."""
    if isinstance(key, Fraction):
        return key * rng.pick(FACTORS) + Fraction(rng.between(-GUESS_LIMIT, GUESS_LIMIT), 10)
    digits = str(abs(key))
    match rng.below(3):
        case 0 if len(digits) > 1:
            index = rng.below(len(digits) - 1)
            swapped_digits = (
                digits[:index] + digits[index + 1] + digits[index] + digits[index + 2 :]
            )
            return int(swapped_digits) * (1 if key >= 0 else -1)
        case 1:
            return key + rng.between(2, GUESS_LIMIT) * (1 if rng.chance(50) else -1)
        case _:
            return int(key * rng.pick(FACTORS)) + rng.between(1, GUESS_LIMIT)


def _guess_array(key: Tensor, rng: SeededRandom) -> Tensor:
    """Return the array with miscalculated cells: one, or about a third of them."""
    wrong_index = rng.below(len(key.cells))
    percent = 0 if rng.chance(60) else 35
    cells = [
        cell + rng.between(1, GUESS_LIMIT) if index == wrong_index or rng.chance(percent) else cell
        for index, cell in enumerate(key.cells)
    ]
    return Tensor(key.shape, tuple(cells))


def _guess_formula(key: BoundFormula, rng: SeededRandom) -> BoundFormula:
    """Return the formula with an extra constant."""
    return BoundFormula(
        BinaryOperation(rng.pick(("+", "-", "*")), key.tree, NumberLiteral(rng.between(2, 4))),
        key.scope,
    )


def generate_unreadable_texts(part: AnyPart, key: Value | None, rng: SeededRandom) -> Iterator[str]:
    """Yield texts that do not answer *part*; most are unreadable."""
    yield from rng.shuffled(UNREADABLE_TEXTS)
    samples = KINDS[part.kind].build_samples(part, key).unreadable
    yield from (text for text in samples if isinstance(text, str) and text.strip())
