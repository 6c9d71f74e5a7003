"""The command line: `grader check|publish|problems|show|solve|worked|mark|replay|...`.

This module only declares the commands. It imports neither the engine nor the service, so that
`--help` and errors in options are fast; a command imports what it needs when it runs.
"""

from pathlib import Path
from typing import Annotated, Literal

import typer

from api.cli import batch, database, identities, lti, mail, service, tokens, users
from api.cli.files import courses, gradescope
from api.cli.files.report import report as report_command
from api.cli.output import terminal
from api.cli.output.terminal import run_command
from api.durability_test import command as selftest_command
from grader import ENGINE
from grader.errors import ProblemError
from grader.limits import MAX_SEED, PUBLISHED_SEEDS

app = typer.Typer(
    name="grader",
    help="Grade quantitative deep-learning homework with reference solvers and named mistakes.",
    epilog="To begin, run `grader problems`, or `grader serve --demo` for a demo course.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
COMMAND_GROUPS = (
    users,
    identities,
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
        from importlib.metadata import version  # noqa: PLC0415  # slow to import

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
            help="Print the versions of Grader and of its engine.",
        ),
    ] = False,
) -> None:
    """Options of `grader` itself."""


ProblemName = Annotated[
    str, typer.Argument(help="The id of a problem, or the path of a problem file.")
]
Seed = Annotated[
    int | None, typer.Option(min=0, max=MAX_SEED, help="Use the variant of this seed.")
]
Original = Annotated[
    bool, typer.Option("--original", help="Use the textbook numbers (the default).")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Paths = Annotated[
    list[Path] | None, typer.Argument(help="Problem files or folders. The default is the bank.")
]
Bank = Annotated[
    Path | None, typer.Option(help="Use the problems in this folder instead of the bank.")
]


def main() -> None:
    """Run the command line."""
    run_command(app)


@app.command()
def check(
    paths: Paths = None,
    *,
    seeds: Annotated[
        int, typer.Option(min=1, help="Maximum number of published seeds.")
    ] = PUBLISHED_SEEDS,
) -> None:
    """Check problem files: names, keys, texts, examples and mistakes."""
    from api.cli.operations import grading as operations  # noqa: PLC0415

    raise typer.Exit(0 if operations.print_check_reports(paths or [], seeds=seeds) else 1)


@app.command(name="publish")
def publish_command(
    paths: Paths = None,
    *,
    seeds: Annotated[
        int, typer.Option(min=1, help="Maximum number of published seeds.")
    ] = PUBLISHED_SEEDS,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="Write one JSON Lines file per problem to this folder."),
    ] = None,
) -> None:
    """List the seeds that students can get, with keys and known incorrect answers."""
    from api.cli.operations import grading as operations  # noqa: PLC0415

    operations.publish_and_print_seed_reports(paths or [], seeds=seeds, out=out)


@app.command()
def problems(
    *,
    topic: Annotated[str | None, typer.Option(help="List only the problems of this topic.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the problems of the bank."""
    from api.cli.operations import grading as operations  # noqa: PLC0415

    operations.print_problem_list(topic, as_json=as_json)


@app.command()
def show(
    problem: ProblemName, *, seed: Seed = None, original: Original = False, as_json: AsJson = False
) -> None:
    """Show a variant as a student sees it."""
    from api.cli.operations import grading as operations  # noqa: PLC0415

    operations.print_variant(
        operations.load_variant(problem, seed, original=original), as_json=as_json
    )


@app.command(name="solve")
def solve_command(
    problem: ProblemName, *, seed: Seed = None, original: Original = False, as_json: AsJson = False
) -> None:
    """Show the keys and the known incorrect answers of a variant."""
    from api.cli.operations import grading as operations  # noqa: PLC0415

    operations.print_answer_key(
        operations.load_variant(problem, seed, original=original), as_json=as_json
    )


@app.command()
def worked(
    problem: ProblemName, *, seed: Seed = None, original: Original = False, as_json: AsJson = False
) -> None:
    """Show the worked solution of a variant, as students see it once it is released."""
    from api.cli.operations import grading as operations  # noqa: PLC0415

    variant = operations.load_variant(problem, seed, original=original)
    operations.print_worked_solution(variant, as_json=as_json)


@app.command(context_settings={"ignore_unknown_options": True})
def mark(
    problem: ProblemName,
    part: Annotated[str, typer.Argument(help="The id of the part.")],
    answer: Annotated[str, typer.Argument(help="The answer, or - to read it from standard input.")],
    *,
    seed: Seed = None,
    original: Original = False,
    student: Annotated[
        bool,
        typer.Option("--student", help="Print what the student sees before results are released."),
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show the key and the rule that decided.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Grade one answer, and explain the result."""
    from api.cli.operations import grading as operations  # noqa: PLC0415
    from api.cli.output import console  # noqa: PLC0415

    if student and explain:
        raise ProblemError("use --student or --explain, not both: an explanation reveals the key")
    record = operations.grade_answer(
        problem, part, answer, seed=seed, original=original, student=student
    )
    terminal.print_json(record) if as_json else console.print_result(record, explain=explain)


@app.command()
def replay(
    file: Annotated[
        Path,
        typer.Argument(
            help="The output of `grader mark --json`, or - to read it from standard input."
        ),
    ],
    *,
    bank: Bank = None,
) -> None:
    """Grade recorded answers again, and compare the results.

    Exit status: 0 if all results are the same; 1 if one differs or an answer cannot be graded.
    """
    from api.cli.operations import grading as operations  # noqa: PLC0415

    raise typer.Exit(0 if operations.replay_and_print(file, bank) else 1)


@app.command(context_settings={"ignore_unknown_options": True})
def read(
    kind: Annotated[
        str, typer.Argument(help="The kind of answer, such as integer, shape or matrix.")
    ],
    text: Annotated[
        str, typer.Argument(help="The student's text, or - to read it from standard input.")
    ],
    *,
    variables: Annotated[
        str, typer.Option(help="The names in an expression, such as K,C_in.")
    ] = "",
    numbers: Annotated[
        Literal["point", "comma"] | None,
        typer.Option(help="The decimal mark of the course, if the course sets one."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show how a text is read, without grading it."""
    from api.cli.operations import grading as operations  # noqa: PLC0415

    is_readable = operations.print_reading(kind, text, variables, numbers=numbers, as_json=as_json)
    raise typer.Exit(0 if is_readable else 1)


@app.command()
def schema() -> None:
    """Print the JSON Schema of problem files, for use in an editor."""
    from api.cli.operations import grading as operations  # noqa: PLC0415

    operations.print_schema()


app.command()(batch.batch)
app.command(name="report")(report_command)
