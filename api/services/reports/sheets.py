"""The sheet that reports answer: its problems in order, with the labels of their parts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from api.core.errors import FileError
from api.services.engine.keyless_reading import KeylessQuestion, read_answer
from grader.definitions.problem import AnyPart, Problem
from grader.errors import GraderError, SolverError
from grader.expressions.evaluate import Scope
from grader.reading import NumberStyle
from grader.registry import available_functions
from grader.reports.labels import Label, parse_label
from grader.reports.sheet import AnswerReader, SheetPart, build_sheet_part
from grader.values import Tensor
from grader.variants.variant import draw_values, solve_variant
from problems.catalog import ProblemCatalog
from problems.files.loader import load_problem
from problems.registry import REGISTRY

MAX_PROBLEMS: Final = 200
MAX_SHEET_PARTS: Final = 500
EXPECTED: Final = "write ID, ID=LABEL or ID.PART=LABEL, such as conv-output-shape=2(b)"


@dataclass(frozen=True, slots=True)
class Sheet:
    """Ids of the problems in order, the *labels* of problems ("id") and parts ("id.part"), a seed.

    It is plain data, which a worker process gets with each report. *sources* are the files of
    problems that do not come from the bank, and *points* replace the sums of the parts, by
    problem. *numbers* is the number style of the course. *has_set_labels* says that a person set
    the labels; otherwise a report may number its answers in its own way.
    """

    problems: tuple[str, ...]
    labels: tuple[tuple[str, Label], ...] = ()
    seed: int | None = None
    sources: tuple[tuple[str, str], ...] = ()
    points: tuple[tuple[str, Fraction], ...] = ()
    numbers: NumberStyle | None = None
    has_set_labels: bool = True

    def get_label(self, problem: str, part: str) -> Label:
        """Return the label of a part: its own, or that of its problem, () if unknown."""
        labels = dict(self.labels)
        return labels.get(f"{problem}.{part}") or labels.get(problem, ())


def parse_sheet(items: Sequence[str], catalog: ProblemCatalog, *, seed: int | None = None) -> Sheet:
    """Return the sheet that ``ID=LABEL`` items describe; raise `FileError` for a bad item."""
    problems: dict[str, None] = {}
    labels: dict[str, Label] = {}
    for item in (piece.strip() for text in items for piece in text.split(",")):
        if not item:
            continue
        name, has_label, label_text = item.partition("=")
        problem, has_part, part = name.strip().partition(".")
        _check_names(catalog, problem, part if has_part else None)
        problems.setdefault(problem)
        if has_label:
            label = parse_label(label_text)
            if not label:
                raise FileError(f"{label_text.strip()!r} in {item!r} is not a label; {EXPECTED}")
            labels[name.strip()] = label
    if not problems:
        raise FileError(f"--problems names no problem; {EXPECTED}")
    if len(problems) > MAX_PROBLEMS:
        raise FileError(f"a sheet has at most {MAX_PROBLEMS} problems")
    if sum(len(catalog.get(problem).parts) for problem in problems) > MAX_SHEET_PARTS:
        raise FileError(f"a sheet has at most {MAX_SHEET_PARTS} parts; name fewer problems")
    return Sheet(tuple(problems), tuple(labels.items()), seed)


def _check_names(catalog: ProblemCatalog, problem: str, part: str | None) -> None:
    try:
        if part is None:
            catalog.get(problem)
        else:
            catalog.require_part(problem, part)
    except GraderError as error:
        raise FileError(f"{error}; {EXPECTED}") from error


class SheetParts:
    """The parts of a sheet for the alignment, and its variants for grading, each built once."""

    def __init__(self, catalog: ProblemCatalog, sheet: Sheet) -> None:
        self.sheet = sheet
        sources = dict(sheet.sources)
        problems = {
            name: load_problem(sources[name], file=name) if name in sources else catalog.get(name)
            for name in sheet.problems
        }
        self.parts = tuple(
            part for name, problem in problems.items() for part in build_parts(problem, sheet, name)
        )
        self.variants = {
            name: solve_variant(problem, sheet.seed, REGISTRY) for name, problem in problems.items()
        }
        self.point_scales = {
            name: _find_point_scale(problem, dict(sheet.points).get(name))
            for name, problem in problems.items()
        }


def _find_point_scale(problem: Problem, points: Fraction | None) -> Fraction:
    """Return the factor by which the points of the parts add up to *points*, 1 for None."""
    total = sum((part.points for part in problem.parts), Fraction(0))
    return Fraction(1) if points is None or not total else points / total


def build_parts(problem: Problem, sheet: Sheet, name: str = "") -> list[SheetPart]:
    """Return the parts of a problem as the sheet asks them; no key is computed.

    *name* is that of the problem on the sheet, by default its id.
    """
    name = name or problem.id
    labels = {part.id: sheet.get_label(name, part.id) for part in problem.parts}
    parts = build_problem_parts(problem, labels, seed=sheet.seed, numbers=sheet.numbers)
    return [replace(part, problem=name) for part in parts]


def build_problem_parts(
    problem: Problem,
    labels: Mapping[str, Label],
    *,
    seed: int | None,
    numbers: NumberStyle | None = None,
) -> list[SheetPart]:
    """Return the parts of a problem with the numbers of a seed; no key is computed.

    *labels* are the labels by part; *numbers* is the number style unless the problem has its own.
    """
    values = draw_values(problem, seed, REGISTRY)
    scope = Scope(values, available_functions(REGISTRY))
    question_values = [
        values[name] for name in problem.params if isinstance(values.get(name), Tensor)
    ]
    return [
        build_sheet_part(
            problem,
            part,
            build_reader(KeylessQuestion.from_part(part, scope), problem.numbers or numbers),
            label=labels.get(part.id, ()),
            given_values=question_values,
            prompt=_fill_prompt(part, scope),
        )
        for part in problem.parts
    ]


def build_reader(question: KeylessQuestion, numbers: NumberStyle | None) -> AnswerReader:
    """Return the reader of answers to a question, which has no key."""

    def read(text: str) -> str | None:
        reading = read_answer(question, text, numbers=numbers)
        return reading.read_as if reading.readable else None

    return read


def _fill_prompt(part: AnyPart, scope: Scope) -> str:
    """Return the prompt with its numbers, or as the author wrote it if they cannot be computed."""
    try:
        return part.prompt.fill(scope)
    except SolverError:
        return part.prompt.source
