"""Why a regrade is refused, at the fields of its form.

The API and the checker name places in its body and in the problem's file; people see a form. An
example of the problem's author that contradicts the new marking can be dropped there.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from api.core.errors import FieldError, ServiceError
from api.pages.forms.form import Form
from api.pages.forms.rows import whole_number
from api.pages.layout.formatting import part_name
from api.pages.staff.regrades.regrade_form import DROP, FIELDS
from grader.definitions.problem import Problem

__all__ = ["Contrary", "contraries", "labels_of", "placed"]

PLACES: Final[Mapping[str, str]] = {"": "part", "tolerance": "rule"}
"""Fields of a part that the form calls otherwise."""
IN_FILE: Final = re.compile(
    r"parts\.\w+(?:\.(?:accept|mistakes)(?:\.\w+)?)?(?:\.([a-z]+))?.*", re.ASCII
)
"""Where something is wrong in the file that a form has made; without a field it is the value."""
IN_EXAMPLE: Final = re.compile(r"examples\.(\d+)\.(\w+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Contrary:
    """An example that contradicts the new marking: its number as people count, and its field."""

    at: int
    is_dropped: bool

    @property
    def number(self) -> int:
        """The number of the example as people count."""
        return self.at + 1

    @property
    def field(self) -> str:
        """The id of its field."""
        return f"{DROP}.{self.at}"


def contraries(error: ServiceError | None, form: Form) -> tuple[Contrary, ...]:
    """Return the examples that a form can drop: those that its error names, and those it drops."""
    ticked = map(whole_number, form.all(DROP))
    dropped = {one for one in ticked if isinstance(one, int)}
    told = error.errors if error else ()
    named = {int(one.field.rpartition(".")[2]) for one in told if one.field.startswith(f"{DROP}.")}
    return tuple(Contrary(at, at in dropped) for at in sorted(dropped | named))


def labels_of(found: Iterable[Contrary]) -> dict[str, str]:
    """Return what people call the fields of examples."""
    return {one.field: f"Example {one.number}" for one in found}


def placed(error: ServiceError, form: Form, problem: Problem) -> ServiceError:
    """Return an error of the service whose fields are called as those of the form are."""
    error.errors = tuple(_at_field(one, form, problem) for one in error.errors)
    return error


def _at_field(error: FieldError, form: Form, problem: Problem) -> FieldError:
    found = IN_EXAMPLE.fullmatch(error.field)
    if found and int(found[1]) < len(problem.examples):
        said = _contradicted(problem, int(found[1]), found[2])
        return replace(error, field=f"{DROP}.{int(found[1])}", said=said)
    return replace(error, field=_place(error.field, form))


def _contradicted(problem: Problem, at: int, part: str) -> str:
    """Return what an example of the author says of a part that the new marking does not."""
    example = problem.examples[at]
    typed = str(example.answers.get(part, ""))
    expected = ", ".join(_expected(problem, at, part))
    return (
        f"of the problem’s author answers {_called(problem, part)} with “{typed[:60]}” and expects "
        f"“{expected}”; by the new version it is not"
    )


def _called(problem: Problem, part: str) -> str:
    title = next((one.title for one in problem.parts if one.id == part), "")
    return part_name(part, title)


def _expected(problem: Problem, at: int, part: str) -> Iterator[str]:
    told = problem.examples[at].expect.get(part)
    if told is None:
        return
    yield told.status.replace("_", " ")
    yield from (one.replace("_", " ") for one in told.mistakes or ())
    if told.credit is not None:
        yield f"credit {told.credit}"


def _place(field: str, form: Form) -> str:
    """Return the field of the form that is meant; the API has the id of a part in its path."""
    way, in_file = form.text("do"), IN_FILE.fullmatch(field)
    name = (in_file[1] or "key") if in_file else field
    if name in FIELDS.get(way, ()):
        return f"version.{way}.{'key' if name == 'answer' else name}"
    if in_file and way == "parts":
        return f"version.parts.{PLACES.get(name, name)}"
    of_part = f"version.parts.{form.text('version.parts.part')}"
    if way != "parts" or not field.startswith(of_part):
        return field
    inside = field.removeprefix(of_part).lstrip(".").partition(".")[0]
    return f"version.parts.{PLACES.get(inside, inside)}"
