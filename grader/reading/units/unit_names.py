"""Units that deep learning counts in, with their exact sizes and spellings.

`DIMENSIONS` lists the dimensions and their units in the displayed spelling; the first unit of each
has the size 1. ``K M G T`` are powers of 1000, ``Ki Mi Gi Ti`` powers of 1024. MACs and FLOPs are
separate dimensions and are never converted into each other.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Final, NamedTuple

from grader.lazy_regex import lazy_regex
from grader.values import Number, simplify_number


class Unit(NamedTuple):
    """Unit: its dimension, and its displayed spelling."""

    dimension: str
    name: str


def _build_multiples(unit: str, prefixes: str, *, base: int = 1000) -> dict[str, int]:
    return {f"{prefix}{unit}": base**power for power, prefix in enumerate(prefixes, start=1)}


def _build_byte_units() -> dict[str, Number]:
    sizes = {"B": 1, **_build_multiples("B", "KMGT"), **_build_multiples("iB", "KMGT", base=1024)}
    bits = {
        "bit": 1,
        **_build_multiples("bit", "kMGT"),
        **_build_multiples("ibit", "KMGT", base=1024),
    }
    return sizes | {name: simplify_number(Fraction(size, 8)) for name, size in bits.items()}


DIMENSIONS: Final[Mapping[str, Mapping[str, Number]]] = {
    "bytes": _build_byte_units(),
    "macs": {"MAC": 1, **_build_multiples("MAC", "kMGTP")},
    "flops": {"FLOP": 1, **_build_multiples("FLOP", "kMGTP")},
    "parameters": {"parameters": 1, **_build_multiples("params", "kMBT")},
    "pixels": {"px": 1, **_build_multiples("px", "kMG")},
    "seconds": {
        "s": 1,
        "ms": Fraction(1, 1000),
        "µs": Fraction(1, 10**6),
        "ns": Fraction(1, 10**9),
        "min": 60,
        "h": 3600,
    },
}
COUNT_NOUNS: Final = {"macs": "MACs", "flops": "FLOPs"}
"""Nouns for the counted things, by dimension, unless the dimension names them."""
DECIMAL_BYTES: Final = {
    f"{prefix}B": (f"{prefix}iB", 1024**power) for power, prefix in enumerate("KMGT", start=1)
}
"""Multiples of 1000 bytes that some people use for multiples of 1024.

Each has the binary unit and its size in bytes.
"""

AMBIGUOUS: Final = lazy_regex(r"(?P<prefix>[kmgt]?i?)bs?", re.IGNORECASE)
"""Bytes or bits in a spelling of no unit: ``mb`` may be megabits, ``MBs`` a rate."""
RATE: Final = lazy_regex(r"[kmgtp]?i?(?:b|bit|byte|flop|mac|f)ps|[kmg]?hz", re.IGNORECASE)
"""Units per second."""

EXACT_SPELLINGS: Final = {
    **{name: Unit(kind, name) for kind, names in DIMENSIONS.items() for name in names},
    "kB": Unit("bytes", "KB"),
    "kiB": Unit("bytes", "KiB"),
    "MP": Unit("pixels", "Mpx"),
    "\u03bcs": Unit("seconds", "µs"),  # `clean_text` makes the micro sign a Greek letter
    "us": Unit("seconds", "µs"),
}
"""Units by case-sensitive spelling, such as ``MB`` and ``ms``."""
BINARY: Final = ("ki", "me", "gi", "te")
PREFIXES: Final = {
    **dict(zip("kmgtb", "kMGTB", strict=True)),
    **dict(zip(("kilo", "mega", "giga", "tera"), "kMGT", strict=True)),
    **{f"{letter.lower()}i": f"{letter}i" for letter in "KMGT"},
    **{f"{word}bi": f"{letter}i" for word, letter in zip(BINARY, "KMGT", strict=True)},
}
STEMS: Final = {
    "byte": Unit("bytes", "B"),
    "bit": Unit("bytes", "bit"),
    **dict.fromkeys(("mac", "macc", "madd", "mult-add"), Unit("macs", "MAC")),
    **dict.fromkeys(("multiply-add", "multiply-accumulate"), Unit("macs", "MAC")),
    **dict.fromkeys(("flop", "floating-point"), Unit("flops", "FLOP")),
    **dict.fromkeys(("param", "parameter", "weight"), Unit("parameters", "params")),
    **dict.fromkeys(("px", "pixel"), Unit("pixels", "px")),
    **dict.fromkeys(("second", "sec"), Unit("seconds", "s")),
    **dict.fromkeys(("millisecond", "msec"), Unit("seconds", "ms")),
    **dict.fromkeys(("microsecond", "usec"), Unit("seconds", "µs")),
    "nanosecond": Unit("seconds", "ns"),
    **dict.fromkeys(("minute", "min"), Unit("seconds", "min")),
    **dict.fromkeys(("hour", "hr"), Unit("seconds", "h")),
}
"""Units by words that may have a prefix and an ``s``, in any case."""
WORD: Final = lazy_regex(rf"(|{'|'.join(PREFIXES)})({'|'.join(STEMS)})s?", re.IGNORECASE)


def parse_unit(spelling: str) -> Unit | None:
    """Return the unit that *spelling* means, or None.

    >>> parse_unit("kilobytes"), parse_unit("GMACs"), parse_unit("mb")
    (Unit(dimension='bytes', name='KB'), Unit(dimension='macs', name='GMAC'), None)
    """
    if (unit := EXACT_SPELLINGS.get(spelling)) or (word := WORD.fullmatch(spelling)) is None:
        return unit
    prefix, (dimension, name) = PREFIXES.get(word[1].lower(), ""), STEMS[word[2].lower()]
    if not prefix and name == "params":
        return Unit(dimension, "parameters")
    known = DIMENSIONS[dimension]
    spellings = (f"{prefix}{name}", f"{prefix.upper()}{name}")
    return next((Unit(dimension, one) for one in spellings if one in known), None)
