"""The names of people: what of one is the family name, and how lists of people are ordered."""

import unicodedata
from typing import Final

__all__ = ["ADDED", "belongs", "folded", "name_pair", "sort_name"]

ADDED: Final = frozenset({"jr", "jr.", "sr", "sr.", "ii", "iii", "iv"})
"""What stands behind a family name and belongs to it."""
LONGEST: Final = 300
PLAIN: Final = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "þ": "th"}
)
"""Letters with a stroke or of two letters, which no accent makes."""


def name_pair(name: str, family: str = "") -> tuple[str, str]:
    """Return the given and the family name.

    *family* is what a list of students gave apart, "" where none did. Without it, and where the
    name has none of it, the family name stands before a comma, or is the last word.

    >>> name_pair("Ann van Dyk"), name_pair("van Dyk, Ann"), name_pair("Suharto")
    (('Ann van', 'Dyk'), ('Ann', 'van Dyk'), ('Suharto', ''))
    >>> name_pair("Ann van Dyk", "van Dyk"), name_pair("Mao Zedong", "Mao")
    (('Ann', 'van Dyk'), ('Zedong', 'Mao'))
    """
    if belongs(name, family):
        rest = name.removesuffix(f" {family}")
        return (rest if rest != name else name.removeprefix(f"{family} ")), family
    last, comma, first = name.partition(",")
    if comma and first.strip().casefold() not in ADDED:
        return first.strip(), last.strip()
    words = name.split()
    at = len(words) - 1
    while at > 1 and words[at].casefold() in ADDED:
        at -= 1
    first, last = " ".join(words[:at]), " ".join(words[at:])
    return (first, last) if first else (last, "")


def belongs(name: str, family: str) -> bool:
    """Tell whether *name* begins or ends with the family name, and has another word."""
    return family != "" and (name.endswith(f" {family}") or name.startswith(f"{family} "))


def sort_name(name: str, family: str = "") -> str:
    """Return what lists of people are ordered by: the family name first, then the given name.

    Case and accents do not count. A name that is one word stands by it. Of a long name the first
    300 characters count.

    >>> sort_name("Chloé Müller"), sort_name("Suharto")
    ('muller  chloe', 'suharto')
    """
    first, last = name_pair(name, family)
    # Two blanks: whoever is called Smith stands before whoever is called Smith Jones.
    return folded(f"{last}  {first}".strip())[:LONGEST]


def folded(text: str) -> str:
    """Return *text* without case and accents.

    >>> folded("Łukasz Đặng"), folded("GROẞ Ærø")
    ('lukasz dang', 'gross aero')
    """
    told = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in told if not unicodedata.combining(sign)).translate(PLAIN)
