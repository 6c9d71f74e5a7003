"""Errors of a refused regrade, mapped to the fields of its form.

The API and the checker locate errors in the request body and in the problem file, but
users see a form. If an example by the problem's author contradicts the new grading, the
form can drop it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from api.core.errors import FieldError, ServiceError
from api.pages.forms.form import PostedForm
from api.pages.forms.rows import parse_whole_number
from api.pages.layout.formatting import part_name
from api.pages.staff.regrades.regrade_form import DROP_EXAMPLES_FIELD, FIELDS
from api.services.gradebook.event_text import describe_status
from grader.definitions.problem import Problem

RENAMED_FIELDS: Final[Mapping[str, str]] = {"": "part", "tolerance": "rule"}
"""Fields of a part that have a different name in the form."""
FILE_LOCATION: Final = re.compile(
    r"parts\.\w+(?:\.(?:accept|mistakes)(?:\.\w+)?)?(?:\.([a-z]+))?.*", re.ASCII
)
"""Location of an error in the problem file that a form generates.

The group is the field; without one, the error is about the value.
"""
EXAMPLE_LOCATION: Final = re.compile(r"examples\.(\d+)\.(\w+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class ContradictedExample:
    """Example that contradicts the new grading; *is_dropped* if the form drops it."""

    index: int
    is_dropped: bool

    @property
    def number(self) -> int:
        """Number of the example, counted from 1."""
        return self.index + 1

    @property
    def field(self) -> str:
        """Id of the form field of the example."""
        return f"{DROP_EXAMPLES_FIELD}.{self.index}"


def find_contradicted_examples(
    error: ServiceError | None, form: PostedForm
) -> tuple[ContradictedExample, ...]:
    """Return the examples that *form* can drop: those that *error* names or *form* drops."""
    ticked = map(parse_whole_number, form.get_all(DROP_EXAMPLES_FIELD))
    dropped = {one for one in ticked if isinstance(one, int)}
    errors = error.errors if error else ()
    named = {
        int(one.field.rpartition(".")[2])
        for one in errors
        if one.field.startswith(f"{DROP_EXAMPLES_FIELD}.")
    }
    return tuple(ContradictedExample(at, at in dropped) for at in sorted(dropped | named))


def example_labels(examples: Iterable[ContradictedExample]) -> dict[str, str]:
    """Return the labels of the example fields."""
    return {example.field: f"Example {example.number}" for example in examples}


def map_errors_to_form(error: ServiceError, form: PostedForm, problem: Problem) -> ServiceError:
    """Rename the fields in a service error to those of the form, and return the error."""
    error.errors = tuple(_map_error(one, form, problem) for one in error.errors)
    return error


def _map_error(error: FieldError, form: PostedForm, problem: Problem) -> FieldError:
    match = EXAMPLE_LOCATION.fullmatch(error.field)
    if match and int(match[1]) < len(problem.examples):
        message = _describe_contradiction(problem, int(match[1]), match[2])
        return replace(error, field=f"{DROP_EXAMPLES_FIELD}.{int(match[1])}", message=message)
    return replace(error, field=_to_form_field(error.field, form))


def _describe_contradiction(problem: Problem, index: int, part: str) -> str:
    """Return how an author's example contradicts the new grading of a part."""
    example = problem.examples[index]
    typed = str(example.answers.get(part, ""))
    expected = ", ".join(_describe_expected_result(problem, index, part))
    return (
        f"of the problem’s author answers {_part_label(problem, part)} with “{typed[:60]}” "
        f"and expects “{expected}”; with the new version it is not"
    )


def _part_label(problem: Problem, part: str) -> str:
    title = next((one.title for one in problem.parts if one.id == part), "")
    return part_name(part, title)


def _describe_expected_result(problem: Problem, index: int, part: str) -> Iterator[str]:
    expectation = problem.examples[index].expect.get(part)
    if expectation is None:
        return
    yield describe_status(expectation.status)
    yield from (one.replace("_", " ") for one in expectation.mistakes or ())
    if expectation.credit is not None:
        yield f"credit {expectation.credit}"


def _to_form_field(field: str, form: PostedForm) -> str:
    """Return the form field of an API field, whose path contains the id of the part."""
    version_kind, file_match = form.text("do"), FILE_LOCATION.fullmatch(field)
    name = (file_match[1] or "key") if file_match else field
    if name in FIELDS.get(version_kind, ()):
        return f"version.{version_kind}.{'key' if name == 'answer' else name}"
    if file_match and version_kind == "parts":
        return f"version.parts.{RENAMED_FIELDS.get(name, name)}"
    of_part = f"version.parts.{form.text('version.parts.part')}"
    if version_kind != "parts" or not field.startswith(of_part):
        return field
    inside = field.removeprefix(of_part).lstrip(".").partition(".")[0]
    return f"version.parts.{RENAMED_FIELDS.get(inside, inside)}"
