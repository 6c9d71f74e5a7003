"""Kind whose answer is a percentage: `percent`."""

import re
from dataclasses import replace
from typing import ClassVar, Final, Literal

from grader.display.mathml import quantity_element
from grader.display.text import to_text
from grader.expressions.evaluate import Scope
from grader.kinds.base import SampleAnswers
from grader.kinds.numbers import ScalarKind, ScalarPart
from grader.lazy_regex import lazy_regex
from grader.reading import RawAnswer, Reading, read_number
from grader.reading.restatements.pipelines import PERCENT_REWRITERS
from grader.values import Number, Value, absolute_value, is_number

PERCENTAGE_POINTS: Final = lazy_regex(
    r"(?<=[0-9])\s*(?:(?:percent(?:age)?|%)[\s-]?)?(?:points?|pp)(?!\w)", re.IGNORECASE
)
"""A unit of a difference of percentages, as good as a percent sign behind the difference."""


class PercentPart(ScalarPart):
    """A number in percent: ``86%`` and ``86`` both mean eighty-six percent."""

    kind: Literal["percent"]


class PercentKind(ScalarKind[PercentPart]):
    """Kind of a percentage; the key is in percent too."""

    part: ClassVar[type[PercentPart]] = PercentPart
    has_decimals = True
    rewriters = PERCENT_REWRITERS
    hint = "A percentage, such as 86 or 86%. A number below 1 needs the percent sign."
    example = "86%"

    def read(self, typed: RawAnswer, part: PercentPart, scope: Scope) -> Reading[Number]:
        """Return the percentage."""
        del part, scope
        if isinstance(typed, str):
            typed = type(typed)(PERCENTAGE_POINTS.sub("%", typed))
        return read_number(typed, percent=True)

    def to_mathml(self, value: Number, part: PercentPart, scope: Scope) -> str:
        """Return the number with its percent sign."""
        del part, scope
        return quantity_element(value, "%")

    def build_samples(self, part: PercentPart, key: Value | None) -> SampleAnswers:
        """Return answers near and far; keys up to 1 need the sign, because they could be shares."""
        samples = super().build_samples(part, key)
        if not is_number(key) or absolute_value(key) > 1:
            return samples
        return replace(samples, right=(f"({to_text(key)})%",))
