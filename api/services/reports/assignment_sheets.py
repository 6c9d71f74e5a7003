"""Sheet of an assignment from its file, for reports that are graded without a server."""

from fractions import Fraction

from api.core.errors import FileError
from api.services.courses.files.assignment_file import AssignmentSource, EntrySource
from api.services.reports.sheets import MAX_SHEET_PARTS, Sheet
from grader.reports.labels import Label, parse_labels
from grader.reports.sheet import label_parts
from problems.files.loader import load_problem


def build_assignment_sheet(assignment: AssignmentSource, *, seed: int | None = None) -> Sheet:
    """Return the sheet of an assignment, with the labels that an upload would have.

    Raises `FileError` if labels do not fit their problem, or there are too many parts.
    """
    labels: dict[str, Label] = {}
    for number, problem in enumerate(assignment.problems, 1):
        for part, label in _label_problem(number, problem).items():
            labels[f"{problem.entry.problem}.{part}"] = label
    if len(labels) > MAX_SHEET_PARTS:
        raise FileError(f"a sheet has at most {MAX_SHEET_PARTS} parts; remove problems")
    entries = [problem.entry for problem in assignment.problems]
    return Sheet(
        tuple(entry.problem for entry in entries),
        tuple(labels.items()),
        seed,
        sources=tuple((problem.entry.problem, problem.text) for problem in assignment.problems),
        points=tuple(
            (entry.problem, Fraction(entry.points)) for entry in entries if entry.points is not None
        ),
        numbers=assignment.numbers,
        has_set_labels=any(entry.labels for entry in entries),
    )


def _label_problem(number: int, source: EntrySource) -> dict[str, Label]:
    """Return the labels of the parts of a problem by part."""
    parts = [part.id for part in load_problem(source.text, file=f"{source.problem}.yaml").parts]
    text = source.entry.labels or ""
    count = len(parse_labels(text))
    if count > 1 and count != len(parts):
        raise FileError(
            f"{source.entry.problem} has {count} labels; give one for the problem, or {len(parts)}"
        )
    return label_parts(number, text, parts)
