"""Results of grading commands as text: results on standard output, the rest on standard error."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.text import Text

from api.cli.output.plain_text import to_plain_text
from api.cli.output.terminal import ERR, OUT, print_error
from api.services.engine.replay import ReplayResult
from grader.definitions.problem import Problem
from grader.display.render import MAX_TEXT_WIDTH
from problems.checks.checker import CheckReport
from problems.publish import SeedReport

HANGING_INDENT: Final = " " * 6
EQUATION_SIDE_PATTERN: Final = re.compile(" (?=[=≈] )")
COLUMNAR_TYPES: Final = frozenset({"array", "rows"})
STATUS_COLORS: Final = {
    "correct": "green",
    "follow_through": "green",
    "mistake": "red",
    "wrong": "red",
    "partial": "yellow",
    "unreadable": "yellow",
    "missing": "yellow",
    "needs_review": "cyan",
}


def print_check_report(report: CheckReport) -> None:
    """Print the checker's report of one file."""
    for error in report.errors:
        print_error(error)
    for warning in report.warnings:
        ERR.print(Text("warning: ", style="yellow") + Text(warning))
    if report.seeds is not None and not report.errors:
        print_seed_report(report.seeds)
        for part, accepted_text in report.accepted.items():
            OUT.print(Text(f"    accepted in {part}: {accepted_text}"))


def print_seed_report(report: SeedReport) -> None:
    """Print the number of seeds of a problem, and why others were rejected."""
    if not report.walked:
        OUT.print(f"{report.problem}: one variant, no random parameters")
        return
    OUT.print(f"{report.problem}: {len(report.seeds)} seeds of {report.walked}")
    for reason, count in sorted(report.refused.items(), key=lambda item: -item[1])[:5]:
        explanation = report.explanations.get(reason, "")
        OUT.print(
            Text(f"    refused {count}: {reason}{f' ({explanation})' if explanation else ''}")
        )
    for part, ids in report.inert.items():
        OUT.print(Text(f"    inert in {part}: {', '.join(sorted(ids))}"))
    for part, pairs in report.together.items():
        pairs_text = ", ".join(f"{pair} = {two}" for pair, two in pairs)
        OUT.print(Text(f"    never told apart in {part}: {pairs_text}"))


def print_problems(problems: Sequence[Problem]) -> None:
    """Print a line for each problem, in columns that are never truncated."""
    rows = [("id", "topic", "difficulty", "parts", "kind", "title")]
    for problem in problems:
        kind = (
            "text"
            if not problem.has_autograded_parts
            else "drawn"
            if problem.has_drawn_params
            else "computed"
        )
        counts = (str(problem.difficulty), str(len(problem.parts)))
        rows.append((problem.id, problem.topic, *counts, kind, problem.title))
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        OUT.print(Text("  ".join(cells).rstrip()))


def print_question(question: Mapping[str, Any]) -> None:
    """Print a variant as a student sees it."""
    OUT.print(Text(question["title"], style="bold") + Text(f"  ({_format_seed(question)})"))
    OUT.print(Text("\n" + to_plain_text(question["statement"]) + "\n"))
    for part in question["parts"]:
        OUT.print(
            _format_heading(part) + Text(f"  {part['kind']}, {_format_points(part['points'])}")
        )
        if part["prompt"]:
            OUT.print(Text(f"    {to_plain_text(part['prompt'])}"))
        for name, text in part.get("options", {}).items():
            OUT.print(Text(f"    {name}) {to_plain_text(text)}"))


def _format_heading(part: Mapping[str, Any]) -> Text:
    """Return the id of a part with its title, if it has one."""
    title = f"  {to_plain_text(part['title'])}" if part["title"] else ""
    return Text(part["id"], style="bold") + Text(title)


def print_answer_key(solution: Mapping[str, Any]) -> None:
    """Print the keys of a variant and its known incorrect answers."""
    OUT.print(Text(solution["problem"], style="bold") + Text(f"  ({_format_seed(solution)})"))
    for part in solution["parts"]:
        OUT.print(Text(f"{part['id']}  ", style="bold") + Text(part["failure"] or part["shown"]))
        if part["accepted"] not in {"", f"exactly {part['shown']}"}:
            OUT.print(Text(f"    accepted: {part['accepted']}"))
        for item in part.get("rubric", ()):
            OUT.print(Text(f"    {_format_points(item['points'])}: {to_plain_text(item['say'])}"))
        for mistake in part["mistakes"]:
            OUT.print(Text(f"    {mistake['shown']}  {' + '.join(mistake['ids'])}", style="dim"))


def print_worked_solution(solution: Mapping[str, Any]) -> None:
    """Print a worked solution."""
    OUT.print(Text(solution["title"], style="bold") + Text(f"  ({_format_seed(solution)})"))
    for part in solution["parts"]:
        OUT.print(Text("\n") + _format_heading(part) + Text(f"  {to_plain_text(part['prompt'])}"))
        for step in part["steps"]:
            OUT.print(Text(_format_step(step)))
        if part["answer"]:
            OUT.print(Text("  answer: ", style="bold") + Text(part["answer"]))
    if solution["words"]:
        OUT.print(Text(f"\n{to_plain_text(solution['words'])}"))


def _format_step(step: Mapping[str, Any]) -> str:
    """Return the text of a step, indented; wrap its lines unless they are columns."""
    lines = to_plain_text(step["text"]).splitlines()
    if step["data"]["type"] not in COLUMNAR_TYPES:
        lines = [piece for line in lines for piece in _wrap_line(line)]
    return textwrap.indent("\n".join(lines), "    ")


def _wrap_line(line: str) -> list[str]:
    """Wrap a long line; each side of an equation starts a new line."""
    if len(line) <= MAX_TEXT_WIDTH:
        return [line]
    name, *sides = EQUATION_SIDE_PATTERN.split(line)
    pieces = [" ".join((name, *sides[:1])), *(f"  {side}" for side in sides[1:])]
    return [
        one
        for piece in pieces
        for one in textwrap.wrap(piece, MAX_TEXT_WIDTH, subsequent_indent=HANGING_INDENT)
    ]


def print_result(record: Mapping[str, Any], *, explain: bool = False) -> None:
    """Print the result of one answer; *explain* adds the key and the rule."""
    status = record["status"]
    line = Text(status.replace("_", " "), style=f"bold {STATUS_COLORS[status]}")
    if record["credit"] is not None:
        line += Text(f"  {record['score']} of {_format_points(record['points'])}")
    OUT.print(line)
    if record["read_as"]:
        OUT.print(Text(f"read as: {record['read_as']}"))
    OUT.print(Text(to_plain_text(record["feedback"])))
    if record.get("mistakes"):
        OUT.print(Text(f"mistake: {', '.join(record['mistakes'])}", style="dim"))
    for sentence in record["explanation"] if explain else ():
        OUT.print(Text(f"    {sentence}", style="dim"))


def print_replay(replay: ReplayResult) -> None:
    """Print the comparison of a record with its replay."""
    if replay.error:
        print_error(f"line {replay.line}: {replay.error}")
        return
    line = "same" if replay.is_unchanged else f"differs: {'; '.join(replay.changes)}"
    other = (
        f" (another {', '.join(replay.changed_version_fields)})"
        if replay.changed_version_fields
        else ""
    )
    OUT.print(Text(f"{replay.answer_label}: {line}{other}"))


def print_reading(record: Mapping[str, Any]) -> None:
    """Print how a text was read."""
    OUT.print(Text(str(record["read_as"])))
    for note in record["notes"]:
        ERR.print(Text(note, style="dim"))


def _format_seed(record: Mapping[str, Any]) -> str:
    return "original" if record["seed"] is None else f"seed {record['seed']}"


def _format_points(points: object) -> str:
    return f"{points} point{'' if points == 1 else 's'}"
