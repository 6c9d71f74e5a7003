"""Synthetic students: unused names, skills and habits."""

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
    """Name and e-mail address of a synthetic person."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Habits:
    """Habits of a student; numbers are percentages.

    *style* is the usual notation, *favourites* are the mistakes that the student repeats. *untidy*
    answers are unreadable, *stubborn* students send the same again, *patience* is the maximum
    number of rounds of new tries. *piecemeal* students answer part by part, *resends* sends right
    parts again. *early* is how often the student does not wait for the last day, *late* how often
    they miss the due time, *absent* how often they send nothing at all.
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
    """Synthetic student; *skill* is how many of 100 middling questions they get right at once."""

    skill: int
    habits: Habits = Habits()


def names(n: int, stream: Stream) -> tuple[Named, ...]:
    """Return *n* synthetic people with distinct names and addresses.

    Raises `ValueError` if *n* exceeds `MAX_NAMES`.
    """
    if n > MAX_NAMES:
        raise ValueError(f"there are {MAX_NAMES} names, not {n}; ask for fewer")
    pairs = Dice(stream).shuffled((given, family) for given in GIVEN for family in FAMILY)
    return tuple(_named(given, family) for given, family in pairs[:n])


def _named(given: str, family: str) -> Named:
    return Named(f"{given} {family}", f"{_ascii(given)}.{_ascii(family)}@example.edu")


def _ascii(name: str) -> str:
    """Return a name for an address: lower-case ASCII letters without accents."""
    spread = unicodedata.normalize("NFKD", name.translate(PLAIN_LETTERS))
    return "".join(letter for letter in spread if letter.isascii()).lower()


def classmates(n: int, stream: Stream, *, mistakes: tuple[str, ...] = ()) -> tuple[Classmate, ...]:
    """Return *n* students, most of them middling; *mistakes* are candidates for favorites."""
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
