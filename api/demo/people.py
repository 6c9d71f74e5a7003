"""Synthetic students: unused names, skills and habits."""

import unicodedata
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from api.demo.seeded_random import SeededRandom
from grader.variants.random_stream import RandomStream

NotationStyle: TypeAlias = Literal["plain", "latex", "code", "loose"]
STYLES: Final[tuple[NotationStyle, ...]] = ("plain", "latex", "code", "loose")
STYLE_WEIGHTS: Final = (50, 15, 20, 15)

GIVEN_NAMES: Final = (
    *("Aisha", "Amara", "Anders", "Björn", "Chloé", "Dmitri", "Efua", "Elif", "Fatima", "Giulia"),
    *("Hana", "Ibrahim", "Inês", "Jakub", "Joaquín", "Kaito", "Kofi", "Lakshmi", "Leilani", "Linh"),
    *("Mateo", "Mei", "Minh", "Nadia", "Noor", "Olena", "Omar", "Priya", "Quinn", "Rafael"),
    *("Renée", "Saoirse", "Sipho", "Søren", "Tala", "Tomás", "Uma", "Wanjiru", "Yusuf", "Zoë"),
)
FAMILY_NAMES: Final = (
    *("Beispiel", "Contoh", "Ejemplo", "Esempio", "Esimerkki", "Example", "Exemple", "Exemplo"),
    *("Halimbawa", "Mfano", "Mustermann", "Örnek", "Példa", "Primer", "Príklad", "Przykład"),
    *("Sampleton", "Specimen", "Testova", "Udaharan", "Voorbeeld", "Eksempel", "Näide", "Apẹẹrẹ"),
)
"""Words for "example" in many languages, so that no real person is meant."""

MAX_NAMES: Final = len(GIVEN_NAMES) * len(FAMILY_NAMES)
PLAIN_LETTERS: Final = str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L"})


@dataclass(frozen=True, slots=True)
class SyntheticPerson:
    """Name and e-mail address of a synthetic person."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Habits:
    """Habits of a student; numbers are percentages.

    *style* is the usual notation, *favorites* are the mistakes that the student repeats. *untidy*
    answers are unreadable, *stubborn* students send the same again, *patience* is the maximum
    number of rounds of new tries. *piecemeal* students answer part by part, *resends* sends right
    parts again. *early* is how often the student does not wait for the last day, *late* how often
    they miss the due time, *absent* how often they send nothing at all.
    """

    style: NotationStyle = "plain"
    favorites: tuple[str, ...] = ()
    untidy: int = 8
    stubborn: int = 8
    patience: int = 3
    piecemeal: bool = False
    resends: bool = False
    early: int = 25
    late: int = 10
    absent: int = 3


@dataclass(frozen=True, slots=True)
class StudentProfile:
    """Synthetic student; *skill* is how many of 100 middling questions they get right at once."""

    skill: int
    habits: Habits = Habits()


def generate_people(count: int, stream: RandomStream) -> tuple[SyntheticPerson, ...]:
    """Return *count* synthetic people with distinct names and addresses.

    Raises `ValueError` if *count* exceeds `MAX_NAMES`.
    """
    if count > MAX_NAMES:
        raise ValueError(f"there are {MAX_NAMES} names, not {count}; ask for fewer")
    name_pairs = SeededRandom(stream).shuffled(
        (given, family) for given in GIVEN_NAMES for family in FAMILY_NAMES
    )
    return tuple(_build_person(given, family) for given, family in name_pairs[:count])


def _build_person(given_name: str, family_name: str) -> SyntheticPerson:
    return SyntheticPerson(
        f"{given_name} {family_name}",
        f"{_to_ascii(given_name)}.{_to_ascii(family_name)}@example.edu",
    )


def _to_ascii(name: str) -> str:
    """Return a name for an address: lower-case ASCII letters without accents."""
    decomposed = unicodedata.normalize("NFKD", name.translate(PLAIN_LETTERS))
    return "".join(letter for letter in decomposed if letter.isascii()).lower()


def generate_profiles(
    count: int, stream: RandomStream, *, mistakes: tuple[str, ...] = ()
) -> tuple[StudentProfile, ...]:
    """Return *count* students, most of them middling; *mistakes* are candidates for favorites."""
    rng = SeededRandom(stream)
    return tuple(_generate_profile(rng, mistakes) for _ in range(count))


def _generate_profile(rng: SeededRandom, mistakes: tuple[str, ...]) -> StudentProfile:
    skill = sum(rng.between(8, 32) for _ in range(3))
    favorites = tuple(rng.shuffled(mistakes)[: rng.below(3)])
    diligence = rng.below(100)
    habits = Habits(
        style=rng.pick_weighted(STYLES, STYLE_WEIGHTS),
        favorites=favorites,
        untidy=rng.between(2, 16),
        stubborn=rng.between(0, 15),
        patience=rng.between(1, 5),
        piecemeal=rng.chance(20),
        resends=rng.chance(30),
        early=10 + diligence // 2,
        late=(100 - diligence) // 4,
        absent=(100 - diligence) // 12,
    )
    return StudentProfile(skill, habits)
