"""File of one assignment with the texts of its problems, for commands without a server."""

from dataclasses import dataclass
from pathlib import Path

from api.core.errors import FieldError, FileError, InvalidInput
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


@dataclass(frozen=True, slots=True)
class EntrySource:
    """A problem of an assignment: its *entry* there, the id of its file, and the file's text."""

    entry: ProblemEntry
    problem: str
    text: str


@dataclass(frozen=True, slots=True)
class AssignmentSource:
    """An assignment from its file; *numbers* is the number style of the course."""

    content: AssignmentFile
    problems: tuple[EntrySource, ...]
    numbers: NumberStyle | None


def load_assignment_file(path: Path) -> AssignmentSource:
    """Return the assignment in a course's file, with the problems and number style of the course.

    The files of the course lie in the folder above, as `grader course export` writes them. Raises
    `FileError` for a file with errors or without problems.
    """
    course_folder = path.resolve().parent.parent
    paths = {f"{ASSIGNMENTS_FOLDER}/{path.name}": path, COURSE_FILE: course_folder / COURSE_FILE}
    texts = {f"{ASSIGNMENTS_FOLDER}/{path.name}": read_text(path)}
    if paths[COURSE_FILE].is_file():
        texts[COURSE_FILE] = read_text(paths[COURSE_FILE])
    try:
        setup = parse_setup(texts)
    except InvalidInput as error:
        messages = [_describe_error(paths[fault.file or ""], fault) for fault in error.errors]
        raise FileError("\n".join(messages)) from error
    (parsed,) = setup.assignments.values()
    assignment = parsed.content
    if not assignment.problems:
        raise FileError(f"{path} has no problems. Add one")
    finder = _ProblemFinder(course_folder / PROBLEMS_FOLDER)
    return AssignmentSource(
        assignment,
        tuple(map(finder.load, assignment.problems)),
        setup.course.content.numbers if setup.course else None,
    )


def _describe_error(path: Path, error: FieldError) -> str:
    """Return an error with the path that the user gave, and its line if it has one."""
    location = str(path) if error.line is None else f"{path}:{error.line}"
    return f"{location}: {error.field} {error.message}"


class _ProblemFinder:
    """Finds the files of an assignment's problems, in the course's *folder* or in the bank."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bank = ProblemCatalog()

    def load(self, entry: ProblemEntry) -> EntrySource:
        """Return a problem of an assignment with the text of its file."""
        problem = entry.of or entry.problem
        return EntrySource(entry, problem, read_problem_source(self._find_path(problem, entry)))

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
