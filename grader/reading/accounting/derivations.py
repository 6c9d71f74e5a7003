"""Values that follow from all other numbers of their text: ``80 layers, five of them change: 75``.

The numbers of a text are followed from left to right. Each is displayed by the question, or follows
from those before it, or is used by those behind it. If all lead to the last number, it is the
value. Texts that weigh or take back a value are left to be refused.
"""

import math
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Final

from grader.reading.accounting.text_numbers import Step, find_steps, flatten_markup
from grader.reading.restatements.rewriting import Rewriting, describe_dropped
from grader.reading.restatements.working.final_values import QUALIFIED_LABEL, is_doubtful
from grader.reading.restatements.working.prose_results import is_one_of_several

MAX_STEPS: Final = 24
MIN_STEPS: Final = 2
ROUNDING_TOLERANCE: Final = Fraction(1, 1000)
"""Relative difference that rounded numbers in a computation may cause."""
MAX_EXPONENT: Final = 100
MIN_PRODUCT: Final = 20
"""Least number that an operation on two displayed numbers proves to be a result."""
MIN_FIGURES: Final = 100
"""Least number that one operation with a displayed number proves to be a result."""
SENTENCE: Final = re.compile(r"[;\n→⇒]|->|[.,]\s")
"""Signs before the clause of a value."""
LAST_WORDS: Final = re.compile(r"[^0-9;:,=≈→⇒(]*\Z")
"""The words directly before the value."""
LEADS: Final = re.compile(
    r"(?:[;:,\n=≈→⇒]|->|\.\s|(?<!\w)(?:is|are|makes?|gives?|equals?|leaves?|yields?|have|has|gets?|so|hence|thus"
    r"|therefore|together|altogether|exactly))\s*\Z",
    re.IGNORECASE,
)
"""A sign or word directly before a value."""
SHARED: Final = re.compile(r"(?<!\w)(?:per|each|every)(?!\w)", re.IGNORECASE)
"""A word behind a factor whose other factor the question displays."""
BEHIND: Final = re.compile(r"\s?(?:%|[^\W\d_]{1,20})?(?:\s[^\W\d_]{1,20})?[\s.!]*\Z")
"""What may follow the last number: a unit or the things that it counts."""
NEGATIVE: Final = re.compile(r"(?:\A|[\s=≈(])[-−]\Z")
POWER_OF_E: Final = re.compile(r"e\^|(?<!\w)exp(?!\w)", re.IGNORECASE)
CONTRADICTION: Final = re.compile(
    r"\?|(?<![^\W_])(?:not|never|other|thought|tried|possibly|background|respectively|vs|otherwise|though)(?![^\W_])",
    re.IGNORECASE,
)
"""Words after which the numbers of a text may belong to another value."""


def keep_derived_value(
    text: str, question: str, *, displayed: frozenset[Fraction] = frozenset()
) -> Rewriting | None:
    """Return the last number of *text* if all others lead to it; else None.

    *displayed* are the numbers of the question, which need not be used.

    >>> keep_derived_value("160 / 2 -> 80 layers, five of them change: 75", "").text
    '75'
    >>> keep_derived_value("160 / 2 -> 80 layers, five of them change: 76", "")
    """
    del question
    plain = flatten_markup(text)
    if is_doubtful(plain) or CONTRADICTION.search(plain):
        return None
    steps = find_steps(plain)
    if not MIN_STEPS <= len(steps) <= MAX_STEPS:
        return None
    last = steps[-1]
    if last.operands or last.spelled or not LEADS.search(plain[: last.start]):
        return None
    if is_one_of_several(plain) or not BEHIND.match(plain, last.end):
        return None
    if _is_answer(plain, steps[0], displayed):
        return None
    ledger = Ledger(plain, displayed)
    if not all(ledger.enter(step) for step in steps):
        return None
    if ledger.unused != [last.value] or not ledger.derived:
        return None
    return _rewrite(plain, last)


def _is_answer(text: str, first: Step, displayed: frozenset[Fraction]) -> bool:
    """Return whether *text* begins with a value that may be meant as the answer."""
    if first.operands or first.spelled or text[: first.start].strip(" \t\n-*("):
        return False
    behind = text[first.end :].lstrip()
    return first.value not in displayed and not behind.startswith(("=", "≈", "→", "->"))


def _rewrite(text: str, value: Step) -> Rewriting:
    """Return the rewriting to *value* and the words behind it."""
    breaks = [match.end() for match in SENTENCE.finditer(text, 0, value.start)]
    label = QUALIFIED_LABEL.match(text, breaks[-1] if breaks else 0, value.start)
    label = label or LAST_WORDS.search(text, 0, value.start)
    words = label[0] if label else ""
    sign = "-" if NEGATIVE.search(text, 0, value.start) else ""
    value_text = f"{sign}{text[value.start :]}".strip(" ,;.\n")
    return Rewriting(value_text, describe_dropped(text[: value.start]), f"{words}{value_text}")


class Ledger:
    """The numbers of a text that nothing behind them has used yet.

    *displayed* are the numbers that the question displays.
    """

    def __init__(self, text: str, displayed: frozenset[Fraction]) -> None:
        self.text = text
        self.displayed = displayed
        self.unused: list[Fraction] = []
        self.optional: list[Fraction] = []
        self.derived = False

    def enter(self, step: Step) -> bool:
        """Enter a number or a computation; return whether it may stand where it does."""
        if step.operands:
            if step.restates and self.unused:
                self.unused.pop()  # the next link of a chain
            for operand in step.operands:
                self._use(operand)
            self.unused.append(step.value)
            self.derived = True
            return True
        if step.restates and self.unused:
            return self._restate(step)
        used = self._find_source(step)
        if used is not None:
            for value in used:
                self._use(value)
            self.unused.append(step.value)
            self.derived = True
        elif step.value in self.displayed or step.spelled:
            self.optional.append(step.value)
        else:
            self.unused.append(step.value)
        return True

    def _restate(self, step: Step) -> bool:
        """Replace the last result by the number behind its sign of equality."""
        result = self.unused[-1]
        exact = result.denominator == 1 and not step.unit
        slack = max(step.unit or Fraction(1), abs(result) * ROUNDING_TOLERANCE)
        if abs(result - step.value) > (0 if exact else slack):
            return False
        self.unused[-1] = step.value
        return True

    def _use(self, value: Fraction) -> None:
        for values in (self.unused, self.optional):
            if value in values:
                values.remove(value)
                return

    def _find_source(self, step: Step) -> Sequence[Fraction] | None:
        """Return the numbers from which that of *step* follows; None if it does not."""
        unused = self.unused
        if len(unused) > 1 and _is_among(_combine_all(unused), step):
            return tuple(unused)
        if unused and self._follows_alone(unused[-1], step):
            return unused[-1:]
        if not unused:
            return self._find_displayed_source(step)
        for number in reversed(unused):
            for other in reversed([*self.optional, *unused]):
                if other is not number and _is_among(_combine(number, other), step):
                    return (number, other)
        return self._find_shared_source(unused[-1], step)

    def _find_shared_source(self, number: Fraction, step: Step) -> Sequence[Fraction] | None:
        """Return *number* if ``number per thing`` times a displayed number gives that of *step*."""
        if step.value < MIN_FIGURES or not SHARED.search(self.text):
            return None
        multiples = {number * known for known in self.displayed if known > 1}
        return (number,) if step.value in multiples else None

    def _find_displayed_source(self, step: Step) -> Sequence[Fraction] | None:
        """Return the displayed numbers of the text from which that of *step* follows."""
        if len(self.optional) < MIN_STEPS:
            return self._find_shared_source(self.optional[0], step) if self.optional else None
        for pair in pairwise(self.optional) if step.value >= MIN_PRODUCT else ():
            if _is_among(_combine(*pair), step):
                return pair
        product = math.prod(self.optional, start=Fraction(1))
        return tuple(self.optional) if product == step.value else None

    def _follows_alone(self, value: Fraction, step: Step) -> bool:
        """Return whether *step* is *value*, also rounded, in percent, or as the exponent of e."""
        if step.value == value:
            return True
        if step.unit == 0 and value.denominator > 1 and abs(step.value - value) < 1:
            return True
        if step.percent and _agree(value * 100, step):
            return True
        if POWER_OF_E.search(self.text) and value < MAX_EXPONENT:
            return _agree(Fraction(math.exp(value)), step, slack=Fraction(1, 500))
        return False


def _combine(left: Fraction, right: Fraction) -> Iterator[Fraction]:
    yield from (left + right, abs(left - right))
    if 1 in {left, right}:
        return  # a factor of 1 proves nothing
    yield left * right
    yield from ([left / right] if right else [])
    yield from ([right / left] if left else [])


def _combine_all(values: Sequence[Fraction]) -> Iterator[Fraction]:
    yield sum(values, Fraction(0))
    yield math.prod(values, start=Fraction(1))
    largest = max(values)
    yield 2 * largest - sum(values, Fraction(0))
    if len(values) == MIN_STEPS:
        yield from _combine(values[0], values[1])


def _is_among(results: Iterator[Fraction], step: Step) -> bool:
    return any(_agree(result, step) for result in results)


def _agree(result: Fraction, step: Step, slack: Fraction = Fraction(0)) -> bool:
    """Return whether *result* is the number of *step*, or rounds to it."""
    return 2 * abs(result - step.value) <= step.unit + 2 * slack * abs(step.value)
