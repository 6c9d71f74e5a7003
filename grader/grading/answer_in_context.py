"""Answer in the context of its part: its comparison with keys, and its results."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final, NamedTuple

from grader.definitions.problem import Status
from grader.grading.context import PartContext
from grader.grading.result import DecidingRule, PartResult
from grader.kinds.base import RIGHT, Judgement
from grader.reading import RawAnswer, Reading
from grader.values import Value

NO_CREDIT: Final = Fraction(0)
REVIEW_MESSAGE: Final = "A TA grades this part."
FAILURE_MESSAGE: Final = "The key could not be computed. A TA grades this part."


class AnswerInContext(NamedTuple):
    """Reading of an answer in the context of its part, with the values that the student carries."""

    context: PartContext
    typed: RawAnswer
    reading: Reading[Any]
    carried: Mapping[str, Value]

    def judge(self, key: Value | None) -> Judgement:
        """Return the comparison of the answer with *key*."""
        return self.context.kind.judge(
            self.reading, key, self.context.part, self.context.student_scope
        )

    def build_result(
        self,
        status: Status,
        credit: Fraction | None,
        rule: DecidingRule,
        *,
        hint: str,
        carries: bool = True,
        mistakes: tuple[str, ...] = (),
        judgement: Judgement = RIGHT,
        counted_key: Value | None = None,
    ) -> PartResult:
        """Return the result of the part, with the reading; *judgement* has its cells."""
        part, reading = self.context.part, self.reading
        value = self.context.kind.carried_value(reading)
        return PartResult(  # positional, because keywords take as long as all the rest
            part.id,
            status,
            credit,
            part.points,
            reading.text,
            reading.notes,
            mistakes,
            hint,
            None,
            value if carries else None,
            judgement.cells,
            "",
            self.typed,
            reading.text if value is None else value,
            rule,
            counted_key,
            judgement.first_wrong,
            self.carried,
        )

    def build_review_result(self, failure: str) -> PartResult:
        """Return the result of a part whose key or form could not be computed."""
        result = self.build_result(
            "needs_review", None, "failure", hint=FAILURE_MESSAGE, carries=False
        )
        return result._replace(reason=failure)
