"""Phrases around an answer that introduce or confirm it, ``My final answer is b (see above)``."""

import re
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.restatements.rewriting import Rewriting, describe_dropped

_ADVERB: Final = (
    r"(?:so|thus|hence|therefore|then|well|ok(?:ay)?|yes|obviously|clearly|simply|definitely|finally"
    r"|of\s+course|in\s+short|in\s+conclusion|and)"
)
_FINDING: Final = (
    r"(?:I|we)\s+(?:(?:would|finally|then|also)\s+)?(?:think|get|got|find|found|obtain(?:ed)?|compute[d]?"
    r"|calculate[d]?|have|believe|choose|chose|pick(?:ed)?|say|take|conclude)(?:\s+(?:that|it\s+is|it's|this\s+is))*"
)
_BEING: Final = (
    r"(?:it|this|that)(?:'s"
    r"|\s+(?:is|must\s+be|should\s+be|would\s+be|equals|gives|comes\s+to|yields))"
)
_NAMING: Final = (
    r"(?:(?:the|my|our)\s+)?(?:(?:final|correct|right|exact)\s+)?(?:answers?|ans|results?|solution|output"
    r"|formula|expression|ergebnis|antwort|lösung|réponse|respuesta)(?:\s+(?:to\s+)?\(?[a-h]\))?\s*(?:is|are|=|:|ist)"
)
_PROGRAM: Final = (
    r"(?:pytorch|numpy|python|torch|keras|tensorflow|sympy|wolfram\s?alpha|(?:np|numpy|torch|scipy|F)\.\w[\w.]{1,40})"
    r"\s+(?:prints|says|gives|returns|shows|confirms)"
)
LEADING: Final = lazy_regex(
    rf"\s*(?:(?P<item>\(?[a-h]\)(?=\s+\S))|{_ADVERB}(?![\w])\s*[,:]?|{_FINDING}(?![\w])\s*:?|{_BEING}(?![\w])\s*:?|{_NAMING}"
    rf"|{_PROGRAM}\s*:?|>>>|=(?=\s))\s*",
    re.IGNORECASE,
)
_TOOL: Final = (
    r"(?:pytorch|numpy|python|torch|keras|tensorflow|scipy|sympy|matlab|excel"
    r"|wolfram\s?alpha|hand|code|a\s+(?:calculator|program|script))"
)
_SOURCE: Final = (
    r"(?:above|below|(?:my|the)\s+(?:notes|sketch|drawing|working|slides|lecture|book)"
    r"|lecture|slides|class)"
)
_CHECK: Final = (
    rf"(?:checked|verified|computed|calculated|confirmed|done)\s+(?:with|by|using|in)\s+{_TOOL}"
)
_REFERENCE: Final = (
    rf"(?:see|as\s+(?:(?:computed|shown|derived|explained|given)\s+)?(?:in|on)?)\s*{_SOURCE}"
)
TRAILING: Final = lazy_regex(
    rf"[\s,;]+(?:\(\s*(?:{_CHECK}|{_REFERENCE}|in\s+(?:this|that)\s+order)\s*\)|{_CHECK}|{_REFERENCE}|with\s+{_TOOL}"
    r"|I\s+(?:think|believe)|is\s+(?:my|the)\s+(?:final\s+)?(?:answer|result|solution|formula)|respectively"
    r"|in\s+(?:this|that)\s+order|qed|\#\s*done)[\s.!]*\Z",
    re.IGNORECASE,
)
MAX_PHRASES: Final = 4


def strip_phrases(text: str, question: str, *, letters: bool = True) -> Rewriting | None:
    """Return *text* without phrases that introduce or confirm the answer; None without any.

    With *letters* the letter of an item, ``(a)``, is one of them.

    >>> strip_phrases("So my final answer is b (see above)", "").text
    'b'
    """
    del question
    start, end = 0, len(text)
    for _ in range(MAX_PHRASES):
        leading = LEADING.match(text, start)
        if leading is None or leading.end() == start or leading.end() >= end:
            break
        if leading["item"] and not letters:
            break
        start = leading.end()
    for _ in range(MAX_PHRASES):
        trailing = TRAILING.search(text, start, end)
        if trailing is None:
            break
        end = trailing.start()
    value = text[start:end].strip()
    dropped = " ".join(f"{text[:start]} {text[end:]}".split())
    if not value or value == text.strip():
        return None
    return Rewriting(value, describe_dropped(dropped), value)
