"""Synthetic students: names that nobody has, how much each knows, and what each is used to."""

import unicodedata
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from api.demo.seeded_random import Dice
from grader.variants.draw import Stream

__all__ = ["MAX_NAMES", "Classmate", "Habits", "Named", "Style", "classmates", "names"]

Style: TypeAlias = Literal["plain", "latex", "code", "loose"]
STYLES: Final[tuple[Style, ...]] = ("plain", "latex", "code", "loose")
STYLE_WEIGHTS: Final = (50, 15, 20, 15)

GIVEN: Final = (
    *("Aisha", "Amara", "Anders", "Björn", "Chloé", "Dmitri", "Efua", "Elif", "Fatima", "Giulia"),
    *("Hana", "Ibrahim", "Inês", "Jakub", "Joaquín", "Kaito", "Kofi", "Lakshmi", "Leilani", "Linh"),
    *("Mateo", "Mei", "Minh", "Nadia", "Noor", "Olena", "Omar", "Priya", "Quinn", "Rafael"),
    *("Renée", "Saoirse", "Sipho", "Søren", "Tala", "Tomás", "Uma", "Wanjiru", "Yusuf", "Zoë"),
)
FAMILY: Final = (
    *("Beispiel", "Contoh", "Ejemplo", "Esempio", "Esimerkki", "Example", "Exemple", "Exemplo"),
    *("Halimbawa", "Mfano", "Mustermann", "Örnek", "Példa", "Primer", "Príklad", "Przykład"),
    *("Sampleton", "Specimen", "Testova", "Udaharan", "Voorbeeld", "Eksempel", "Näide", "Apẹẹrẹ"),
)
"""What other languages call an example: nobody is meant."""

MAX_NAMES: Final = len(GIVEN) * len(FAMILY)
PLAIN_LETTERS: Final = str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L"})


@dataclass(frozen=True, slots=True)
class Named:
    """A synthetic person."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Habits:
    """What a student is used to; numbers are percentages.

    *style* is the notation most used, *favourites* the mistakes made again and again. *untidy*
    answers cannot be read, *stubborn* students send the same again, *patience* is the most rounds
    of new tries. *piecemeal* ones answer part by part, *resends* sends right parts again. *early*
    says how often the last day is not waited for, *late* how often the due time is missed, *absent*
    how often nothing is sent at all.
    """

    style: Style = "plain"
    favourites: tuple[str, ...] = ()
    untidy: int = 8
    stubborn: int = 8
    patience: int = 3
    piecemeal: bool = False
    resends: bool = False
    early: int = 25
    late: int = 10
    absent: int = 3


@dataclass(frozen=True, slots=True)
class Classmate:
    """A synthetic student: *skill* is how many of a hundred middling questions go right at once."""

    skill: int
    habits: Habits = Habits()


def names(n: int, stream: Stream) -> tuple[Named, ...]:
    """Return *n* synthetic people, no two with the same name or address; at most `MAX_NAMES`."""
    if n > MAX_NAMES:
        raise ValueError(f"there are {MAX_NAMES} names, not {n}; ask for fewer")
    pairs = Dice(stream).shuffled((given, family) for given in GIVEN for family in FAMILY)
    return tuple(_named(given, family) for given, family in pairs[:n])


def _named(given: str, family: str) -> Named:
    return Named(f"{given} {family}", f"{_ascii(given)}.{_ascii(family)}@example.edu")


def _ascii(name: str) -> str:
    """Return a name as addresses have it: small letters without marks."""
    spread = unicodedata.normalize("NFKD", name.translate(PLAIN_LETTERS))
    return "".join(letter for letter in spread if letter.isascii()).lower()


def classmates(n: int, stream: Stream, *, mistakes: tuple[str, ...] = ()) -> tuple[Classmate, ...]:
    """Return *n* students, most of them middling, each with habits; *mistakes* may become some."""
    dice = Dice(stream)
    return tuple(_classmate(dice, mistakes) for _ in range(n))


def _classmate(dice: Dice, mistakes: tuple[str, ...]) -> Classmate:
    skill = sum(dice.between(8, 32) for _ in range(3))
    favourites = tuple(dice.shuffled(mistakes)[: dice.below(3)])
    diligence = dice.below(100)
    habits = Habits(
        style=dice.weighed(STYLES, STYLE_WEIGHTS),
        favourites=favourites,
        untidy=dice.between(2, 16),
        stubborn=dice.between(0, 15),
        patience=dice.between(1, 5),
        piecemeal=dice.chance(20),
        resends=dice.chance(30),
        early=10 + diligence // 2,
        late=(100 - diligence) // 4,
        absent=(100 - diligence) // 12,
    )
    return Classmate(skill, habits)
