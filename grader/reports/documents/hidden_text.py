"""Text of a document that no reader of it sees: comments, and what the author struck out.

Code shows its characters as they are, so that nothing in it is hidden.
"""

import re
from typing import Final

MARKDOWN_CODE: Final = (
    r"^[^\S\n]{0,3}(?P<fence>```|~~~).*?(?:\n[^\S\n]*(?P=fence)[^\n]*|\Z)|`[^`\n]{1,1000}`"
)
TEX_CODE: Final = (
    r"\\begin\{(?P<environment>[vV]erbatim|lstlisting|minted)\*?\}"
    r".*?(?:\\end\{(?P=environment)\*?\}|\Z)"
    r"|\\(?:verb\*?|lstinline)(?P<delimiter>[^\w\s{\[*])[^\n]{0,500}?(?P=delimiter)"
)
HTML_COMMENT: Final = r"<!--.*?(?:-->|(?P<unclosed>\Z))"
TEX_LINE_COMMENT: Final = r"(?<!\\)%[^\n]*"
TEX_COMMENT: Final = r"\\begin\{comment\}.*?(?:\\end\{comment\}|(?P<unclosed>\Z))"
TEX_CONDITIONAL: Final = (
    r"\\(?P<condition>if(?!f(?![a-zA-Z])|thenelse)[a-zA-Z]*|else|fi)(?![a-zA-Z])"
)
STRUCK_OUT: Final = (
    r"~~.{0,5000}?~~"
    r"|<s(?:\s[^<>\n]{0,200})?>[^<\n]{0,500}(?:<(?!/?s[\s>])[^<\n]{0,500}){0,8}</s>"  # or a token
    r"|<(?P<tag>del|strike)(?:\s[^<>]{0,200})?>"
    r"[^<]{0,500}(?:<(?!/?(?P=tag)[\s>])[^<]{0,500}){0,8}</(?P=tag)>"
)
TEX_STRUCK_OUT: Final = r"\\(?:sout|st|xout)\{[^{}]{0,500}\}"
FLAGS: Final = re.DOTALL | re.IGNORECASE | re.MULTILINE


def blank_hidden_markdown(text: str) -> str:
    """Return Markdown without comments and deleted text; each line keeps its number.

    >>> blank_hidden_markdown("<!-- 5 --> 6 <del>7</del> ~~8~~"), blank_hidden_markdown("<s> and 9")
    (' 6  ', '<s> and 9')
    """
    text = _blank_outside_code(text, MARKDOWN_CODE, HTML_COMMENT)
    return _blank_outside_code(text, MARKDOWN_CODE, STRUCK_OUT)


def blank_hidden_tex(text: str) -> str:
    r"""Return TeX without comments and text that is switched off or struck out.

    >>> blank_hidden_tex(r"\iffalse 5\iftrue 7\fi 8\fi 6 \sout{7}")
    ' 6 '
    """
    text = _blank_outside_code(text, TEX_CODE, TEX_LINE_COMMENT)
    text = _blank_outside_code(text, TEX_CODE, TEX_COMMENT)
    return _blank_outside_code(_blank_conditionals(text), TEX_CODE, TEX_STRUCK_OUT)


def _blank_outside_code(text: str, code: str, hidden: str) -> str:
    """Return a text without the matches of *hidden* that are closed and no part of code."""
    return re.sub(f"(?P<code>{code})|{hidden}", _keep_line_breaks_only, text, flags=FLAGS)


def _keep_line_breaks_only(match: re.Match[str]) -> str:
    groups = match.groupdict()
    is_kept = groups["code"] is not None or groups.get("unclosed") is not None
    return match[0] if is_kept else "\n" * match[0].count("\n")


def _blank_conditionals(text: str) -> str:
    r"""Return TeX without what stands between ``\iffalse`` and its own ``\else`` or ``\fi``.

    A start without an end hides nothing.
    """
    opened: list[tuple[str, re.Match[str]]] = []
    hidden: list[tuple[int, int]] = []
    for match in re.finditer(f"(?P<code>{TEX_CODE})|{TEX_CONDITIONAL}", text, re.DOTALL):
        name = match["condition"]
        if name is None:
            continue
        if name.startswith("if"):
            opened.append((name, match))
        elif opened:
            condition, start = opened.pop()
            if condition == "iffalse":
                hidden.append((start.start(), match.end()))
            if name == "else":
                opened.append(("else", match))
    pieces, position = [], 0
    for first, last in sorted(hidden):
        if first >= position:
            pieces += [text[position:first], "\n" * text.count("\n", first, last)]
            position = last
    return "".join(pieces) + text[position:]
