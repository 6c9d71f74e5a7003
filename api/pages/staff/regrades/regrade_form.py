"""The form that starts a regrade: what it asks, and what of it the API takes.

Its fields are named as the API names them, so that errors find their places; a field that is not of
the way that was chosen is left out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from api.core.errors import FieldError, Invalid
from api.dependencies import Here
from api.pages.forms.form import Form, validated
from api.pages.forms.rows import whole_number
from api.pages.router import window
from api.routes.courses import people
from api.schemas.grading.regrades import RegradeIn
from grader.definitions.problem import Problem
from grader.grading.tolerance import Tolerance

__all__ = [
    "DROP",
    "FIELDS",
    "LABELS",
    "REACHES",
    "RULES",
    "STATUSES",
    "Part",
    "Way",
    "parts_of",
    "suggested",
    "wanted",
]

Way: TypeAlias = Literal["accept", "mistake", "parts", "id"]
"""By which version is marked anew, as the API calls it."""
DROP: Final = "version.drop_examples"
"""The field that names the examples to be dropped."""
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "accept": ("part", "answer", "key", "reason", "say"),
    "mistake": ("part", "answer", "key", "id", "say", "credit"),
    "parts": ("points", "key", "reason"),
    "id": (),
}
"""The fields of each way."""
LABELS: Final[Mapping[str, str]] = {
    "version.accept.part": "Part",
    "version.accept.key": "Its value",
    "version.accept.reason": "Why it is right",
    "version.accept.say": "What students read",
    "version.mistake.part": "Part",
    "version.mistake.key": "Its value",
    "version.mistake.id": "Name of the mistake",
    "version.mistake.say": "What students read",
    "version.mistake.credit": "Credit",
    "version.parts.part": "Part",
    "version.parts.points": "Points",
    "version.parts.key": "Key",
    "version.parts.rule": "Tolerance",
    "version.parts.reason": "Why this key",
    "version.id": "Version",
    DROP: "Examples",
    "students": "Students",
    "part": "Part",
    "reason": "Reason",
}
"""What people call the fields."""
RULES: Final = (
    ("", "as it is"),
    ("rel", "share of the key, such as 5%"),
    ("abs", "distance, such as 0.5"),
    ("sigfigs", "significant figures"),
    ("decimals", "decimals"),
    ("rounded", "rounded to at least so many figures"),
)
WHOLE: Final = ("sigfigs", "decimals", "rounded")
"""The tolerances that are counts."""
REACHES: Final = (
    ("all", "All students"),
    ("answers", "Only those with such an answer"),
    ("students", "Only these students"),
    ("unopened", "Only who has not opened the problem yet"),
)
STATUSES: Final = (
    ("wrong", "wrong"),
    ("mistake", "a known mistake"),
    ("partial", "partly right"),
    ("unreadable", "not readable"),
    ("correct", "right"),
)
MOST: Final = 50
"""So many students may be named."""
LIKE: Final[Mapping[str, str]] = {
    "twice the key": "2*({})",
    "half the key": "({})/2",
    "one more than the key": "{} + 1",
    "one less than the key": "{} - 1",
    "the key with the other sign": "-({})",
    "100 times the key, as percent for a fraction": "100*({})",
    "a hundredth of the key, as a fraction for percent": "({})/100",
}
"""How what an answer looks like is written, with the key in its place."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part as the form offers it: its key, and the names of which a key can be made."""

    id: str
    title: str
    points: str
    key: str
    names: tuple[str, ...]
    tolerance: str
    known: Mapping[str, str]


def parts_of(problem: Problem) -> tuple[Part, ...]:
    """Return the parts of a problem that have a key."""
    return tuple(_parts(problem))


def _parts(problem: Problem) -> Iterator[Part]:
    names = [*problem.params, *problem.let]
    for part in problem.parts:
        key = part.key_expression
        if key is not None:
            mistakes = getattr(part, "mistakes", ())
            yield Part(
                id=part.id,
                title=part.title,
                points=str(part.points),
                key=key.source,
                names=tuple(names),
                tolerance=_tolerance(getattr(part, "tolerance", None)),
                known={one.id: one.key.source for one in mistakes},
            )
        names.append(part.id)


def _tolerance(told: object) -> str:
    if not isinstance(told, Tolerance):
        return ""
    return ", ".join(f"{name} {getattr(told, name)}" for name in sorted(told.model_fields_set))


def suggested(part: Part, looks: tuple[str, ...], mistakes: tuple[str, ...]) -> str:
    """Return the value of a group as an expression, nothing where none is known.

    >>> part = Part("side", "", "2", "(n-k)//s", ("n", "k"), "", {"doubled": "2*n"})
    >>> suggested(part, ("twice the key",), ()), suggested(part, (), ("doubled",))
    ('2*((n-k)//s)', '2*n')
    """
    for one in mistakes:
        if one in part.known:
            return part.known[one]
    return next((LIKE[one].format(part.key) for one in looks if one in LIKE), "")


def wanted(here: Here, course: UUID, form: Form) -> RegradeIn:
    """Return what a form asks for, as the API takes it; `Invalid` names what is wrong."""
    way = form.text("do")
    version = _version(form, way) if way in FIELDS else {}
    return validated(RegradeIn, {"version": version, **_reach(here, course, form)})


def _version(form: Form, way: str) -> dict[str, Any]:
    if way == "id":
        return form.given("version.id") and {"id": form.text("version.id")}
    examples = [whole_number(one) for one in form.all(DROP)]
    dropped = {"drop_examples": examples} if examples else {}
    given = {
        name.rpartition(".")[2]: text
        for name, text in form.given(*(f"version.{way}.{one}" for one in FIELDS[way])).items()
    }
    if way == "parts":
        return {"parts": {form.text("version.parts.part"): given | _set_tolerance(form)}, **dropped}
    if "key" in given:
        given.pop("answer", None)
    elif "answer" in given:
        given.pop("part", None)
    return {way: given, **dropped}


def _set_tolerance(form: Form) -> dict[str, Any]:
    rule, size = form.text("version.parts.rule"), form.text("version.parts.size")
    if not rule:
        return {}
    return {"tolerance": {rule: whole_number(size) if rule in WHOLE else size}}


def _reach(here: Here, course: UUID, form: Form) -> dict[str, Any]:
    reach: dict[str, Any] = {
        "never_lower": form.has("never_lower"),
        "reason": form.text("reason"),
        "unopened": form.text("reach") == "unopened",
    }
    match form.text("reach"):
        case "answers":
            reach["statuses"] = list(form.all("statuses"))
            reach["part"] = form.text("part") or None
        case "students":
            reach["students"] = [_student(here, course, one) for one in _lines(form)]
    return reach


def _lines(form: Form) -> list[str]:
    found = [line.strip() for line in form.text("students").splitlines() if line.strip()]
    if not found or len(found) > MOST:
        raise _wrong(f"must name 1 to {MOST} students, one a line")
    return found


def _student(here: Here, course: UUID, text: str) -> UUID:
    """Return the one student whose name, address or number *text* is part of."""
    shown = window(here, limit=2)
    found = people.get_people(course, here, shown, role="student", text=text).items
    if len(found) != 1:
        raise _wrong(f"names {'several students' if found else 'no student'} with “{text[:60]}”")
    return found[0].user


def _wrong(said: str) -> Invalid:
    return Invalid(f"Students {said}.", errors=(FieldError("students", said),))
