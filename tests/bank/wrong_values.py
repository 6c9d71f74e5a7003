"""Wrong values as students type them, each with what the engine names for it.

`wrong_values.jsonl` has one object a line: the answer to a part of an original variant, how the
student came to it, and the mistakes that are to be named; none for a slip, which has no cause that
could be told. A value with two causes at once lists both.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bank_at_hand import CATALOGUE

from grader.grading.grade import grade
from grader.grading.result import PartResult
from grader.variants.variant import Variant, solve_variant
from problems.registry import REGISTRY

__all__ = ["VALUES", "Diagnosed", "diagnosed", "figures"]

FILE = Path(__file__).parent / "wrong_values.jsonl"
VALUES = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """A wrong value with its result."""

    value: dict
    result: PartResult

    @property
    def outcome(self) -> str:
        """How the cause was found: of a cause ``right``, ``wrong``, ``unnamed``; else of a slip."""
        named, cause = set(self.result.mistakes), set(self.value["mistakes"])
        if not cause:
            return "slip named" if named else "slip unnamed"
        if not named:
            return "unnamed"
        return "right" if cause <= named else "wrong"


@cache
def _original(problem: str) -> Variant:
    return solve_variant(CATALOGUE.get(problem), None, REGISTRY)


def diagnosed() -> Iterator[Diagnosed]:
    """Yield every value with its result."""
    for value in VALUES:
        part = value["part"]
        results = grade(_original(value["problem"]), {part: value["answer"]}, registry=REGISTRY)
        yield Diagnosed(value, next(one for one in results if one.part == part))


def figures() -> dict[str, float]:
    """Return the shares of the values with a cause, of the slips, and of them all."""
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
