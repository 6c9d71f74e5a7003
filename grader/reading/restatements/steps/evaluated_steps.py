"""Equations that use each other's results: ``L = (1 + 2)/2 = 1.5, exp(L) = 4.48``.

Every equation is computed again. The last one gives the value if it uses the results of the others.
"""

import re
from fractions import Fraction
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.restatements.rewriting import NUMBER, Rewriting, describe_dropped, parse_plain
from grader.reading.restatements.steps.functions import compute_function_value
from grader.reading.restatements.working.concluded_values import strip_marks_unless_doubtful
from grader.reading.screening.known_words import (
    abbreviates_question_word,
    find_long_stems,
    repeats_question_word,
)

CLAUSE: Final = lazy_regex(
    r"[;\n]\s*|,(?![0-9]{3}(?![0-9]))\s*|\.\s+(?=\S)|\s*(?:→|⇒|=>|->)\s*"
    r"|(?<!\w)(?:so|hence|thus|therefore|and|then|which\s+gives)(?!\w)[\s,:]*",
    re.IGNORECASE,
)
"""The end of a step."""
SIGN: Final = lazy_regex(r"=|≈")
RESULT: Final = lazy_regex(
    rf"(?P<value>[-−]?(?:{NUMBER}|\.[0-9]+))(?P<unit>\s?%|(?:\s?[^\W\d_]{{1,12}}){{0,2}})[\s.]*"
)
NAME: Final = lazy_regex(r"(?:.*[\s:])?(?P<name>[^\W\d_]\w{0,11})\s*")
FUNCTION_OF_NAME: Final = lazy_regex(
    r"\s*(?P<function>ln|log|sqrt|exp)\s*\(?\s*(?P<name>[^\W\d_]\w{0,11})\s*\)?\s*"
)
DIGIT: Final = lazy_regex(r"[0-9]")
LETTER: Final = lazy_regex(r"[^\W\d_]")
OPERATION: Final = lazy_regex(r"[0-9)]\s*[-+*/×·^²³]|[^\W\d_]{2,}\s*\(|(?:ln|log)\s*[0-9]|√|!")
MIN_STEPS: Final = 2


def keep_result_of_used_steps(text: str, question: str) -> Rewriting | None:
    """Return the value of the last equation of *text* if it uses the results before it.

    >>> keep_result_of_used_steps("L = (1 + 2)/2 = 1.5, exp(L) = 4.48", "").text
    '4.48'
    >>> keep_result_of_used_steps("L = (1 + 2)/2 = 1.5, exp(L) = 4.84", "")
    >>> keep_result_of_used_steps("a = 2*3 = 6, b = 4*5 = 20", "")
    """
    clauses = [clause.strip(" .") for clause in CLAUSE.split(strip_marks_unless_doubtful(text))]
    steps = _Steps()
    if not all(steps.add(clause) for clause in clauses if clause):
        return None
    last = steps.find_conclusion()
    if last is None or not label_fits_question(steps.label, question):
        return None
    return Rewriting(last, describe_dropped(text.removesuffix(last)), last)


class _Steps:
    """Results of the equations so far, which of them later equations use, and their names."""

    def __init__(self) -> None:
        self.named: dict[str, str] = {}
        self.inverses: dict[str, tuple[str, Fraction, Fraction]] = {}
        self.computed: list[Fraction] = []
        self.used: set[Fraction] = set()
        self.text, self.label = "", ""
        self.is_computed = False

    def add(self, clause: str) -> bool:
        """Add the equations of *clause*; return False if one is false or is no equation.

        Words alone may change the value, ``bias excluded``, so they are no step.
        """
        if not DIGIT.search(clause):
            return LETTER.search(clause) is None
        sides = [side.strip() for side in SIGN.split(clause)]
        result = RESULT.fullmatch(sides[-1])
        if len(sides) < MIN_STEPS or result is None:
            return False
        digits = parse_plain(result["value"].replace("−", "-"))
        value, step = Fraction(digits), Fraction(1, 10 ** len(digits.partition(".")[2]))
        name = NAME.fullmatch(sides[0])
        used, computes = self._check_sides(sides[:-1], value, step, percent="%" in result["unit"])
        if used is None:
            return False
        if name and name["name"] in self.inverses and not computes:
            function, inner, inner_step = self.inverses[name["name"]]
            outer = compute_function_value(f"{function}({digits})")
            if outer is None or abs(outer - inner) > 2 * inner_step:
                return False
            used, computes = {inner}, True
        self.used |= used
        self.text, self.label = sides[-1].strip(" ."), name["name"] if name else ""
        self.is_computed = computes and (bool(used) or not self.computed)
        if computes:
            self.computed.append(value)
        if function_of_name := FUNCTION_OF_NAME.fullmatch(sides[0]):
            self.inverses[function_of_name["name"]] = (function_of_name["function"], value, step)
        elif name:
            self.named[name["name"]] = digits
        return True

    def _check_sides(
        self, sides: list[str], value: Fraction, step: Fraction, *, percent: bool
    ) -> tuple[set[Fraction] | None, bool]:
        """Return the earlier results that *sides* use, and whether one of them computes.

        Instead of the results, return None if a side is false.
        """
        used: set[Fraction] = set()
        computes = False
        for side in sides:
            substituted = side
            for name, digits in sorted(self.named.items(), key=lambda item: -len(item[0])):
                pattern = rf"(?<![\w\\]){re.escape(name)}(?![\w(])"
                if re.search(pattern, substituted):
                    substituted = re.sub(pattern, f"({digits})", substituted)
                    used.add(Fraction(digits))
            result = compute_function_value(substituted.rpartition(":")[2])
            if result is None:
                continue
            scaled = result * 100 if percent and abs(result) <= 1 else result
            if abs(scaled - value) > (step if step < 1 else 0):
                return None, False
            operands = {Fraction(parse_plain(n)) for n in re.findall(NUMBER, substituted)}
            used |= operands & set(self.computed)
            computes = computes or OPERATION.search(substituted) is not None
        return used, computes

    def find_conclusion(self) -> str | None:
        """Return the last result if it is computed and all computed ones before it are used."""
        if not self.is_computed or len(self.computed) < MIN_STEPS:
            return None
        if not self.used.issuperset(self.computed[:-1]):
            return None
        return self.text


def label_fits_question(label: str, question: str) -> bool:
    """Return whether *label*, the name of the last result, is empty or fits the question."""
    lowered = label.lower()
    return (
        not label
        or not question
        or repeats_question_word(lowered, find_long_stems(question))
        or abbreviates_question_word(lowered, question)
        or re.search(rf"(?<![^\W_]){re.escape(label)}(?![^\W_])", question) is not None
    )
