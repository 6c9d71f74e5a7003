"""Names of people: family names, and the sort order of lists of people."""

import unicodedata
from typing import Final

NAME_SUFFIXES: Final = frozenset({"jr", "jr.", "sr", "sr.", "ii", "iii", "iv"})
"""Suffixes that follow a family name and belong to it."""
MAX_SORT_CHARACTERS: Final = 300
LETTER_REPLACEMENTS: Final = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "þ": "th"}
)
"""Replacements for letters that Unicode does not decompose, such as ø and æ."""


def split_name(name: str, family: str = "") -> tuple[str, str]:
    """Split a name into given name and family name.

    *family* is the family name from the separate column of a student list, or "". Without it, or if
    *name* does not contain it, the family name is the part before a comma, or the last word.

    >>> split_name("Ann van Dyk"), split_name("van Dyk, Ann"), split_name("Suharto")
    (('Ann van', 'Dyk'), ('Ann', 'van Dyk'), ('Suharto', ''))
    >>> split_name("Ann van Dyk", "van Dyk"), split_name("Mao Zedong", "Mao")
    (('Ann', 'van Dyk'), ('Zedong', 'Mao'))
    """
    if has_family_name(name, family):
        rest = name.removesuffix(f" {family}")
        return (rest if rest != name else name.removeprefix(f"{family} ")), family
    last, comma, first = name.partition(",")
    if comma and first.strip().casefold() not in NAME_SUFFIXES:
        return first.strip(), last.strip()
    words = name.split()
    index = len(words) - 1
    while index > 1 and words[index].casefold() in NAME_SUFFIXES:
        index -= 1
    first, last = " ".join(words[:index]), " ".join(words[index:])
    return (first, last) if first else (last, "")


def has_family_name(name: str, family: str) -> bool:
    """Return whether *name* begins or ends with *family* and has at least one other word."""
    return family != "" and (name.endswith(f" {family}") or name.startswith(f"{family} "))


def name_sort_key(name: str, family: str = "") -> str:
    """Return the sort key of a person: family name, then given name.

    Case and accents are ignored. A name of one word sorts by that word. Only the first 300
    characters count.

    >>> name_sort_key("Chloé Müller"), name_sort_key("Suharto")
    ('muller  chloe', 'suharto')
    """
    first, last = split_name(name, family)
    # Two blanks sort the family name Smith before Smith Jones.
    return fold_case_and_accents(f"{last}  {first}".strip())[:MAX_SORT_CHARACTERS]


def fold_case_and_accents(text: str) -> str:
    """Return *text* in lower case without accents.

    >>> fold_case_and_accents("Łukasz Đặng"), fold_case_and_accents("GROẞ Ærø")
    ('lukasz dang', 'gross aero')
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign)).translate(
        LETTER_REPLACEMENTS
    )
