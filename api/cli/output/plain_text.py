"""Markdown and TeX as readable terminal text."""

import re
import unicodedata
from typing import Final

from grader.display.text import GREEK

MATRIX_PATTERN: Final = re.compile(
    r"\\begin\{([bp]?matrix|array)\}(?:\{[^}]*\})?(.*?)\\end\{\1\}", re.DOTALL
)
FRACTION_PATTERN: Final = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
ROOT_PATTERN: Final = re.compile(r"√\s*\{([^{}]*)\}")
ACCENT_PATTERN: Final = re.compile(r"\\(hat|bar|tilde)(?![A-Za-z])\s*(?:\{\s*(\w)\s*\}|(\w))")
COMBINING_ACCENTS: Final = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303"}
SCRIPT_PATTERN: Final = re.compile(r"([_^])\s*\{\s*([^{}]*?)\s*\}")
SINGLE_TOKEN_PATTERN: Final = re.compile(r"-?\w+")
"""Exponent, index or part of a fraction that needs no brackets."""
PRODUCT_PATTERN: Final = re.compile(r"(?<=\S)\\times\s+")
"""A product sign without a space before it; TeX ignores the one behind it."""
MAX_NESTING: Final = 3
TEXT_COMMAND_PATTERN: Final = re.compile(
    r"\\(?:text|mathrm|mathbf|operatorname|mathit)\s*\{([^{}]*)\}"
)
FUNCTION_NAMES: Final = ("arctan", "cos", "exp", "ln", "log", "max", "min", "sin", "tanh")
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
    **{rf"\{name}": letter for name, letter in GREEK.items()},
    **{rf"\{name}": name for name in FUNCTION_NAMES},
    r"\sum": "∑",
    r"\sqrt": "√",
    r"\infty": "∞",
    r"\ne": "≠",
    r"\neq": "≠",
    r"\approx": "≈",
    r"\in": "∈",
    r"\notin": "∉",
    r"\nabla": "∇",
    r"\odot": "⊙",
    r"\prod": "∏",
    r"\pm": "±",
    r"\ell": "ℓ",
    r"\|": "‖",
    r"\varepsilon": "ε",
    r"\leftarrow": "←",
    r"\cdots": "⋯",
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
SYMBOL_PATTERN: Final = re.compile(
    "|".join(
        re.escape(symbol) + (r"(?![A-Za-z])" if symbol[-1].isalpha() else "")
        for symbol in sorted(SYMBOLS, key=len, reverse=True)
    )
)


def to_plain_text(text: str) -> str:
    r"""Return *text* with the most common TeX as plain characters; the rest stays.

    >>> to_plain_text(r"A $64\times 64$ image, $\frac{W}{2}$, $\ln\frac{w}{a}$")
    'A 64×64 image, W/2, ln(w/a)'
    >>> to_plain_text(r"$\hat v_n = v_n / (1 - \beta_2^n)$")
    'v̂_n = v_n / (1 - β_2^n)'
    """
    return _convert_inline(MATRIX_PATTERN.sub(_format_matrix, text))


def _convert_inline(text: str) -> str:
    """Return *text* without matrices as plain characters, nested TeX from the inside out."""
    text = PRODUCT_PATTERN.sub("×", text)
    text = ACCENT_PATTERN.sub(
        _combine_accent, SYMBOL_PATTERN.sub(lambda match: SYMBOLS[match[0]], text)
    )
    for _ in range(MAX_NESTING):
        text = SCRIPT_PATTERN.sub(_format_script, TEXT_COMMAND_PATTERN.sub(r"\1", text))
        text = ROOT_PATTERN.sub(r"√(\1)", FRACTION_PATTERN.sub(_format_fraction, text))
    return text


def _combine_accent(match: re.Match[str]) -> str:
    letter = (match[2] or match[3]) + COMBINING_ACCENTS[match[1]]
    return unicodedata.normalize("NFC", letter)


def _format_fraction(match: re.Match[str]) -> str:
    """Return ``W/2`` or ``(x - a)/b``; in brackets behind a function, whose argument it is."""
    top, bottom = (
        part if SINGLE_TOKEN_PATTERN.fullmatch(part) else f"({part})" for part in match.groups()
    )
    before = match.string[: match.start()].rstrip()
    fraction = f"{top}/{bottom}"
    return f"({fraction})" if before.endswith(FUNCTION_NAMES) else fraction


def _format_script(match: re.Match[str]) -> str:
    sign, inner = match.groups()
    return f"{sign}{inner}" if SINGLE_TOKEN_PATTERN.fullmatch(inner) else f"{sign}({inner})"


def _format_matrix(match: re.Match[str]) -> str:
    rows = [
        [_convert_inline(cell.strip()) for cell in row.split("&")] for row in match[2].split(r"\\")
    ]
    width = max((len(cell) for row in rows for cell in row), default=1)
    lines = (" ".join(cell.rjust(width) for cell in row) for row in rows if any(row))
    return "\n" + "\n".join(f"    [{line}]" for line in lines) + "\n"
