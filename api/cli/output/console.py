"""Output of the command line: results and JSON on stdout, everything else on stderr."""

import json
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

import typer
from rich.progress import track as rich_track
from rich.text import Text

from api.cli.output.plain_text import readable
from api.cli.output.terminal import ERR, OUT, fail, say
from api.services.engine.replay import Replayed
from grader.definitions.problem import Problem
from grader.display.render import WIDTH
from problems.check import Report
from problems.publish import SeedReport

__all__ = [
    "ERR",
    "OUT",
    "fail",
    "problems",
    "put_json",
    "question",
    "reading",
    "replayed",
    "report",
    "result",
    "say",
    "seeds",
    "solution",
    "track",
    "worked",
]

T = TypeVar("T")
HANG: Final = " " * 6
SIDES: Final = re.compile(" (?=[=≈] )")
COLUMNS: Final = frozenset({"array", "rows"})
COLOURS: Final = {
    "correct": "green",
    "follow_through": "green",
    "mistake": "red",
    "wrong": "red",
    "partial": "yellow",
    "unreadable": "yellow",
    "missing": "yellow",
    "needs_review": "cyan",
}


def put_json(value: object) -> None:
    """Print *value* as JSON."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def track(items: Iterable[T], title: str, *, total: int) -> Iterable[T]:
    """Yield *items* with a progress bar on a terminal."""
    return rich_track(
        items, title, total=total, console=ERR, disable=not ERR.is_terminal, transient=True
    )


def report(found: Report) -> None:
    """Print the checker's report of one file."""
    for error in found.errors:
        fail(error)
    for warning in found.warnings:
        ERR.print(Text("warning: ", style="yellow") + Text(warning))
    if found.seeds is not None and not found.errors:
        seeds(found.seeds)
        for part, words in found.accepted.items():
            OUT.print(Text(f"    accepted in {part}: {words}"))


def seeds(found: SeedReport) -> None:
    """Print the number of seeds of a problem, and why others were rejected."""
    if not found.walked:
        OUT.print(f"{found.problem}: one variant, nothing is drawn")
        return
    OUT.print(f"{found.problem}: {len(found.seeds)} seeds of {found.walked}")
    for reason, count in sorted(found.refused.items(), key=lambda one: -one[1])[:5]:
        OUT.print(Text(f"    refused {count}: {reason}"))
    for part, ids in found.inert.items():
        OUT.print(Text(f"    inert in {part}: {', '.join(sorted(ids))}"))
    for part, pairs in found.together.items():
        told = ", ".join(f"{one} = {two}" for one, two in pairs)
        OUT.print(Text(f"    never told apart in {part}: {told}"))


def problems(listed: Sequence[Problem]) -> None:
    """Print a line for each problem, in columns that are never truncated."""
    rows = [("id", "topic", "difficulty", "parts", "kind", "title")]
    for one in listed:
        kind = "text" if not one.is_computed else "drawn" if one.is_drawn else "computed"
        counts = (str(one.difficulty), str(len(one.parts)))
        rows.append((one.id, one.topic, *counts, kind, one.title))
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        OUT.print(Text("  ".join(cells).rstrip()))


def question(told: Mapping[str, Any]) -> None:
    """Print a variant as a student sees it."""
    OUT.print(Text(told["title"], style="bold") + Text(f"  ({_variant(told)})"))
    OUT.print(Text("\n" + readable(told["statement"]) + "\n"))
    for part in told["parts"]:
        OUT.print(_called(part) + Text(f"  {part['kind']}, {_points(part['points'])}"))
        if part["prompt"]:
            OUT.print(Text(f"    {readable(part['prompt'])}"))
        for name, text in part.get("options", {}).items():
            OUT.print(Text(f"    {name}) {readable(text)}"))


def _called(part: Mapping[str, Any]) -> Text:
    """Return the id of a part with its title, if it has one."""
    title = f"  {readable(part['title'])}" if part["title"] else ""
    return Text(part["id"], style="bold") + Text(title)


def solution(told: Mapping[str, Any]) -> None:
    """Print the keys of a variant and its known wrong answers."""
    OUT.print(Text(told["problem"], style="bold") + Text(f"  ({_variant(told)})"))
    for part in told["parts"]:
        OUT.print(Text(f"{part['id']}  ", style="bold") + Text(part["failure"] or part["shown"]))
        if part["accepted"] not in {"", f"exactly {part['shown']}"}:
            OUT.print(Text(f"    accepted: {part['accepted']}"))
        for item in part.get("rubric", ()):
            OUT.print(Text(f"    {_points(item['points'])}: {readable(item['say'])}"))
        for one in part["mistakes"]:
            OUT.print(Text(f"    {one['shown']}  {' + '.join(one['ids'])}", style="dim"))


def worked(told: Mapping[str, Any]) -> None:
    """Print a worked solution."""
    OUT.print(Text(told["title"], style="bold") + Text(f"  ({_variant(told)})"))
    for part in told["parts"]:
        OUT.print(Text("\n") + _called(part) + Text(f"  {readable(part['prompt'])}"))
        for step in part["steps"]:
            OUT.print(Text(_indented(step)))
        if part["answer"]:
            OUT.print(Text("  answer: ", style="bold") + Text(part["answer"]))
    if told["words"]:
        OUT.print(Text(f"\n{readable(told['words'])}"))


def _indented(step: Mapping[str, Any]) -> str:
    """Return the text of a step, indented; wrap its lines unless they are columns."""
    lines = readable(step["text"]).splitlines()
    if step["data"]["type"] not in COLUMNS:
        lines = [piece for line in lines for piece in _wrapped(line)]
    return textwrap.indent("\n".join(lines), "    ")


def _wrapped(line: str) -> list[str]:
    """Wrap a long line; each side of an equation starts a new line."""
    if len(line) <= WIDTH:
        return [line]
    name, *sides = SIDES.split(line)
    pieces = [" ".join((name, *sides[:1])), *(f"  {side}" for side in sides[1:])]
    return [one for piece in pieces for one in textwrap.wrap(piece, WIDTH, subsequent_indent=HANG)]


def result(record: Mapping[str, Any], *, explain: bool = False) -> None:
    """Print the result of one answer; *explain* adds the key and the rule."""
    status = record["status"]
    line = Text(status.replace("_", " "), style=f"bold {COLOURS[status]}")
    if record["credit"] is not None:
        line += Text(f"  {record['score']} of {_points(record['points'])}")
    OUT.print(line)
    if record["read_as"]:
        OUT.print(Text(f"read as: {record['read_as']}"))
    OUT.print(Text(readable(record["feedback"])))
    if record.get("mistakes"):
        OUT.print(Text(f"mistake: {', '.join(record['mistakes'])}", style="dim"))
    for sentence in record["explanation"] if explain else ():
        OUT.print(Text(f"    {sentence}", style="dim"))


def replayed(found: Replayed) -> None:
    """Print the comparison of a record with its replay."""
    if found.error:
        fail(f"line {found.line}: {found.error}")
        return
    line = "same" if found.same else f"differs: {'; '.join(found.changes)}"
    other = f" (another {', '.join(found.versions)})" if found.versions else ""
    OUT.print(Text(f"{found.answer}: {line}{other}"))


def reading(record: Mapping[str, Any]) -> None:
    """Print how a text was read."""
    OUT.print(Text(str(record["read_as"])))
    for note in record["notes"]:
        ERR.print(Text(note, style="dim"))


def _variant(told: Mapping[str, Any]) -> str:
    return "original" if told["seed"] is None else f"seed {told['seed']}"


def _points(points: object) -> str:
    return f"{points} point{'' if points == 1 else 's'}"
