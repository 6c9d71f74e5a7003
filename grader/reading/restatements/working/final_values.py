"""The last value of a text with working, if the numbers before it give that value.

In ``4 per cell, 196 in all`` and ``6 of 12 are right: 50 %`` arithmetic proves which number is the
result. Texts that weigh or take back a value are left to be refused.
"""

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations
from math import prod
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.restatements.rewriting import (
    NUMBER,
    PLAIN_NUMBER,
    Rewriting,
    compute_value,
    describe_dropped,
    find_plain_numbers,
    parse_plain,
)
from grader.reading.restatements.spelled_numbers import WORDS
from grader.reading.screening.working import QUALIFIED_LABEL
from grader.reading.wording.meaning_words import HEDGE

SEPARATOR: Final = lazy_regex(
    r"[;:]\s|\.\s+(?=[^\s])|,\s|\n|=>|->|→|⇒|=|≈"
    r"|(?<!\w)(?:so|hence|thus|therefore|i\.e\.|that\s+is|which\s+is|together|altogether|gives|makes|leaves)(?!\w)"
)
"""Signs and words between two clauses."""
BREAK: Final = lazy_regex(
    r"[;\n]|\.\s|,\s|(?<!\w)(?:so|hence|thus|therefore|i\.e\.|which\s+is)(?!\w)"
)
"""Signs and words before the clause of the result, whose words are judged."""
TAIL: Final = lazy_regex(
    rf"(?P<words>[^0-9]*?)(?P<value>[-−]?{NUMBER}\s?(?:%|per\s?cent(?!\w)|[^\W\d_]{{0,12}}))(?P<rest>[^0-9=≈,;]*)\Z"
)
WHOLE: Final = lazy_regex(
    r"(?<!\w)(?:together|altogether|in\s+all|in\s+total|total|overall)(?!\w)", re.IGNORECASE
)
FOR_ALL: Final = lazy_regex(r"\s+for\s+(?:both|all)(?:\s+of\s+them)?(?!\w)", re.IGNORECASE)
"""Words behind a sum, which say that it is one."""
THEREFORE: Final = lazy_regex(r"(?<!\w)(?:so|hence|thus|therefore)(?!\w)|→|⇒|->|=>")
RESULT: Final = rf"[=≈]\s{{0,9}}({NUMBER})(?![.,]?[0-9])"
DOUBT: Final = lazy_regex(
    r"\?|(?<![^\W_])(?:edit|sorry|wait|actually|rather|wrong|but|correction|corrected|vs|versus|oops|no"
    r"|without|except|excluding|if|unless|between|instead|approx\w*)(?![^\W_])",
    re.IGNORECASE,
)
SHARED: Final = lazy_regex(r"(?<!\w)(?:per|each|every)(?!\w)")
LINE_LABEL: Final = lazy_regex(r"^[^:\n]{1,40}:[^\n]*$", re.MULTILINE)
"""A line with a label, as in the totals of a model; one is the whole text."""
INDEXED_LABEL: Final = lazy_regex(r"(?<!\w)[^\W\d_]+\s?[0-9]{1,2}\s?[:=]\s?\Z")
"""A numbered thing, ``layer 2:``, whose value is not the result of the others."""
WORKING: Final = lazy_regex(r"[^\W\d_]{2}|[=→⇒+*/×·]")
"""Anything that a bare list of numbers does not have."""
BARE_FIRST: Final = lazy_regex(rf"\W*{NUMBER}\s?%?[,;]\s(?![-0-9(])")
"""A value that stands alone at the beginning."""
NUMBER_WORD: Final = lazy_regex(
    r"(?<![\w-])(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)(?![\w-])",
    re.IGNORECASE,
)
MAX_NUMBERS: Final = 10
MIN_NUMBERS: Final = 2
UNIT_FACTORS: Final = tuple(Fraction(size) for size in (1000, 1024, 100))


def weighs_or_retracts_value(text: str) -> bool:
    """Return whether *text* weighs or takes back a value.

    >>> [weighs_or_retracts_value(text) for text in ("probably 5", "5, no 6", "2 + 3 = 5")]
    [True, True, False]
    """
    return bool(DOUBT.search(text) or HEDGE.search(text.lower()))


def keep_supported_value(text: str, question: str) -> Rewriting | None:
    """Return the last value of *text* if the numbers before it give it; else None.

    >>> keep_supported_value("4 per cell, 196 in all", "").text
    '196 in all'
    >>> keep_supported_value("conv 864, blocks 100 ⇒ 964", "").text
    '964'
    >>> keep_supported_value("conv 864, blocks 100 ⇒ 965", "")
    """
    plain = text.replace("**", "").strip(" \t\n$")
    if weighs_or_retracts_value(plain) or len(LINE_LABEL.findall(plain)) > 1:
        return None
    starts = [match.end() for match in SEPARATOR.finditer(plain)]
    for start in reversed(starts):
        tail = TAIL.match(plain, start)
        if tail is not None:
            break
    else:
        return None
    head = plain[:start]
    if INDEXED_LABEL.search(head) or not WORKING.search(head) or THEREFORE.search(tail["rest"]):
        return None
    numbers = find_plain_numbers(head)
    last = re.search(NUMBER, tail["value"])
    if last is None or not numbers:
        return None
    value = _Value(tail["value"], last[0])
    if not BREAK.search(head) and _is_last_result(value, head):
        return None  # one equation, of which the value before its rounding counts
    if BARE_FIRST.match(plain) and numbers[:1] != [value.number]:
        return None  # another value is given first
    whole = WHOLE.search(tail[0]) or WHOLE.search(head[-20:])
    is_total = whole and not SHARED.search(question) and _is_multiple(value, numbers)
    if not is_total and not _is_supported(value, head, numbers):
        return None
    clause = [match.end() for match in BREAK.finditer(plain, 0, start)]
    screened = _find_words_to_screen(plain, clause[-1] if clause else 0, start)
    value_text = FOR_ALL.sub(" ", f"{tail['value']}{tail['rest']}").strip(" ,;.")
    dropped = describe_dropped(plain[: tail.start("value")])
    return Rewriting(value_text, dropped, FOR_ALL.sub(" ", screened))


def _is_supported(value: "_Value", head: str, numbers: Sequence[Fraction]) -> bool:
    """Return whether *numbers*, those of *head*, give *value*, or *head* ends with it."""
    if _is_computed(value, numbers) or _is_computed(value, _find_all_numbers(head)):
        return True
    repeats = value.number == numbers[-1] and "(" not in head and THEREFORE.search(head[-12:])
    return _is_last_result(value, head) or bool(repeats)


def _find_all_numbers(text: str) -> list[Fraction]:
    """Return the numbers of *text* in order, those in words included."""
    return find_plain_numbers(NUMBER_WORD.sub(lambda word: WORDS[word[0].lower()], text))


def _find_words_to_screen(text: str, clause_start: int, start: int) -> str:
    """Return the words of the last clause of *text* that may change the value behind *start*."""
    if clause_start and text[:start].rstrip()[-1:] == ":":
        return text[clause_start:]
    qualifier = QUALIFIED_LABEL.match(text, clause_start, start)
    return f"{qualifier[0] if qualifier else ''} {text[start:]}"


class _Value:
    """The last number *digits* in its text: its value, and one unit of its last place."""

    def __init__(self, text: str, digits: str) -> None:
        plain = parse_plain(digits)
        self.number = Fraction(plain)
        self.step = Fraction(1, 10 ** len(plain.partition(".")[2]))
        self.percent = "%" in text or "cent" in text
        self.has_unit = text[-1:].isalpha()
        self.decimal = "." in plain

    def equals(self, result: Fraction, *, rounded: bool) -> bool:
        """Return whether *result*, a share for a percentage, is this value or rounds to it."""
        scaled = result * 100 if self.percent and result <= 1 else result
        if not rounded or not self.decimal:
            return scaled == self.number
        return 2 * abs(scaled - self.number) <= self.step


def _is_computed(value: _Value, numbers: Sequence[Fraction]) -> bool:
    """Return whether one operation on some of the last *numbers* gives *value*."""
    nearest = numbers[-MAX_NUMBERS:]
    if value.has_unit and any(
        value.equals(converted, rounded=True)
        for factor in UNIT_FACTORS
        for converted in (nearest[-1] * factor, nearest[-1] / factor)
    ):
        return True
    if len(nearest) >= MIN_NUMBERS and any(
        value.equals(result, rounded=True) for result in _combine_pairs(nearest)
    ):
        return True
    sizes = range(MIN_NUMBERS + 1, len(nearest) + 1)
    sums = (sum(chosen) for size in sizes for chosen in combinations(nearest, size))
    if any(value.equals(Fraction(result), rounded=False) for result in sums):
        return True
    windows = (nearest[-size:] for size in sizes)
    return any(value.equals(Fraction(prod(window)), rounded=False) for window in windows)


def _combine_pairs(numbers: Sequence[Fraction]) -> Iterator[Fraction]:
    for left, right in combinations(numbers, 2):
        yield from (left + right, left - right, right - left)
        if 1 in {left, right}:
            continue  # a factor of 1 proves nothing
        yield left * right
        yield from ([left / right] if right else [])
        yield from ([right / left] if left else [])


def _is_multiple(value: _Value, numbers: Sequence[Fraction]) -> bool:
    """Return whether *value* is a multiple of the only one of *numbers*."""
    number = numbers[0]
    if len(numbers) > 1 or number <= 1:
        return False
    return value.number != number and (value.number / number).denominator == 1


def _is_last_result(value: _Value, head: str) -> bool:
    """Return whether the working at the end of *head* computes *value*: ``…; rest: 272 - 72 =``."""
    working = head.rstrip(" =≈")
    if working == head.rstrip():
        return False
    cuts = [match.end() for match in re.finditer(r"[;:]\s|,\s|\.\s|\n", working)]
    computation = working[cuts[-1] if cuts else 0 :]
    result = compute_value(computation)
    if result is None:
        return False
    operands = set(find_plain_numbers(computation))
    before = working[: cuts[-1] if cuts else 0]
    results = re.findall(RESULT, before) if "=" in before else PLAIN_NUMBER.findall(before)
    earlier = {Fraction(parse_plain(number)) for number in results}
    used = not operands.isdisjoint(earlier) or not earlier
    return used and value.equals(result, rounded=True)
