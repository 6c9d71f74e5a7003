"""Assignments to put into an archive: problems by name, or a file of a course."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from api.core.errors import FileError, InvalidInput
from api.gradescope.runtime.choices import VariantPolicy, Visibility
from api.schemas.assignments.problems import ProblemSettings
from api.schemas.courses.course_files import AssignmentFile, ProblemEntry
from api.services.courses.files.exporter import (
    ASSIGNMENTS_FOLDER,
    COURSE_FILE,
    PROBLEMS_FOLDER,
    VERSION_SEPARATOR,
)
from api.services.courses.files.parser import parse_setup
from api.services.files.csv_rows import read_text
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
    return _load_assignment_file(assignments[0])


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


def _load_assignment_file(path: Path) -> ArchiveSource:
    """Return the assignment in a course's file, with the problems and number style of the course.

    The files of the course lie in the folder above, as `grader course export` writes them.
    """
    course_folder = path.resolve().parent.parent
    texts = {f"{ASSIGNMENTS_FOLDER}/{path.name}": read_text(path)}
    if (course_folder / COURSE_FILE).is_file():
        texts[COURSE_FILE] = read_text(course_folder / COURSE_FILE)
    try:
        setup = parse_setup(texts)
    except InvalidInput as error:
        raise FileError(
            "\n".join(f"{one.file}:{one.line}: {one.field} {one.message}" for one in error.errors)
        ) from error
    (parsed,) = setup.assignments.values()
    assignment = parsed.content
    if not assignment.problems:
        raise FileError(f"{path} has no problems. Add one")
    finder = _ProblemFinder(course_folder / PROBLEMS_FOLDER)
    return ArchiveSource(
        title=assignment.title,
        problems=tuple(map(finder.load, assignment.problems)),
        variants=VARIANTS[assignment.variants],
        visibility=VISIBILITIES[assignment.results],
        attempts=assignment.attempts,
        by_attempt=tuple(map(Fraction, assignment.by_attempt)),
        numbers=setup.course.content.numbers if setup.course else None,
        warnings=tuple(dict.fromkeys(_find_ignored_settings(assignment))),
    )


class _ProblemFinder:
    """Finds the files of an assignment's problems, in the course's *folder* or in the bank."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bank = ProblemCatalog()

    def load(self, entry: ProblemEntry) -> SourceProblem:
        """Return a problem of an assignment with the text of its file."""
        problem = entry.of or entry.problem
        points = None if entry.points is None else Fraction(entry.points)
        return SourceProblem(
            entry.problem, problem, read_problem_source(self._find_path(problem, entry)), points
        )

    def _find_path(self, problem: str, entry: ProblemEntry) -> Path:
        version = f"{problem}{VERSION_SEPARATOR}{entry.version}.yaml"
        candidates = [self._folder / name for name in (version, f"{problem}.yaml")]
        if entry.space != "bank":
            for path in candidates:
                if path.is_file():
                    return path
            if entry.space == "course":
                raise FileError(f"there is no file {candidates[-1]}, which the assignment names")
        return self._bank.path(problem)


def _find_ignored_settings(assignment: AssignmentFile) -> Iterator[str]:
    """Yield a warning for each setting that the archive does not apply."""
    settings: tuple[AssignmentFile | ProblemSettings, ...] = (assignment, *assignment.problems)
    for model in settings:
        for name, instead in IGNORED_SETTINGS.items():
            field = type(model).model_fields.get(name)
            if field is not None and getattr(model, name) != field.get_default():
                yield f"`{name}` is not applied: {instead}"
