"""Names of people: family names, and the sort order of lists of people."""

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
    """Split a name into given name and family name.

    *family* is the family name from the separate column of a student list, or "". Without it, or if
    *name* does not contain it, the family name is the part before a comma, or the last word.

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
    """Return whether *name* begins or ends with *family* and has at least one other word."""
    return family != "" and (name.endswith(f" {family}") or name.startswith(f"{family} "))


def sort_name(name: str, family: str = "") -> str:
    """Return the sort key of a person: family name, then given name.

    Case and accents are ignored. A name of one word sorts by that word. Only the first 300
    characters count.

    >>> sort_name("Chloé Müller"), sort_name("Suharto")
    ('muller  chloe', 'suharto')
    """
    first, last = name_pair(name, family)
    # Two blanks sort the family name Smith before Smith Jones.
    return folded(f"{last}  {first}".strip())[:LONGEST]


def folded(text: str) -> str:
    """Return *text* in lower case without accents.

    >>> folded("Łukasz Đặng"), folded("GROẞ Ærø")
    ('lukasz dang', 'gross aero')
    """
    told = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in told if not unicodedata.combining(sign)).translate(PLAIN)
