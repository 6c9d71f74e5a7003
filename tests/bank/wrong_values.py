"""Wrong values as students type them, each with the engine's diagnosis.

`wrong_values.jsonl` has one object per line: the answer to a part of an original
variant, how the student arrived at it, and the mistakes to be named. A slip lists none,
since it has no cause to report. A value with two causes at once lists both.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bank_catalog import CATALOG

from grader.grading.grade import grade
from grader.grading.result import PartResult
from grader.variants.variant import Variant, solve_variant
from problems.registry import REGISTRY

__all__ = ["VALUES", "Diagnosed", "diagnosed", "figures"]

FILE = Path(__file__).parent / "wrong_values.jsonl"
VALUES = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


@dataclass(frozen=True, slots=True)
class Diagnosed:
    value: dict
    result: PartResult

    @property
    def outcome(self) -> str:
        """The outcome of the diagnosis.

        With a known cause it is ``right``, ``wrong`` or ``unnamed``. For a slip it is
        ``slip named`` or ``slip unnamed``.
        """
        named, cause = set(self.result.mistakes), set(self.value["mistakes"])
        if not cause:
            return "slip named" if named else "slip unnamed"
        if not named:
            return "unnamed"
        return "right" if cause <= named else "wrong"


@cache
def _original(problem: str) -> Variant:
    return solve_variant(CATALOG.get(problem), None, REGISTRY)


def diagnosed() -> Iterator[Diagnosed]:
    for value in VALUES:
        part = value["part"]
        results = grade(_original(value["problem"]), {part: value["answer"]}, registry=REGISTRY)
        yield Diagnosed(value, next(one for one in results if one.part == part))


def figures() -> dict[str, float]:
    """Return the rates of the outcomes, among values with a cause, slips, and all values."""
    counted = Counter(one.outcome for one in diagnosed())
    caused = counted["right"] + counted["wrong"] + counted["unnamed"]
    slips = counted["slip named"] + counted["slip unnamed"]
    return {
        "named right": counted["right"] / caused,
        "unnamed": counted["unnamed"] / caused,
        "named wrong": counted["wrong"] / caused,
        "slips named": counted["slip named"] / slips,
        "wrongly named of all": (counted["wrong"] + counted["slip named"]) / (caused + slips),
    }
