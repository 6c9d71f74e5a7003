"""What the commands `grader check|publish|problems|show|solve|worked|mark|replay|read` do.

`api.cli.grading` declares the commands and imports this module, which loads the engine, when one
of them runs.
"""

import json
import sys
from pathlib import Path
from typing import Any

from api.cli.output import console, terminal
from api.core.errors import FileError
from api.services.engine import reading, single_answer
from api.services.engine.replay import replay_records
from api.services.files.csv_rows import read_text
from api.services.problems import serializers
from api.services.problems.file_checks import check_files
from grader.definitions.problem import Problem
from grader.display.text import pluralize
from grader.errors import AnswerError, ProblemError
from grader.reading import NumberStyle
from grader.variants.variant import Variant, solve_variant
from problems.catalog import ProblemCatalog
from problems.files.loader import bank_root, find_problem_files
from problems.publish import publish_problem
from problems.registry import REGISTRY
from problems.variant_serialization import dump_variant


def print_check_reports(paths: list[Path], *, seeds: int) -> bool:
    """Print the report of each problem file; return whether all are without errors."""
    files = [file for path in paths or [bank_root()] for file in find_problem_files(path)]
    if not files:
        raise FileError("there is no problem file (*.yaml) here")
    failed = 0
    for report in terminal.track(check_files(files, seeds=seeds), "Checking", total=len(files)):
        console.print_check_report(report)
        failed += bool(report.errors)
    terminal.print_message(f"{pluralize(len(files), 'file')}, {failed} with errors")
    return not failed


def publish_and_print_seed_reports(paths: list[Path], *, seeds: int, out: Path | None) -> None:
    """Print the seed report of each problem; write its variants to the folder *out*."""
    if out is not None and out.exists() and not out.is_dir():
        raise FileError(f"{out} is a file; name a folder")
    catalogue = ProblemCatalog(*paths)
    for name in terminal.track(catalogue.ids, "Publishing", total=len(catalogue.ids)):
        publication = publish_problem(catalogue.get(name), REGISTRY, limit=seeds)
        console.print_seed_report(publication.report)
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            lines = (
                json.dumps(dump_variant(variant, REGISTRY)) for variant in publication.variants
            )
            (out / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines))


def print_problem_list(topic: str | None, *, as_json: bool) -> None:
    """Print the problems of the bank, or those of one *topic*."""
    catalogue = ProblemCatalog()
    listed = [catalogue.get(name) for name in catalogue.ids]
    listed = [problem for problem in listed if topic in {None, problem.topic}]
    if as_json:
        terminal.print_json([serializers.serialize_problem_summary(one) for one in listed])
    else:
        console.print_problems(listed)


def print_variant(variant: Variant, *, as_json: bool) -> None:
    """Print a variant as a student sees it."""
    question = serializers.serialize_question(variant)
    terminal.print_json(question) if as_json else console.print_question(question)


def print_answer_key(variant: Variant, *, as_json: bool) -> None:
    """Print the keys of a variant and its known incorrect answers."""
    solution = serializers.serialize_answer_key(variant)
    terminal.print_json(solution) if as_json else console.print_answer_key(solution)


def print_worked_solution(variant: Variant, *, as_json: bool) -> None:
    """Print the worked solution of a variant."""
    solution = serializers.serialize_worked_solution(variant)
    terminal.print_json(solution) if as_json else console.print_worked_solution(solution)


def load_variant(problem: str, seed: int | None, *, original: bool) -> Variant:
    """Return a variant of the problem with this id or in this file."""
    catalogue, name = _locate_problem(problem)
    return solve_variant(catalogue.get(name), _resolve_seed(seed, original=original), REGISTRY)


def grade_answer(
    problem: str, part: str, answer: str, *, seed: int | None, original: bool, student: bool
) -> dict[str, Any]:
    """Return the result of one answer, for a *student* without anything that reveals the key."""
    catalogue, name = _locate_problem(problem)
    checked_seed = _resolve_seed(seed, original=original)
    answer_grader = single_answer.SingleAnswerGrader(catalogue)
    result = answer_grader.grade(name, part, _read_argument_or_stdin(answer), seed=checked_seed)
    serialize = (
        single_answer.serialize_student_result if student else single_answer.serialize_full_result
    )
    return serialize(result, answer_grader.get_variant(name, checked_seed))


def replay_and_print(file: Path, bank: Path | None) -> bool:
    """Mark the records in *file* again; return whether all results are the same."""
    text = sys.stdin.read() if str(file) == "-" else read_text(file)
    answer_grader = single_answer.SingleAnswerGrader(single_answer.open_bank(bank))
    same = True
    for replayed in replay_records(text, answer_grader):
        console.print_replay(replayed)
        same = same and replayed.is_unchanged
    return same


def print_reading(
    kind: str, text: str, variables: str, *, numbers: NumberStyle | None, as_json: bool
) -> bool:
    """Print how a text is read; return whether it can be read."""
    names = tuple(name.strip() for name in variables.split(",") if name.strip())
    try:
        record = reading.read_standalone_answer(
            kind, _read_argument_or_stdin(text), names, numbers=numbers
        )
    except AnswerError as error:
        if as_json:
            terminal.print_json(reading.serialize_reading_error(error))
        else:
            terminal.print_error(str(error))
        return False
    terminal.print_json(record) if as_json else console.print_reading(record)
    return True


def print_schema() -> None:
    """Print the JSON Schema of problem files."""
    terminal.print_json(Problem.model_json_schema())


def _locate_problem(problem: str) -> tuple[ProblemCatalog, str]:
    """Return the catalogue and the problem id for an id or for the path of a file."""
    if problem.endswith(".yaml"):
        path = Path(problem)
        return ProblemCatalog(path), path.stem
    return ProblemCatalog(), problem


def _resolve_seed(seed: int | None, *, original: bool) -> int | None:
    if original and seed is not None:
        raise ProblemError("use --seed or --original, not both")
    return seed


def _read_argument_or_stdin(answer: str) -> str:
    return sys.stdin.read() if answer == "-" else answer
