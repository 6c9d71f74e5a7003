"""Formats of numbers, times and counts: commas, minus signs, no trailing zeros."""

import re
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from fractions import Fraction
from string import ascii_lowercase
from typing import Any, Final
from zoneinfo import ZoneInfo

from markupsafe import Markup

from api.auth.roles import role_name
from api.core.errors import truncate_echoed_input
from api.schemas.student.assignments import Moment
from api.services.gradebook.event_text import describe_status
from grader.policy import format_ungraded_points

THIN_SPACE: Final = "\N{NARROW NO-BREAK SPACE}"
MINUS: Final = "\N{MINUS SIGN}"
MINUS_PATTERN: Final = re.compile(r"(?<![A-Za-z])-(?=[\d.])|(?<= )-(?= )")
DEFAULT_DECIMALS: Final = 2
page_zone: Final = ContextVar("page_zone", default="")
"""Time zone that the page being rendered states once, "" if it states none."""
PLURALS: Final = {"try": "tries", "is": "are", "has": "have"}


def format_number(value: Fraction | float, decimals: int = DEFAULT_DECIMALS) -> str:
    r"""Return a number with at most *decimals* decimal places.

    >>> format_number(Fraction(12345, 2)), format_number(-3), format_number(Fraction(1, 3))
    ('6,172.5', '−3', '0.33')
    """
    text = f"{float(value):,.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if decimals else text
    return "0" if text in {"-0", ""} else text.replace("-", MINUS)


def format_points(value: Fraction | float | None) -> str:
    """Return a score, or a dash if there is none yet.

    >>> format_points(None), format_points(Fraction(7, 2))
    ('–', '3.5')
    """
    return "\N{EN DASH}" if value is None else format_number(value)


def format_share(value: Fraction | float | None, decimals: int = 0) -> str:
    r"""Return a share as a percentage.

    >>> format_share(Fraction(3, 4)), format_share(None)
    ('75\u202f%', '–')
    """
    return format_percent(None if value is None else value * 100, decimals)


def format_percent(value: Fraction | float | None, decimals: int = DEFAULT_DECIMALS) -> str:
    r"""Return a percentage, with a no-break space between the number and the sign.

    >>> format_percent(51.43), format_percent(None)
    ('51.43\u202f%', '–')
    """
    return "\N{EN DASH}" if value is None else f"{format_number(value, decimals)}{THIN_SPACE}%"


def format_count(count: int, singular: str, plural: str = "") -> str:
    r"""Return a count with its noun in the singular or plural.

    >>> format_count(1, "attempt"), format_count(1200, "attempt")
    ('1 attempt', '1,200 attempts')
    >>> format_count(0, "reply", "replies")
    '0 replies'
    """
    noun = singular if count == 1 else plural or PLURALS.get(singular) or f"{singular}s"
    return f"{format_number(count)} {noun}"


def format_score(
    score: Fraction, points: Fraction, factors: Mapping[str, Fraction] | None = None
) -> str:
    r"""Return a score out of *points*, with the *factors* that reduced it.

    >>> format_score(Fraction(4, 5), Fraction(1), {"third attempt": Fraction(4, 5), "late": 1})
    '0.8 of 1 point (third attempt: 80\u202f%)'
    """
    reasons = [
        f"{name}: {format_share(factor)}" for name, factor in (factors or {}).items() if factor != 1
    ]
    noun = "point" if points == 1 else "points"
    text = f"{format_points(score)} of {format_points(points)} {noun}"
    return f"{text} ({', '.join(reasons)})" if reasons else text


def replace_hyphens_with_minus_signs(text: str) -> str:
    """Return a *text* of the engine with minus signs; hyphens in words stay.

    >>> replace_hyphens_with_minus_signs("conv-1: (-3) - 2")
    'conv-1: (−3) − 2'
    """
    return MINUS_PATTERN.sub(MINUS, text)


def part_letter(index: int) -> str:
    """Return the letter of the part at *index*, or its number after the letter z.

    >>> part_letter(1), part_letter(26)
    ('b', '27')
    """
    return ascii_lowercase[index] if index < len(ascii_lowercase) else str(index + 1)


def part_name(part: str, title: str = "") -> str:
    """Return the display name of a part: its *title*, or a readable form of its id.

    >>> part_name("window_0_1"), part_name("acc", "Accuracy")
    ('Window 0 1', 'Accuracy')
    """
    return title or part.replace("_", " ").capitalize()


def capitalize_role_name(role: str) -> str:
    """Return the display name of a role with a capital letter.

    >>> capitalize_role_name("grader"), capitalize_role_name("student")
    ('TA', 'Student')
    """
    name = role_name(role)
    return f"{name[:1].upper()}{name[1:]}"


def describe_grade_changes(changed: int, up: int, down: int) -> str:
    """Return how many of the *changed* grades went up, went down, or did neither.

    >>> describe_grade_changes(3, 2, 1), describe_grade_changes(3, 1, 0)
    ('2 up, 1 down', '1 up, 0 down, 2 with only a new maximum')
    """
    rest = changed - up - down
    return f"{up} up, {down} down" + (f", {rest} with only a new maximum" if rest else "")


def render_moment(value: Moment | None) -> Markup:
    """Return a time in its time zone, and its distance from now.

    The zone of the page is left out, because the page states it once; it stays where the clock
    shows the same time twice.
    """
    if value is None:
        return Markup("")
    text = value.text
    if zone := page_zone.get():
        local = value.at.astimezone(ZoneInfo(zone))
        is_ambiguous = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
        text = text if is_ambiguous else text.partition(f" {zone}")[0]
    return Markup('<time datetime="{}">{}</time> <span class="muted">({})</span>').format(
        value.at.isoformat(), text, value.relative
    )


ANSWER_GUIDE: Final = "/docs/answers"
ANSWER_GUIDE_ANCHORS: Final[Mapping[str, str]] = {
    "integer": "numbers-integer-number-percent",
    "number": "numbers-integer-number-percent",
    "percent": "numbers-integer-number-percent",
    "quantity": "numbers-with-a-unit-quantity",
    "set": "sets-set",
    "shape": "shapes-shape",
    "vector": "arrays-vector-matrix-tensor",
    "matrix": "arrays-vector-matrix-tensor",
    "tensor": "arrays-vector-matrix-tensor",
    "expression": "formulas-expression",
    "choice": "choices-choice-choices",
    "choices": "choices-choice-choices",
    "table": "tables-table",
    "predicate": "conditions-predicate",
    "text": "text-text",
}
"""Section of the guide to answers about each kind of part."""
AMERICAN_TOPICS: Final[Mapping[str, str]] = {
    "normalisation": "normalization",
    "optimisation": "optimization",
}
"""Labels of topics whose id has the British spelling, which stays in problem files and the API."""


def link_answer_guide(kinds: Iterable[str]) -> str:
    """Return the address of the guide to answers, at the section for *kinds* if they share one."""
    anchors = {ANSWER_GUIDE_ANCHORS[kind] for kind in kinds}
    return f"{ANSWER_GUIDE}#{anchors.pop()}" if len(anchors) == 1 else ANSWER_GUIDE


def label_topic(topic: str) -> str:
    """Return the name of a topic as pages show it.

    >>> label_topic("optimisation"), label_topic("receptive-fields")
    ('optimization', 'receptive fields')
    """
    return AMERICAN_TOPICS.get(topic, topic).replace("-", " ")


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "answer_guide": link_answer_guide,
    "number": format_number,
    "points": format_points,
    "percent": format_share,
    "in_percent": format_percent,
    "counted": format_count,
    "echo": truncate_echoed_input,
    "moment": render_moment,
    "moves": describe_grade_changes,
    "part_name": part_name,
    "role_name": role_name,
    "role_title": capitalize_role_name,
    "minus_signs": replace_hyphens_with_minus_signs,
    "status_words": describe_status,
    "topic_label": label_topic,
    "that_wait": format_ungraded_points,
}
"""Template filters by name."""
