"""Wrapping of an answer that says nothing about it: greetings, thanks, HTML tags, JSON, comments.

Each character is replaced by a blank, so that positions stay the same.
"""

import re
from typing import Final, NamedTuple

from grader.lazy_regex import lazy_regex
from grader.reading.grammar.errors import truncate_line
from grader.reading.grammar.vocabulary import NOTATION


class Unwrapped(NamedTuple):
    """A text without its wrapping, and notes on the words that were dropped."""

    text: str
    notes: tuple[str, ...]


PLAIN_NUMBERS: Final = lazy_regex(r"[\d\s.,;()\[\]×*/+=&\\$-]*")
"""Characters of numbers and arrays, with none of which any wrapping begins."""
TAG: Final = lazy_regex(
    r"</?(?:b|i|u|em|strong|p|span|div|code|pre|br|mark|font|tt|kbd)(?:\s[^<>\n]{0,80})?/?>",
    re.IGNORECASE,
)
ENTITY: Final = lazy_regex(r"&nbsp;")
FENCE: Final = lazy_regex(r"^[ \t]*```[ \t]*[A-Za-z]*[ \t]*$", re.MULTILINE)
_NAME: Final = r"[A-ZÄÖÜ][\w-]{1,20}"
GREETING: Final = lazy_regex(
    rf"\A\s*(?:hi|hello|hey|good\s+(?:morning|afternoon|evening|day)|dear)(?![\w])(?:\s+(?:all|there|everyone|team|TA|TAs|prof(?:essor)?\.?|Dr\.?|Sir|Madam|or|{_NAME}))*\s*[,!.:-]*(?=\s)",
    re.IGNORECASE,
)
THANKS: Final = lazy_regex(
    r"(?<![\w])(?:many\s+)?(?:thanks|thank\s+you|thx|cheers)(?![\w])(?:\s+(?:you|in\s+advance|a\s+lot|so\s+much|very\s+much|for\s+(?:grading|reading|checking|your\s+(?:time|help|feedback))))*\s*[!.,]*",
    re.IGNORECASE,
)
CLOSING: Final = lazy_regex(
    rf"[\s,.;](?:(?:kind|best|warm|many)\s+)?(?:regards|greetings|wishes)\s*[,!.]?(?:\s+{_NAME}){{0,3}}[\s.!]*\Z|[\s,.;]best\s*,\s*{_NAME}(?:\s+{_NAME})?\s*\Z|[\s,.;](?:yours\s+)?sincerely\s*,?(?:\s+{_NAME}){{0,3}}[\s.!]*\Z",
    re.IGNORECASE,
)
PLEASE: Final = lazy_regex(
    r"(?<![\w])(?:please|pls)(?:\s+(?:accept|see|take|find|count))?(?![\w])(?:\s+this)?\s*[:,]?",
    re.IGNORECASE,
)
SMILEY: Final = lazy_regex(r"(?:(?<=\s)|\A)(?:[:;]-?[)D(P]|[\U0001F300-\U0001FAFF☺♥])(?=\s|\Z)")
EXCLAMATION: Final = lazy_regex(r"(?:(?<=[^\W\d_])|(?<=\s))!+(?=\s|\Z)")
COMMENT_MARK: Final = lazy_regex(
    r"^[ \t]*(?:#{1,3}|//)[ \t]+(?=\S)|(?<=\S)[ \t]+(?:#|//)[ \t]*(?=[^\W\d_])", re.MULTILINE
)
"""The mark of a comment or a heading; its words stay to be judged."""
PRINT_CALL: Final = lazy_regex(
    r"\A\s*(?:print\s*\([^\n]*\)|In\s*\[[0-9]*\]:[^\n]*)[ \t]*\n(?=\s*\S)"
)
RECORD: Final = lazy_regex(
    r"""\s*\{\s*["']?[A-Za-z]\w{0,30}["']?\s*:\s*(?P<quote>["']?)(?P<value>[^{}:"'\n]{1,200})(?P=quote)\s*\}\s*"""
)
BOXED: Final = lazy_regex(r"\\(?:boxed|fbox)\s*\{(?P<inside>.*)\}(?=[\s.$)\]\\]*\Z)", re.DOTALL)
TICKED: Final = lazy_regex(r"\s*`(?P<inside>[^`\n]+)`[\s.]*")
COURTESIES: Final = (GREETING, THANKS, CLOSING, PLEASE)


def strip_typesetting_and_comments(text: str, *, comments: bool = True) -> Unwrapped:
    """Return *text* without its wrapping; without *comments* their marks stay.

    >>> strip_typesetting_and_comments("Hi, <b>42</b>. Thanks!").text.split()
    ['42', '.']
    >>> strip_typesetting_and_comments('{"answer": 42}').text.strip()
    '42'
    """
    if PLAIN_NUMBERS.fullmatch(text) or PLAIN_NUMBERS.fullmatch(NOTATION.sub("", text)):
        return Unwrapped(text, ())
    notes = []
    if "<" in text:
        text = TAG.sub(_blank_out, text)
    if "&nbsp;" in text:
        text = ENTITY.sub(_blank_out, text)
    if "```" in text:
        text = FENCE.sub(_blank_out, text)
    if "`" in text and (ticked := TICKED.fullmatch(text)):
        text = _blank_around(text, ticked)
    if "box{" in text or "boxed" in text:
        text = BOXED.sub(lambda boxed: _blank_around(boxed[0], boxed), text)
    if "{" in text and (record := RECORD.fullmatch(text)):
        text = f"{' ' * record.start('value')}{record['value']}".ljust(len(text))
    for courtesy in COURTESIES:
        words = (match[0].strip(" ,.;!:") for match in courtesy.finditer(text))
        notes += [f"'{truncate_line(phrase)}' was ignored." for phrase in words]
        text = courtesy.sub(_blank_out, text)
    for mark in (SMILEY, EXCLAMATION, PRINT_CALL):
        text = mark.sub(_blank_out, text)
    if comments and ("#" in text or "//" in text):
        text = COMMENT_MARK.sub(_blank_out, text)
    return Unwrapped(text, tuple(notes))


def blank_label(text: str, label: str) -> str:
    """Return *text* with a leading *label* and ``=`` or ``:`` as blanks.

    >>> blank_label("height = 30", "height")
    '         30'
    """
    before, _, rest = text.partition(label)
    sign = rest.lstrip()[:1]
    if not sign or sign not in "=:" or before.strip():
        return text
    value = rest.lstrip()[1:]
    return value.rjust(len(text)) if value.strip(" =") and value[0] != "=" else text


def _blank_around(text: str, match: re.Match[str]) -> str:
    """Return *text*, which is all of *match*, with blanks around the group *inside*."""
    start = match.start("inside") - match.start()
    return f"{' ' * start}{match['inside']}".ljust(len(text))


def _blank_out(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])
