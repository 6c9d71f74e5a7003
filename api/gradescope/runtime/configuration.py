"""Configuration of an archive: the assignment as its author set it, with the secret of variants."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from api.gradescope.runtime.choices import VariantPolicy, Visibility
from grader.policy import SubmissionRules, Timeline
from grader.reading import NumberStyle

CONFIGURATION_FILE: Final = "assignment.json"
PROBLEMS_FOLDER: Final = "problems"
FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class ArchiveProblem:
    """A problem of the assignment under its *name*.

    *problem* is the id of its file. *points* replaces the sum of its parts (None: the sum).
    *seeds* are the published seeds, empty for a problem without drawn numbers.
    """

    name: str
    problem: str
    points: Fraction | None
    seeds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Configuration:
    """An assignment: its problems, and the rules that the archive applies.

    *secret* decides the variants. *attempts* are allowed at each part (None: no limit), and
    *by_attempt* is the credit that is left at the first, second, ... attempt.
    """

    title: str
    secret: str
    problems: tuple[ArchiveProblem, ...]
    variants: VariantPolicy = "each"
    visibility: Visibility = "visible"
    attempts: int | None = None
    by_attempt: tuple[Fraction, ...] = ()
    numbers: NumberStyle | None = None

    @property
    def rules(self) -> SubmissionRules:
        """The rules of attempts; Gradescope itself holds the deadline."""
        return SubmissionRules((Timeline(),), attempts=self.attempts, by_attempt=self.by_attempt)

    def to_text(self) -> str:
        """Return the configuration as the JSON text that `load_configuration` reads."""
        data = {"format": FORMAT, **asdict(self)}
        return f"{json.dumps(data, indent=1, default=str, ensure_ascii=False)}\n"


def load_configuration(folder: Path) -> Configuration:
    """Return the configuration in *folder*."""
    return parse_configuration((folder / CONFIGURATION_FILE).read_text(encoding="utf-8"))


def parse_configuration(text: str) -> Configuration:
    """Return the configuration that `Configuration.to_text` wrote; else raise `ValueError`."""
    data = json.loads(text)
    if not isinstance(data, dict) or data.pop("format", None) != FORMAT:
        raise ValueError("this is not a configuration of this version")
    problems = tuple(_parse_problem(entry) for entry in data.pop("problems"))
    by_attempt = tuple(Fraction(share) for share in data.pop("by_attempt"))
    return Configuration(problems=problems, by_attempt=by_attempt, **data)


def _parse_problem(entry: Mapping[str, Any]) -> ArchiveProblem:
    points = entry["points"]
    return ArchiveProblem(
        entry["name"],
        entry["problem"],
        None if points is None else Fraction(points),
        tuple(entry["seeds"]),
    )
