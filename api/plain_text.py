"""Markdown and TeX made readable on a terminal."""

import re
from typing import Final

__all__ = ["readable"]

MATRIX: Final = re.compile(
    r"\\begin\{([bp]?matrix|array)\}(?:\{[^}]*\})?(.*?)\\end\{\1\}", re.DOTALL
)
FRACTION: Final = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
WORDS: Final = re.compile(r"\\(?:text|mathrm|mathbf|operatorname|mathit)\s*\{([^{}]*)\}")
SYMBOLS: Final = {
    r"\times": "×",
    r"\cdot": "·",
    r"\lfloor": "⌊",
    r"\rfloor": "⌋",
    r"\lceil": "⌈",
    r"\rceil": "⌉",
    r"\leq": "≤",
    r"\geq": "≥",
    r"\le": "≤",
    r"\ge": "≥",
    r"\to": "→",
    r"\rightarrow": "→",
    r"\Rightarrow": "⇒",
    r"\partial": "∂",
    r"\gamma": "γ",
    r"\ldots": "…",
    r"\dots": "…",
    r"\qquad": "  ",
    r"\quad": " ",
    r"\left": "",
    r"\right": "",
    r"\%": "%",
    r"\,": " ",
    r"\;": " ",
    r"\!": "",
    "**": "",
    "$$": "",
    "$": "",
}
PATTERN: Final = re.compile(
    "|".join(
        re.escape(symbol) + (r"(?![A-Za-z])" if symbol[-1].isalpha() else "")
        for symbol in sorted(SYMBOLS, key=len, reverse=True)
    )
)


def readable(text: str) -> str:
    r"""Return *text* with the commonest TeX turned into plain characters; the rest stays.

    >>> readable(r"A $64\times 64$ image, $\frac{W}{2}$")
    'A 64× 64 image, (W)/(2)'
    """
    text = MATRIX.sub(_matrix, text)
    for _ in range(3):
        text = FRACTION.sub(r"(\1)/(\2)", WORDS.sub(r"\1", text))
    return PATTERN.sub(lambda match: SYMBOLS[match[0]], text)


def _matrix(match: re.Match[str]) -> str:
    rows = [[cell.strip() for cell in row.split("&")] for row in match[2].split(r"\\")]
    width = max((len(cell) for row in rows for cell in row), default=1)
    lines = (" ".join(cell.rjust(width) for cell in row) for row in rows if any(row))
    return "\n" + "\n".join(f"    [{line}]" for line in lines) + "\n"
