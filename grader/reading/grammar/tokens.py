r"""Tokenizer with one vocabulary for Python, TeX and Unicode.

``\times``, ``×`` and an ``x`` between numbers become the same token; dollar signs, ``\left`` and
other typesetting produce none. Unknown text becomes a token of kind "unknown" and raises no error
here, because only the last link of a chain must be readable.
"""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Final, Literal, NamedTuple, TypeAlias

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.vocabulary import (
    COMMANDS,
    LOGARITHMS,
    SUPERSCRIPTS,
    SYMBOLS,
    THIN_SPACE,
    VULGAR_FRACTIONS,
)
from grader.reading.variable_names import FUNCTION, LETTER, NO_NAMES, NameMatcher
from grader.reading.wording.meaning_words import EASTERN
from grader.values import Number, simplify_number

OVERLONG_NUMBER: Final = "A number is too long or too large."

TokenKind: TypeAlias = Literal[
    "number", "name", "function", "power", "symbol", "word", "text", "unknown"
]

MAX_DIGITS: Final = 400
MAX_EXPONENT: Final = 400
MAX_FRAC_DEPTH: Final = 30
"""Nesting depth of braces that is searched for the beginning of an argument."""
SHORT_DIGITS: Final = 16
"""Number of digits below which an integer is far from every bound."""


class Token(NamedTuple):
    """Token of an answer, with its position in the text.

    *text* is the canonical spelling: the declared name, the function, the sign. A number and a
    superscript number have a *value*; *last_place* is the power of ten of the last digit of a
    decimal. *case_differs* is true for a name written in the other case.
    """

    kind: TokenKind
    text: str
    start: int
    end: int
    value: Number = 0
    last_place: int | None = None
    case_differs: bool = False


OPENERS: Final = {"(": ")", "[": "]", "{": "}", "⌊": "⌋", "⌈": "⌉"}
CLOSERS: Final = frozenset(OPENERS.values())

_MARKS: Final = rf"(?:,|\{{,\}}|\{{\\,\}}|\\,|['_{THIN_SPACE}])"
_SURE_MARKS: Final = r"(?:\{,\}|\{\\,\}|')"
"""Marks between digits that separate nothing else."""
_PATTERN: Final = r"""
    (?P<hex>0[xX][0-9A-Fa-f]+)
    |(?P<space>\s+|(?:(?:torch\.)?Size|(?:tf\.)?TensorShape|tuple|list|shape)(?=\s*\()|\\(?:begin|end)\s*\{(?:aligned|align\*?|equation\*?|split|gather\*?)\})
    |(?P<number>(?:GROUPED[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<vulgar>[¼-¾⅐-⅞])
    |(?P<power>[⁺⁻]?[⁰¹²³⁴-⁹]+)
    |(?P<function>FUNCTION)
    |(?P<text>\\(?:text\w*|mbox|hbox|mathrm|operatorname|mathbf|mathit)\s*\{[^{}\\$0-9]*\})
    |\\(?P<command>[A-Za-z]+|.)
    |(?P<word>(?:EASTERN)+(?!LETTER)|LETTER(?:LETTER|[0-9_])*(?:[-.']LETTER(?:LETTER|[0-9_])*)*)
    |(?P<unknown>\.\.+|[<>!]=?)
    |(?P<symbol>\*\*|//|==>|-->|==|=>|->|:=|.)
"""


def _compile_pattern(marks: str) -> re.Pattern[str]:
    grouped = (
        rf"[1-9][0-9]{{0,2}}(?P<mark>{marks})[0-9]{{3}}(?:(?P=mark)[0-9]{{3}}){{0,30}}"
        r"(?![0-9]|(?P=mark)[0-9])(?:\.[0-9]*)?|"
    )
    source = _PATTERN.replace("GROUPED", grouped).replace("FUNCTION", FUNCTION)
    source = source.replace("EASTERN", EASTERN)
    return re.compile(source.replace("LETTER", LETTER), re.VERBOSE | re.DOTALL)


SINGLE_SIGNS: Final = frozenset("+()[]{},;×·⌊⌋⌈⌉")
"""Signs that begin no longer sign."""
SIGN_STARTS: Final = frozenset("-*/=:")
SIGN_CONTINUATIONS: Final = frozenset("-*/=>")
"""Characters that may continue one of `SIGN_STARTS` to a longer sign."""
AFTER_SINGLE_CHARACTER: Final = frozenset(("", *"+-*/()^×·"))
"""Characters before which a letter or digit is a separate token.

No longer name or number has them there.
"""
DIGITS: Final = frozenset("0123456789")
SHORT_INTEGER: Final = lazy_regex(rf"(?!0[xX])[0-9]{{1,15}}(?![0-9.,{{\\'_{THIN_SPACE}eE])")
"""A short integer, without anything after it that would continue a longer number."""
PATTERNS: Final = {True: _compile_pattern(_MARKS), False: _compile_pattern(_SURE_MARKS)}
CROSS_LETTERS: Final = "xX\u0445\u0425\u03c7\u03a7"
"""Latin, Cyrillic and Greek letters that look like a cross."""
CROSS_OF_NUMBERS: Final = lazy_regex(
    rf"[{CROSS_LETTERS}](?!{LETTER})|(?:by|times)(?=[\s$]*[-+.0-9(\[\\])"
)
CROSS_OF_NAMES: Final = lazy_regex(rf"[{CROSS_LETTERS}]|(?:by|times)(?!{LETTER})")
FUNCTION_WORD: Final = lazy_regex(r"floor|ceil|sqrt|cbrt|pow|√|abs|min|max|round|exp|ln|log")
WORD_OPERATORS: Final = {"div": "//"}
"""Operators that are spelled as words."""
LOGARITHM: Final = lazy_regex(r"10|₁₀|2|₂")
DIGIT_MARKS: Final = lazy_regex(_MARKS)


def tokenize(
    text: str,
    start: int = 0,
    end: int | None = None,
    *,
    names: NameMatcher = NO_NAMES,
    grouping: bool = True,
) -> list[Token]:
    """Return the tokens of ``text[start:end]``; with *grouping*, commas may group thousands."""
    position, end = start, len(text) if end is None else end
    pattern, letters = PATTERNS[grouping], names.letters
    tokens: list[Token] = []
    while position < end:
        character, follows = text[position], text[position + 1 : position + 2]
        if character in SINGLE_SIGNS or (
            character in SIGN_STARTS and follows not in SIGN_CONTINUATIONS
        ):
            tokens.append(Token("symbol", character, position, position + 1))
        elif follows in AFTER_SINGLE_CHARACTER and character in letters:
            tokens.append(Token("name", character, position, position + 1))
        elif follows in AFTER_SINGLE_CHARACTER and character in DIGITS:
            tokens.append(Token("number", character, position, position + 1, int(character), 0))
        elif character != " ":
            token, after = _scan_token(text, position, end, tokens, pattern, names)
            if token is not None:
                tokens.append(token)
            position = after
            continue
        position += 1
    return tokens


def _scan_token(
    text: str,
    position: int,
    end: int,
    tokens: Sequence[Token],
    pattern: re.Pattern[str],
    names: NameMatcher,
) -> tuple[Token | None, int]:
    """Return the token at *position* and the position after it; None if there is no token."""
    character = text[position]
    if character in DIGITS:
        if _is_frac_argument(tokens):
            return Token(
                "number", character, position, position + 1, int(character), 0
            ), position + 1
        if whole := SHORT_INTEGER.match(text, position, end):
            digits, after = whole[0], whole.end()
            return Token("number", digits, position, after, int(digits), 0), after
    elif character.isalpha() or character in "\\∂":
        token = _match_variable(text, position, end, names) or _match_cross(
            text, position, end, tokens, names
        )
        if token is not None:
            return token, token.end
    match = pattern.match(text, position, end)
    return (None, position + 1) if match is None else (_build_token(match), match.end())


def _is_frac_argument(tokens: Sequence[Token]) -> bool:
    r"""Return whether a digit after *tokens* is by itself an argument of ``\frac``."""
    index = len(tokens) - 1
    if index < 0 or tokens[index].text == "frac":
        return index >= 0
    if tokens[index].kind == "symbol" and tokens[index].text != "}":
        return False
    depth = 0
    while index >= 0:
        depth += (tokens[index].text == "}") - (tokens[index].text == "{")
        index -= 1
        if not 0 < depth < MAX_FRAC_DEPTH:
            break
    return depth == 0 and index >= 0 and tokens[index].text == "frac"


def ends_with_operand(tokens: Sequence[Token]) -> bool:
    """Return whether the last token ends a value, so that an operator may follow."""
    if not tokens:
        return False
    last = tokens[-1]
    if last.kind == "symbol":
        return last.text in CLOSERS or last.text in {"%", "percent", "|"}
    return last.kind in {"number", "name", "power"}


def _match_variable(text: str, position: int, end: int, names: NameMatcher) -> Token | None:
    match = names.match_at(text, position, end)
    if match is None:
        return None
    return Token("name", match.name, position, match.end, case_differs=match.case_differs)


def _match_cross(
    text: str, position: int, end: int, tokens: Sequence[Token], names: NameMatcher
) -> Token | None:
    """Return the multiplication sign spelled ``x``, ``by`` or ``times`` after a value, or None."""
    if text[position] not in CROSS_LETTERS + "bt" or not ends_with_operand(tokens):
        return None
    pattern = CROSS_OF_NAMES if names.declared else CROSS_OF_NUMBERS
    match = pattern.match(text, position, end)
    return Token("symbol", "×", position, match.end()) if match else None


def _build_token(match: re.Match[str]) -> Token | None:
    kind, (start, end), raw = match.lastgroup, match.span(), match[0]
    match kind:
        case "number":
            digits = raw if raw.isdigit() else DIGIT_MARKS.sub("", raw)
            value, last_place = parse_exact_number(digits, start)
            return Token("number", raw, start, end, value, last_place)
        case "vulgar":
            return Token("number", raw, start, end, VULGAR_FRACTIONS[raw])
        case "power":
            return Token("power", raw, start, end, int(raw.translate(SUPERSCRIPTS)))
        case "function":
            return Token("function", _canonical_function_name(raw), start, end)
        case "text":
            words = raw[raw.index("{") + 1 : -1].strip()
            return Token("text", words, start, end) if words else None
        case "word" if raw in WORD_OPERATORS:
            return Token("symbol", WORD_OPERATORS[raw], start, end)
        case "word" | "unknown":
            return Token(kind, raw, start, end)
        case "hex":
            return Token("unknown", raw, start, end)
        case "command" | "symbol":
            table = COMMANDS if kind == "command" else SYMBOLS
            return _build_symbol_token(table.get(raw.removeprefix("\\")), raw, start, end)
        case _:
            return None


def _build_symbol_token(meaning: str | None, raw: str, start: int, end: int) -> Token | None:
    if meaning is None:
        return Token("unknown", raw, start, end)
    return Token("symbol", meaning, start, end) if meaning else None


def _canonical_function_name(raw: str) -> str:
    match = FUNCTION_WORD.search(raw)
    word = match[0] if match else raw
    if word == "log":
        base = LOGARITHM.search(raw)
        return LOGARITHMS[base[0] if base else ""]
    return "sqrt" if word == "√" else word


def parse_exact_number(digits: str, position: int) -> tuple[Number, int]:
    """Return the value of ASCII *digits* such as ``1.5e3``, and the place of the last one.

    The place is a power of ten: -2 for ``3.14``.
    """
    if len(digits) < SHORT_DIGITS and digits.isdigit():
        return int(digits), 0
    mantissa, _, exponent = digits.lower().partition("e")
    if len(mantissa) > MAX_DIGITS or len(exponent) > len(f"-{MAX_EXPONENT}0"):
        raise _number_too_long_error(position)
    whole, _, decimals = mantissa.partition(".")
    last_place = int(exponent or 0) - len(decimals)
    if abs(last_place) > MAX_EXPONENT + MAX_DIGITS:
        raise _number_too_long_error(position)
    value = int(whole + decimals or 0)
    if last_place >= 0:
        return value * 10**last_place, last_place
    return simplify_number(Fraction(value, 10**-last_place)), last_place


def _number_too_long_error(position: int) -> AnswerError:
    return AnswerError(
        OVERLONG_NUMBER,
        expected=f"at most {MAX_DIGITS} digits",
        position=position,
    )
