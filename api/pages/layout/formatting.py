"""How pages write numbers, times and counts: thin spaces, a real minus, no needless digits."""

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from string import ascii_lowercase
from typing import Any, Final

from markupsafe import Markup

from api.schemas.student.assignments import Moment
from grader.policy import that_wait

__all__ = [
    "FILTERS",
    "THIN",
    "counted",
    "in_percent",
    "moment",
    "moves",
    "number",
    "part_letter",
    "part_name",
    "percent",
    "points",
    "said",
]

THIN: Final = "\N{NARROW NO-BREAK SPACE}"
MINUS: Final = "\N{MINUS SIGN}"
SIGN: Final = re.compile(r"(?<![A-Za-z])-(?=[\d.])|(?<= )-(?= )")
PLACES: Final = 2
PLURALS: Final = {"try": "tries", "is": "are", "has": "have"}


def number(value: Fraction | float, places: int = PLACES) -> str:
    """Return a number with at most *places* decimals.

    >>> number(Fraction(12345, 2)), number(-3), number(Fraction(1, 3))
    ('6 172.5', '−3', '0.33')
    """
    text = f"{float(value):,.{places}f}".replace(",", THIN)
    text = text.rstrip("0").rstrip(".") if places else text
    return "0" if text in {"-0", ""} else text.replace("-", MINUS)


def points(value: Fraction | float | None) -> str:
    """Return a score, a dash where there is none yet.

    >>> points(None), points(Fraction(7, 2))
    ('–', '3.5')
    """
    return "\N{EN DASH}" if value is None else number(value)


def percent(value: Fraction | float | None, places: int = 0) -> str:
    """Return a share as percent.

    >>> percent(Fraction(3, 4)), percent(None)
    ('75 %', '–')
    """
    return in_percent(None if value is None else value * 100, places)


def in_percent(value: Fraction | float | None, places: int = PLACES) -> str:
    """Return what is in percent already, with a sign that no line parts from its number.

    >>> in_percent(51.43), in_percent(None)
    ('51.43 %', '–')
    """
    return "\N{EN DASH}" if value is None else f"{number(value, places)}{THIN}%"


def counted(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun.

    >>> counted(1, "attempt"), counted(1200, "attempt"), counted(0, "reply", "replies")
    ('1 attempt', '1 200 attempts', '0 replies')
    """
    return f"{number(count)} {one if count == 1 else many or PLURALS.get(one) or one + 's'}"


def said(text: str) -> str:
    """Return a *text* of the engine with real minus signs; hyphens stay.

    >>> said("conv-1: (-3) - 2")
    'conv-1: (−3) − 2'
    """
    return SIGN.sub(MINUS, text)


def part_letter(at: int) -> str:
    """Return the letter of the part *at* a place of its problem, a number where letters end.

    >>> part_letter(1), part_letter(26)
    ('b', '27')
    """
    return ascii_lowercase[at] if at < len(ascii_lowercase) else str(at + 1)


def part_name(part: str, title: str = "") -> str:
    """Return what people read in place of the id of a part: its *title* where it has one.

    >>> part_name("window_0_1"), part_name("acc", "Accuracy")
    ('Window 0 1', 'Accuracy')
    """
    return title or part.replace("_", " ").capitalize()


def moves(changed: int, up: int, down: int) -> str:
    """Return how many grades of those that *changed* went up and down, and how many neither.

    >>> moves(3, 2, 1), moves(3, 1, 0)
    ('2 up, 1 down', '1 up, 0 down, 2 with another maximum alone')
    """
    rest = changed - up - down
    return f"{up} up, {down} down" + (f", {rest} with another maximum alone" if rest else "")


def moment(value: Moment | None) -> Markup:
    """Return a time on the wall clock of the course with its zone, and how far off it is."""
    if value is None:
        return Markup("")
    return Markup('<time datetime="{}">{}</time> <span class="muted">({})</span>').format(
        value.at.isoformat(), value.text, value.relative
    )


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "number": number,
    "points": points,
    "percent": percent,
    "in_percent": in_percent,
    "counted": counted,
    "moment": moment,
    "moves": moves,
    "part_name": part_name,
    "said": said,
    "that_wait": that_wait,
}
"""The filters that templates use, by name."""
