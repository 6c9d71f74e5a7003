"""Text of a document that no reader of it sees: comments, and what the author struck out."""

import re
from typing import Final

HTML_COMMENT: Final = (re.compile(r"<!--"), re.compile(r"-->"))
TEX_COMMENTS: Final = (
    (re.compile(r"\\begin\{comment\}"), re.compile(r"\\end\{comment\}")),
    (re.compile(r"\\iffalse(?![a-zA-Z])"), re.compile(r"\\(?:fi|else)(?![a-zA-Z])")),
)
"""Starts and ends of comments; what follows ``\\else`` is printed."""
STRUCK_OUT: Final = re.compile(
    r"~~.{0,5000}?~~"
    r"|(?<!`)<s>[^<\n]{0,500}(?:<(?!/?s>)[^<\n]{0,500}){0,8}</s>"  # also a token of models
    r"|(?<!`)<(?P<tag>del|strike)>[^<]{0,500}(?:<(?!/?(?P=tag)>)[^<]{0,500}){0,8}</(?P=tag)>",
    re.DOTALL | re.IGNORECASE,
)
TEX_STRUCK_OUT: Final = re.compile(r"\\(?:sout|st|xout)\{[^{}]{0,500}\}")


def blank_hidden_markdown(text: str) -> str:
    """Return Markdown without comments and deleted text; each line keeps its number.

    >>> blank_hidden_markdown("<!-- 5 --> 6 <del>7</del> ~~8~~"), blank_hidden_markdown("<s> and 9")
    (' 6  ', '<s> and 9')
    """
    return STRUCK_OUT.sub(_blank_match, _blank_between(text, *HTML_COMMENT))


def blank_hidden_tex(text: str) -> str:
    r"""Return TeX without the environment ``comment`` and text that is switched off or struck out.

    >>> blank_hidden_tex(r"\iffalse 5\fi 6 \sout{7}")
    ' 6 '
    """
    for start, end in TEX_COMMENTS:
        text = _blank_between(text, start, end)
    return TEX_STRUCK_OUT.sub(_blank_match, text)


def _blank_between(text: str, start: re.Pattern[str], end: re.Pattern[str]) -> str:
    """Return a text without what stands between each start and the next end.

    A start without an end hides nothing.
    """
    pieces = []
    position = 0
    while (opening := start.search(text, position)) and (
        closing := end.search(text, opening.end())
    ):
        pieces.append(text[position : opening.start()])
        pieces.append("\n" * text.count("\n", opening.start(), closing.end()))
        position = closing.end()
    return "".join(pieces) + text[position:]


def _blank_match(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")
