r"""Declared variables of a formula, and all spellings of each.

``C_in`` may come as ``C_{in}``, ``C_\text{in}`` or ``Cin``, ``C_1`` as ``C₁``, ``gamma`` as
``\gamma`` or ``γ``, and ``dL_da`` as ``\frac{\partial L}{\partial a}``, ``∂L/∂a`` or ``dL/da``. The
longest matching variable wins, so that ``HWNK`` is a product of four.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from grader.display.text import DERIVATIVE, GREEK
from grader.lazy_regex import lazy_regex

LETTER: Final = r"(?:(?![¹²³⁰-₟¼-¾⅐-⅞])[^\W\d_])"
"""A letter of any script, but no superscript, subscript or fraction."""

WRAP: Final = r"\\(?:text|mathrm|mathbf|mathit|mathsf|mathcal|boldsymbol|bm|operatorname)\s*"
"""A TeX command that changes the typeface of its argument."""

_WORDS: Final = (
    r"(?:floor|ceiling|ceil|sqrt|cbrt|pow|abs|min|max|round|exp|ln|log_?\{?(?:2|10)\}?|log₂|log₁₀)"
)
_MODULE: Final = r"(?:np|numpy|math|torch)\s*\.\s*"
_CALLED: Final = r"(?=\s*(?:\\left\s*)?[({])"
FUNCTION: Final = (
    rf"(?:{_MODULE})?{_WORDS}{_CALLED}|{_MODULE}log{_CALLED}|(?:ln|log₂|log₁₀)(?=\s*[0-9.])|log_?(?:2|10)(?=\s+[0-9.])"
    rf"|(?:{_MODULE})?(?:floor|ceiling|ceil)(?=\s*\[)"
    rf"|{WRAP}\{{\s*{_WORDS}\s*\}}"
    r"|\\log\s*_\s*(?:2|\{\s*2\s*\}|\{\s*10\s*\})|\\(?:sqrt|min|max|ln|exp)(?![A-Za-z])|√"
)
"""A function that may be called, as spelled in Python, TeX or Unicode.

A logarithm without a base is one only with a Python module, which defines the base.
"""

_D: Final = rf"(?:\\partial(?![A-Za-z])|∂|d|{WRAP}\{{\s*d\s*\}})\s*"
_LOW: Final = {
    **dict(zip("0123456789", "₀₁₂₃₄₅₆₇₈₉", strict=True)),
    **dict(zip("aehijklmnoprstuvx", "ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True)),
}
_LATER_GREEK: Final = {"epsilon": "varepsilon", "phi": "varphi", "theta": "vartheta"}
_LETTERS: Final = {letter: name for name, letter in GREEK.items()}
_PIECES: Final = lazy_regex(r"[^\W\d_]+|\d+")


@dataclass(frozen=True, slots=True)
class NameMatch:
    """Variable found in a text: its declared *name*, its end, and whether its case differs."""

    name: str
    end: int
    case_differs: bool


@dataclass(frozen=True, slots=True)
class NameMatcher:
    """Variables that a formula may use; *letters* are the one-letter variables."""

    declared: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    meanings: tuple[tuple[str, bool], ...] = ()
    letters: frozenset[str] = frozenset()

    def match_at(self, text: str, position: int, end: int) -> NameMatch | None:
        """Return the variable that starts at *position* in *text*, or None."""
        match = self.pattern.match(text, position, end) if self.pattern else None
        if match is None or match.lastindex is None:
            return None
        name, case_differs = self.meanings[match.lastindex - 1]
        return NameMatch(name, match.end(), case_differs)


NO_NAMES: Final = NameMatcher()


def get_name_matcher(variables: Collection[str]) -> NameMatcher:
    """Return the spellings of *variables*, cached per set."""
    return _compile_matcher(tuple(sorted(set(variables), key=lambda name: (-len(name), name))))


@lru_cache(maxsize=512)
def _compile_matcher(declared: tuple[str, ...]) -> NameMatcher:
    if not declared:
        return NO_NAMES
    other = _other_case_spellings(declared)
    spellings = [_name_pattern(name) for name in declared]
    spellings += [
        rf"(?<![^\W\d_]){_add_end_of_name(_plain_pattern(text))}(?!{LETTER})" for text in other
    ]
    groups = "|".join(f"({spelling})" for spelling in spellings)
    meanings = [(name, False) for name in declared] + [(name, True) for name in other.values()]
    letters = frozenset(name for name in declared if len(name) == 1)
    product = "(?!ln)" if letters >= {"l", "n"} else ""  # with both, ln(k) is a product
    source = rf"(?!{product}(?:{FUNCTION}))(?:{groups})"
    return NameMatcher(declared, re.compile(source), tuple(meanings), letters)


def _other_case_spellings(declared: Iterable[str]) -> dict[str, str]:
    """Return unambiguous spellings that differ in the case of a one-letter base."""
    folded = [name.casefold() for name in declared]
    spellings = {}
    for name in declared:
        base, _, below = name.partition("_")
        if len(base) == 1 and base.isascii() and base not in "xX":
            other = base.swapcase() + ("_" + below if below else "")
            if folded.count(name.casefold()) == 1:
                spellings[other] = name
    return spellings


def _name_pattern(name: str) -> str:
    """Return a pattern that matches every spelling of *name*."""
    forms = [_plain_pattern(name)]
    if derivative := DERIVATIVE.fullmatch(name):
        above, below = map(_plain_pattern, derivative.groups())
        forms += [
            rf"\\[dt]?frac\s*\{{\s*{_D}{above}\s*\}}\s*\{{\s*{_D}{below}\s*\}}",
            rf"{_D}{above}\s*/\s*{_D}{below}",
        ]
    pieces = _PIECES.findall(name)
    if len(pieces) == 1 and len(name) > 1 and name not in GREEK:
        forms.append(rf"{_letters_pattern(name[0])}\s*_\s*{_subscript_pattern([name[1:]])}")
    return _add_end_of_name("|".join(forms))


def _add_end_of_name(forms: str) -> str:
    """Return the pattern of *forms* that nothing belonging to the name may follow."""
    return rf"(?:{forms})(?!\\?_|[₀-₉])"


def _plain_pattern(name: str) -> str:
    base, *below = _PIECES.findall(name)
    closed = "(?![0-9])" if name[-1].isdigit() else ""
    if not below:
        return _wrapped_pattern(_letters_pattern(base)) + closed
    line = "".join(
        rf"(?:\s*\\?_\s*{_subscript_pattern([piece])}|{_glued_subscript_pattern(piece)})"
        for piece in below
    )
    braces = "" if len(below) == 1 else rf"|\s*_\s*{_subscript_pattern(below)}"
    return rf"{_wrapped_pattern(_letters_pattern(base))}(?:{line}{braces}){closed}"


def _subscript_pattern(pieces: list[str]) -> str:
    r"""Return the pattern of a subscript: ``in``, ``{in}``, ``\text{in}``, ``{\text{in}}``."""
    inner = r"[\s,_]*".join(_wrapped_pattern(_letters_pattern(piece)) for piece in pieces)
    plain = f"{inner}|" if len(pieces) == 1 else ""
    return rf"(?:{plain}\{{\s*{inner}\s*\}})"


def _glued_subscript_pattern(piece: str) -> str:
    low = "".join(_LOW.get(character, "") for character in piece)
    return (
        rf"(?:{_letters_pattern(piece)}|{low})"
        if len(low) == len(piece)
        else _letters_pattern(piece)
    )


def _letters_pattern(piece: str) -> str:
    if piece == "l":
        return r"(?:l|\\ell(?![A-Za-z]))"
    name = _LETTERS.get(piece, piece)
    if name not in GREEK:
        return re.escape(piece)
    commands = "|".join(filter(None, (name, _LATER_GREEK.get(name))))
    return rf"(?:\\(?:{commands})(?![A-Za-z])|{name}|{GREEK[name]})"


def _wrapped_pattern(core: str) -> str:
    return rf"(?:{core}|{WRAP}\{{\s*{core}\s*\}})"
