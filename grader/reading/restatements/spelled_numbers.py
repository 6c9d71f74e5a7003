"""Numbers in words, ``nine cells`` and ``twice as many``, in an answer without digits."""

import re
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.restatements.rewriting import Rewriting

_UNITS: Final = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
]
WORDS: Final = {word: str(number) for number, word in enumerate(_UNITS)} | {
    "half": "1/2",
    "third": "1/3",
    "quarter": "1/4",
    "twice": "2",
    "double": "2",
    "thrice": "3",
}
SPELLED: Final = lazy_regex(rf"(?<![\w-])(?:{'|'.join(WORDS)})(?![\w-])", re.IGNORECASE)
FRACTION: Final = lazy_regex(
    r"(?<![\w-])(?:one|an?)[\s-](?=(?:half|third|quarter)(?![\w-]))", re.IGNORECASE
)
PRONOUN: Final = lazy_regex(r"[^\W\d_]+\s+\Z(?<!\bis\s)(?<!\bonly\s)(?<!\bjust\s)", re.IGNORECASE)
"""A word before ``one`` that makes it a pronoun: ``the second one``."""
MULTIPLE: Final = lazy_regex(
    r"\s*(?:times\s*)?(?:as\s+(?:many|much|large|big|long|high|wide))?(?:\s+as\s+.*)?\s*\Z"
)
SYMBOL: Final = lazy_regex(
    r"[0-9\[\]{}()=+*/^<>|\\]|\b(?:of|about|around|roughly|approx\w*|nearly|almost|over|under)\b",
    re.IGNORECASE,
)


def spell_out(text: str, question: str) -> Rewriting | None:
    """Return *text* with its only number in digits; None if it has digits or several numbers.

    >>> spell_out("nine cells", "").text, spell_out("twice as many", "").text
    ('9 cells', '2')
    """
    del question
    if SYMBOL.search(text):
        return None
    plain = FRACTION.sub("", text)
    numbers = list(SPELLED.finditer(plain))
    if len(numbers) != 1:
        return None
    number = numbers[0]
    if number[0].lower() == "one" and PRONOUN.search(plain, 0, number.start()):
        return None
    before, after = plain[: number.start()], plain[number.end() :]
    if MULTIPLE.match(after):
        after = ""
    digits = f"{before}{WORDS[number[0].lower()]}{after}".strip()
    return Rewriting(digits, (f"'{number[0]}' was read as {WORDS[number[0].lower()]}.",), digits)
