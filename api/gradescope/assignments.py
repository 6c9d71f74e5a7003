"""Assignments to put into an archive: problems by name, or a file of a course."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from api.core.errors import FileError
from api.gradescope.runtime.choices import VariantPolicy, Visibility
from api.schemas.assignments.problems import ProblemSettings
from api.schemas.courses.course_files import AssignmentFile
from api.services.courses.files.assignment_file import (
    AssignmentSource,
    EntrySource,
    load_assignment_file,
)
from grader.reading import NumberStyle
from problems.catalog import ProblemCatalog
from problems.files.loader import read_problem_source
from problems.files.yaml_document import load_document

VISIBILITIES: Final[dict[str, Visibility]] = {
    "at_once": "visible",
    "after_due": "after_due_date",
    "after_close": "after_due_date",
    "manual": "after_published",
}
"""What Gradescope has for the times at which an assignment shows its results."""
VARIANTS: Final[dict[str, VariantPolicy]] = {
    "each": "each",
    "each_after": "each",
    "shared": "shared",
    "original": "original",
}
IGNORED_SETTINGS: Final = {
    "timeline": "set the release, due and late dates in Gradescope",
    "cool_down_seconds": "there is no pause between attempts",
    "new_after": "a student keeps the same numbers",
    "groups": "no problem is dropped",
    "extra": "set extra credit in Gradescope",
    "instructions": "put the instructions into Gradescope",
    "group": "no problem is dropped",
    "voided": "every part counts as graded",
}
"""Settings that an archive does not apply, with what is so instead."""


@dataclass(frozen=True, slots=True)
class SourceProblem:
    """A problem of the assignment: its *name* there, the *problem* id, and the *text* of its file.

    *points* replaces the sum of its parts (None: the sum).
    """

    name: str
    problem: str
    text: str
    points: Fraction | None = None


@dataclass(frozen=True, slots=True)
class ArchiveSource:
    """An assignment to put into an archive; *warnings* say what the archive does not do."""

    title: str
    problems: tuple[SourceProblem, ...]
    variants: VariantPolicy = "each"
    visibility: Visibility = "visible"
    attempts: int | None = None
    by_attempt: tuple[Fraction, ...] = ()
    numbers: NumberStyle | None = None
    warnings: tuple[str, ...] = ()


def load_archive_source(names: Sequence[str]) -> ArchiveSource:
    """Return the assignment that *names* say: problems, or the file of one assignment.

    A problem is the id of one in the bank, or the path of a file that ends in ``.yaml``.
    """
    paths = [Path(name) for name in names if name.endswith(".yaml")]
    assignments = [path for path in paths if _is_assignment_file(path)]
    if not assignments:
        return _load_problems(names)
    if len(names) > 1:
        raise FileError(f"{assignments[0]} is an assignment. Name it alone, without problems")
    return _convert_assignment(load_assignment_file(assignments[0]))


def _is_assignment_file(path: Path) -> bool:
    data = load_document(read_problem_source(path), file=str(path)).data
    return isinstance(data, dict) and "problems" in data


def _load_problems(names: Sequence[str]) -> ArchiveSource:
    bank, entries, titles = ProblemCatalog(), [], []
    for name in names:
        path = Path(name) if name.endswith(".yaml") else bank.path(name)
        titles.append(ProblemCatalog(path).get(path.stem).title)
        entries.append(SourceProblem(path.stem, path.stem, read_problem_source(path)))
    if len({problem.name for problem in entries}) < len(entries):
        raise FileError("a problem is named twice. Name it once")
    return ArchiveSource(titles[0] if len(titles) == 1 else ", ".join(titles), tuple(entries))


def _convert_assignment(assignment: AssignmentSource) -> ArchiveSource:
    content = assignment.content
    return ArchiveSource(
        title=content.title,
        problems=tuple(map(_convert_problem, assignment.problems)),
        variants=VARIANTS[content.variants],
        visibility=VISIBILITIES[content.results],
        attempts=content.attempts,
        by_attempt=tuple(map(Fraction, content.by_attempt)),
        numbers=assignment.numbers,
        warnings=tuple(dict.fromkeys(_find_ignored_settings(content))),
    )


def _convert_problem(source: EntrySource) -> SourceProblem:
    points = None if source.entry.points is None else Fraction(source.entry.points)
    return SourceProblem(source.entry.problem, source.problem, source.text, points)


def _find_ignored_settings(assignment: AssignmentFile) -> Iterator[str]:
    """Yield a warning for each setting that the archive does not apply."""
    settings: tuple[AssignmentFile | ProblemSettings, ...] = (assignment, *assignment.problems)
    for model in settings:
        for name, instead in IGNORED_SETTINGS.items():
            field = type(model).model_fields.get(name)
            if field is not None and getattr(model, name) != field.get_default():
                yield f"`{name}` is not applied: {instead}"
