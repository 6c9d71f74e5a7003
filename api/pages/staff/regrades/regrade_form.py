"""Form that starts a regrade, and its conversion to an API request.

Fields are named as in the API, so that errors map to them. Fields of a version kind
that was not chosen are ignored.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from api.core.errors import FieldError, InvalidInput
from api.dependencies import RequestContext
from api.pages.forms.form import PostedForm, validate_body
from api.pages.forms.rows import parse_whole_number
from api.pages.router import build_page_request
from api.routes.courses import people
from api.schemas.grading.regrades import RegradeIn
from grader.definitions.problem import Problem
from grader.grading.tolerance import Tolerance

RegradeVersionKind: TypeAlias = Literal["accept", "mistake", "parts", "id"]
"""Kind of version to regrade with, as named in the API."""
DROP_EXAMPLES_FIELD: Final = "version.drop_examples"
"""Form field with the examples to drop."""
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "accept": ("part", "answer", "key", "reason", "say"),
    "mistake": ("part", "answer", "key", "id", "say", "credit"),
    "parts": ("points", "key", "reason"),
    "id": (),
}
"""Form fields of each version kind."""
LABELS: Final[Mapping[str, str]] = {
    "version.accept.part": "Part",
    "version.accept.key": "Its value",
    "version.accept.reason": "Why it is correct",
    "version.accept.say": "Hint for students",
    "version.mistake.part": "Part",
    "version.mistake.key": "Its value",
    "version.mistake.id": "Name of the mistake",
    "version.mistake.say": "Hint for students",
    "version.mistake.credit": "Credit",
    "version.parts.part": "Part",
    "version.parts.points": "Points",
    "version.parts.key": "Key",
    "version.parts.rule": "Tolerance",
    "version.parts.reason": "Why this key",
    "version.id": "Version",
    DROP_EXAMPLES_FIELD: "Examples",
    "students": "Students",
    "part": "Part",
    "reason": "Reason",
}
"""Labels of the form fields."""
RULES: Final = (
    ("", "as it is"),
    ("rel", "share of the key, such as 5%"),
    ("abs", "distance, such as 0.5"),
    ("sigfigs", "significant figures"),
    ("decimals", "decimals"),
    ("rounded", "rounded to at least this many figures"),
)
COUNT_RULES: Final = ("sigfigs", "decimals", "rounded")
"""Tolerance rules whose size is a count."""
REACHES: Final = (
    ("all", "All students"),
    ("answers", "Only those with such an answer"),
    ("students", "Only these students"),
    ("unopened", "Only students who have not opened the problem"),
)
STATUSES: Final = (
    ("wrong", "incorrect"),
    ("mistake", "a known mistake"),
    ("partial", "partly correct"),
    ("unreadable", "unreadable"),
    ("correct", "correct"),
)
MAX_STUDENTS: Final = 50
"""Maximum number of students that the form can name."""
PATTERN_EXPRESSIONS: Final[Mapping[str, str]] = {
    "twice the key": "2*({})",
    "half the key": "({})/2",
    "one more than the key": "{} + 1",
    "one less than the key": "{} - 1",
    "the key with the other sign": "-({})",
    "100 times the key, as percent for a fraction": "100*({})",
    "a hundredth of the key, as a fraction for percent": "({})/100",
}
"""Key expressions for how a wrong answer relates to the key, which replaces ``{}``."""


@dataclass(frozen=True, slots=True)
class RegradeFormPart:
    """Part in the regrade form: its key, and the names that a key can use."""

    id: str
    title: str
    points: str
    key: str
    names: tuple[str, ...]
    tolerance: str
    mistake_keys: Mapping[str, str]


def list_keyed_parts(problem: Problem) -> tuple[RegradeFormPart, ...]:
    """Return the parts of a problem that have a key."""
    return tuple(_iterate_keyed_parts(problem))


def _iterate_keyed_parts(problem: Problem) -> Iterator[RegradeFormPart]:
    names = [*problem.params, *problem.let]
    for part in problem.parts:
        key = part.key_expression
        if key is not None:
            mistakes = getattr(part, "mistakes", ())
            yield RegradeFormPart(
                id=part.id,
                title=part.title,
                points=str(part.points),
                key=key.source,
                names=tuple(names),
                tolerance=_format_tolerance(getattr(part, "tolerance", None)),
                mistake_keys={mistake.id: mistake.key.source for mistake in mistakes},
            )
        names.append(part.id)


def _format_tolerance(tolerance: object) -> str:
    if not isinstance(tolerance, Tolerance):
        return ""
    return ", ".join(
        f"{name} {getattr(tolerance, name)}" for name in sorted(tolerance.model_fields_set)
    )


def suggest_key(part: RegradeFormPart, patterns: tuple[str, ...], mistakes: tuple[str, ...]) -> str:
    """Return the value of a group as an expression, or "" if none is known.

    >>> part = RegradeFormPart("side", "", "2", "(n-k)//s", ("n", "k"), "", {"doubled": "2*n"})
    >>> suggest_key(part, ("twice the key",), ()), suggest_key(part, (), ("doubled",))
    ('2*((n-k)//s)', '2*n')
    """
    for mistake in mistakes:
        if mistake in part.mistake_keys:
            return part.mistake_keys[mistake]
    return next(
        (
            PATTERN_EXPRESSIONS[look].format(part.key)
            for look in patterns
            if look in PATTERN_EXPRESSIONS
        ),
        "",
    )


def parse_regrade(context: RequestContext, course: UUID, form: PostedForm) -> RegradeIn:
    """Return the API request for a posted form; raise `InvalidInput` for invalid fields."""
    version_kind = form.text("do")
    version = _parse_version(form, version_kind) if version_kind in FIELDS else {}
    return validate_body(
        RegradeIn, {"version": version, **_parse_regraded_students(context, course, form)}
    )


def _parse_version(form: PostedForm, version_kind: str) -> dict[str, Any]:
    if version_kind == "id":
        return form.non_empty_texts("version.id") and {"id": form.text("version.id")}
    examples = [parse_whole_number(one) for one in form.get_all(DROP_EXAMPLES_FIELD)]
    dropped = {"drop_examples": examples} if examples else {}
    values = {
        name.rpartition(".")[2]: text
        for name, text in form.non_empty_texts(
            *(f"version.{version_kind}.{field}" for field in FIELDS[version_kind])
        ).items()
    }
    if version_kind == "parts":
        return {
            "parts": {form.text("version.parts.part"): values | _parse_tolerance(form)},
            **dropped,
        }
    if "key" in values:
        values.pop("answer", None)
    elif "answer" in values:
        values.pop("part", None)
    return {version_kind: values, **dropped}


def _parse_tolerance(form: PostedForm) -> dict[str, Any]:
    rule, size = form.text("version.parts.rule"), form.text("version.parts.size")
    if not rule:
        return {}
    return {"tolerance": {rule: parse_whole_number(size) if rule in COUNT_RULES else size}}


def _parse_regraded_students(
    context: RequestContext, course: UUID, form: PostedForm
) -> dict[str, Any]:
    reach: dict[str, Any] = {
        "never_lower": form.has("never_lower"),
        "reason": form.text("reason"),
        "unopened": form.text("reach") == "unopened",
    }
    match form.text("reach"):
        case "answers":
            reach["statuses"] = list(form.get_all("statuses"))
            reach["part"] = form.text("part") or None
        case "students":
            reach["students"] = [
                _find_student_id(context, course, one) for one in _read_student_lines(form)
            ]
    return reach


def _read_student_lines(form: PostedForm) -> list[str]:
    lines = [line.strip() for line in form.text("students").splitlines() if line.strip()]
    if not lines or len(lines) > MAX_STUDENTS:
        raise _students_error(f"must name 1 to {MAX_STUDENTS} students, one per line")
    return lines


def _find_student_id(context: RequestContext, course: UUID, text: str) -> UUID:
    """Return the id of the one student whose name, e-mail or number contains *text*."""
    page_request = build_page_request(context, limit=2)
    matches = people.get_people(course, context, page_request, role="student", text=text).items
    if len(matches) != 1:
        raise _students_error(
            f"names {'several students' if matches else 'no student'} with “{text[:60]}”"
        )
    return matches[0].user


def _students_error(message: str) -> InvalidInput:
    return InvalidInput(f"Students {message}.", errors=(FieldError("students", message),))
