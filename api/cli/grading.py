"""The command line: `grader check|publish|problems|show|solve|worked|mark|replay|...`."""

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from api.cli import batch, database, lti, mail, service, tokens, users
from api.cli.files import courses, gradescope
from api.cli.files.report import report as report_command
from api.cli.output import console
from api.cli.output.terminal import run_command
from api.core.errors import FileError
from api.durability_test import command as selftest_command
from api.services.engine import reading, single_answer
from api.services.engine.replay import replay_records
from api.services.files.csv_rows import read_text
from api.services.problems import serializers
from api.services.problems.file_checks import check_files
from grader import ENGINE
from grader.definitions.problem import MAX_SEED, Problem
from grader.display.text import pluralize
from grader.errors import AnswerError, ProblemError
from grader.reading import NumberStyle
from grader.variants.variant import solve_variant
from problems.catalog import ProblemCatalog
from problems.files.loader import bank_root, find_problem_files
from problems.publish import MAX_SEEDS, publish_problem
from problems.registry import REGISTRY
from problems.variant_serialization import dump_variant

app = typer.Typer(
    name="grader",
    help="Grade quantitative deep-learning homework with reference solvers and named mistakes.",
    epilog="Start with `grader problems`, or with `grader serve --demo`, which serves a demo "
    "course.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
COMMAND_GROUPS = (
    users,
    tokens,
    database,
    courses,
    gradescope,
    lti,
    mail,
    service,
    selftest_command,
)
for commands in COMMAND_GROUPS:
    app.add_typer(commands.app)


def _print_version(is_asked: bool) -> None:  # noqa: FBT001  # as typer calls it
    if is_asked:
        typer.echo(f"grader {version('dlgrader')}, engine {ENGINE}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    show_version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Print the version of Grader and of its engine.",
        ),
    ] = False,
) -> None:
    """Options of `grader` itself."""


ProblemName = Annotated[str, typer.Argument(help="The id of a problem, or the path of its file.")]
Seed = Annotated[int | None, typer.Option(min=0, max=MAX_SEED, help="The variant of this seed.")]
Original = Annotated[bool, typer.Option("--original", help="The textbook variant (the default).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Paths = Annotated[
    list[Path] | None, typer.Argument(help="Problem files or folders; by default the shipped bank.")
]
Bank = Annotated[Path | None, typer.Option(help="A folder of problems instead of the bank.")]


def main() -> None:
    """Run the command line."""
    run_command(app)


@app.command()
def check(
    paths: Paths = None,
    *,
    seeds: Annotated[
        int, typer.Option(min=1, help="Maximum number of published seeds.")
    ] = MAX_SEEDS,
) -> None:
    """Check problem files: names, keys, texts, examples, and that seeds show every mistake."""
    files = [file for path in paths or [bank_root()] for file in find_problem_files(path)]
    if not files:
        raise FileError("there is no problem file (*.yaml) here")
    failed = 0
    for report in console.track(check_files(files, seeds=seeds), "Checking", total=len(files)):
        console.print_check_report(report)
        failed += bool(report.errors)
    console.print_message(f"{pluralize(len(files), 'file')}, {failed} with errors")
    raise typer.Exit(1 if failed else 0)


@app.command(name="publish")
def publish_command(
    paths: Paths = None,
    *,
    seeds: Annotated[
        int, typer.Option(min=1, help="Maximum number of published seeds.")
    ] = MAX_SEEDS,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Write one JSON-lines file per problem here.")
    ] = None,
) -> None:
    """List the seeds that tell every known mistake from the key, with keys and wrong answers."""
    if out is not None and out.exists() and not out.is_dir():
        raise FileError(f"{out} is a file; name a folder")
    catalogue = ProblemCatalog(*(paths or ()))
    for name in console.track(catalogue.ids, "Publishing", total=len(catalogue.ids)):
        publication = publish_problem(catalogue.get(name), REGISTRY, limit=seeds)
        console.print_seed_report(publication.report)
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            lines = (
                json.dumps(dump_variant(variant, REGISTRY)) for variant in publication.variants
            )
            (out / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines))


@app.command()
def problems(
    *,
    topic: Annotated[str | None, typer.Option(help="Only this topic.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the problems of the bank."""
    catalogue = ProblemCatalog()
    listed = [catalogue.get(name) for name in catalogue.ids]
    listed = [problem for problem in listed if topic in {None, problem.topic}]
    if as_json:
        return console.print_json(
            [serializers.serialize_problem_summary(problem) for problem in listed]
        )
    return console.print_problems(listed)


@app.command()
def show(
    problem: ProblemName, *, seed: Seed = None, original: Original = False, as_json: AsJson = False
) -> None:
    """Show a variant as a student sees it."""
    variant = solve_variant(
        _load_problem(problem), _resolve_seed(seed, original=original), REGISTRY
    )
    question = serializers.serialize_question(variant)
    return console.print_json(question) if as_json else console.print_question(question)


@app.command(name="solve")
def solve_command(
    problem: ProblemName, *, seed: Seed = None, original: Original = False, as_json: AsJson = False
) -> None:
    """Show the keys of a variant and the wrong answers that are known."""
    variant = solve_variant(
        _load_problem(problem), _resolve_seed(seed, original=original), REGISTRY
    )
    solution = serializers.serialize_answer_key(variant)
    return console.print_json(solution) if as_json else console.print_solution(solution)


@app.command()
def worked(
    problem: ProblemName, *, seed: Seed = None, original: Original = False, as_json: AsJson = False
) -> None:
    """Show the worked solution of a variant, as students see it after the release."""
    variant = solve_variant(
        _load_problem(problem), _resolve_seed(seed, original=original), REGISTRY
    )
    solution = serializers.serialize_worked_solution(variant)
    return console.print_json(solution) if as_json else console.print_worked_solution(solution)


@app.command(context_settings={"ignore_unknown_options": True})
def mark(
    problem: ProblemName,
    part: Annotated[str, typer.Argument(help="The id of the part.")],
    answer: Annotated[str, typer.Argument(help="The answer; - reads standard input.")],
    *,
    seed: Seed = None,
    original: Original = False,
    student: Annotated[
        bool,
        typer.Option("--student", help="Print what the student sees before results are released."),
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show the key and the rule, for an appeal.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Mark one answer and say why."""
    if student and explain:
        raise ProblemError("use --student or --explain, not both: an explanation reveals the key")
    catalogue, name = _locate_problem(problem)
    checked_seed = _resolve_seed(seed, original=original)
    answer_grader = single_answer.SingleAnswerGrader(catalogue)
    result = answer_grader.grade(name, part, _read_argument_or_stdin(answer), seed=checked_seed)
    serialize = (
        single_answer.serialize_student_result if student else single_answer.serialize_full_result
    )
    record = serialize(result, answer_grader.get_variant(name, checked_seed))
    return console.print_json(record) if as_json else console.print_result(record, explain=explain)


@app.command()
def replay(
    file: Annotated[
        Path, typer.Argument(help="The output of `mark --json`; - reads standard input.")
    ],
    *,
    bank: Bank = None,
) -> None:
    """Mark recorded answers again and say whether the results are the same.

    Exit 0: all are; 1: one differs, or could not be marked.
    """
    text = sys.stdin.read() if str(file) == "-" else read_text(file)
    same = True
    for replayed in replay_records(
        text, single_answer.SingleAnswerGrader(single_answer.open_bank(bank))
    ):
        console.print_replay(replayed)
        same = same and replayed.is_unchanged
    raise typer.Exit(0 if same else 1)


@app.command(context_settings={"ignore_unknown_options": True})
def read(
    kind: Annotated[str, typer.Argument(help=f"One of {', '.join(reading.STANDALONE_KINDS)}.")],
    text: Annotated[str, typer.Argument(help="The student's text; - reads standard input.")],
    *,
    variables: Annotated[
        str, typer.Option(help="For an expression: its names, such as K,C_in.")
    ] = "",
    numbers: Annotated[
        NumberStyle | None, typer.Option(help="The decimal mark of the course, if it sets one.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say how a text is read, without a key: nothing is judged."""
    names = tuple(name.strip() for name in variables.split(",") if name.strip())
    try:
        record = reading.read_standalone_answer(
            kind, _read_argument_or_stdin(text), names, numbers=numbers
        )
    except AnswerError as error:
        if as_json:
            console.print_json(reading.serialize_reading_error(error))
        else:
            console.print_error(str(error))
        raise typer.Exit(1) from error
    return console.print_json(record) if as_json else console.print_reading(record)


@app.command()
def schema() -> None:
    """Print the JSON Schema of problem files, for editors."""
    console.print_json(Problem.model_json_schema())


app.command()(batch.batch)
app.command(name="report")(report_command)


def _locate_problem(problem: str) -> tuple[ProblemCatalog, str]:
    """Return the catalogue and the problem id for an id or for the path of a file."""
    if problem.endswith(".yaml"):
        path = Path(problem)
        return ProblemCatalog(path), path.stem
    return ProblemCatalog(), problem


def _load_problem(id_or_path: str) -> Problem:
    catalogue, name = _locate_problem(id_or_path)
    return catalogue.get(name)


def _resolve_seed(seed: int | None, *, original: bool) -> int | None:
    if original and seed is not None:
        raise ProblemError("use --seed or --original, not both")
    return seed


def _read_argument_or_stdin(answer: str) -> str:
    return sys.stdin.read() if answer == "-" else answer
