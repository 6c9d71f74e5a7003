r"""Tokenizer with one vocabulary for Python, TeX and Unicode.

``\times``, ``×`` and an ``x`` between numbers become the same token; dollar signs, ``\left`` and
other typesetting produce none. Unknown text becomes a token of kind "unknown" and raises no error
here, because only the last link of a chain must be readable.
"""

import re
import unicodedata
from collections.abc import Sequence
from fractions import Fraction
from typing import Final, Literal, NamedTuple, TypeAlias

from grader.errors import AnswerError
from grader.reading.grammar.characters import THIN
from grader.reading.names import FUNCTION, LETTER, NO_NAMES, Names
from grader.reading.wording.changing_words import EASTERN
from grader.values import Number, simplest

__all__ = ["CLOSERS", "OPENERS", "Kind", "Token", "ends_operand", "exact_number", "tokenize"]

Kind: TypeAlias = Literal[
    "number", "name", "function", "power", "symbol", "word", "text", "unknown"
]

MAX_DIGITS: Final = 400
MAX_EXPONENT: Final = 400
DEEPEST: Final = 30
"""The braces that are looked through for the beginning of an argument."""
SHORT: Final = 16
"""The digits of a number below which no bound is near."""


class Token(NamedTuple):
    """Token of an answer, with its position in the text.

    *text* is the canonical spelling: the declared name, the function, the sign. A number and a
    superscript number have a *value*; *place* is the power of ten of the last digit of a decimal.
    *recased* is true for a name written in the other case.
    """

    kind: Kind
    text: str
    start: int
    end: int
    value: Number = 0
    place: int | None = None
    recased: bool = False


OPENERS: Final = {"(": ")", "[": "]", "{": "}", "⌊": "⌋", "⌈": "⌉"}
CLOSERS: Final = frozenset(OPENERS.values())

SYMBOLS: Final[dict[str, str]] = {
    **{sign: sign for sign in "+-*/()[]{},;|%×·⌊⌋⌈⌉:."},
    "//": "//",
    **dict.fromkeys(("**", "^"), "**"),
    **dict.fromkeys(("=", "==", ":=", "≈", "≃", "≅", "≡", "←", "⟵"), "="),
    **dict.fromkeys(("⇒", "→", "∴", "=>", "->", "-->", "==>"), "⇒"),
    **dict.fromkeys(("$", "`", '"', "&", "~"), ""),
}
"""Signs by their meaning; an empty meaning is no token."""

COMMANDS: Final[dict[str, str]] = {
    "times": "×",
    "ast": "*",
    "div": "/",
    "%": "percent",
    "colon": ":",
    **dict.fromkeys(("cdot", "bullet"), "·"),
    **dict.fromkeys(("mod", "bmod"), "mod"),
    **dict.fromkeys(("frac", "dfrac", "tfrac"), "frac"),
    **dict(zip(("lfloor", "rfloor", "lceil", "rceil"), "⌊⌋⌈⌉", strict=True)),
    **dict(zip(("{", "}", "lbrace", "rbrace"), "{}{}", strict=True)),
    **dict.fromkeys(("lvert", "rvert", "vert"), "|"),
    **dict.fromkeys(("approx", "simeq", "cong", "equiv", "leftarrow", "gets"), "="),
    **dict.fromkeys(("Rightarrow", "Longrightarrow", "implies", "iff", "Leftrightarrow"), "⇒"),
    **dict.fromkeys(("rightarrow", "longrightarrow", "to", "mapsto", "therefore"), "⇒"),
    **dict.fromkeys(("left", "right", "middle", "big", "Big", "bigg", "Bigg"), ""),
    **dict.fromkeys(("bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "Biggl", "Biggr"), ""),
    **dict.fromkeys(("displaystyle", "textstyle", "quad", "qquad", "boxed", "sim"), ""),
    **dict.fromkeys(("underline", "fbox"), ""),
    **dict.fromkeys(("text", "textbf", "textit", "textrm", "mbox", "hbox", "operatorname"), ""),
    **dict.fromkeys(("mathrm", "mathbf", "mathit", "mathsf", "boldsymbol", "bm"), ""),
    **dict.fromkeys((",", ";", ":", "!", " ", "\\", "(", ")", "[", "]", "$", "&"), ""),
}
"""TeX commands by their meaning, without the backslash."""

_MARKS: Final = rf"(?:,|\{{,\}}|\\,|['_{THIN}])"
_SURE_MARKS: Final = r"(?:\{,\}|')"
"""The marks between digits that separate nothing else."""
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


def _compiled(marks: str) -> re.Pattern[str]:
    grouped = (
        rf"[1-9][0-9]{{0,2}}(?P<mark>{marks})[0-9]{{3}}(?:(?P=mark)[0-9]{{3}}){{0,30}}"
        r"(?![0-9]|(?P=mark)[0-9])(?:\.[0-9]*)?|"
    )
    source = _PATTERN.replace("GROUPED", grouped).replace("FUNCTION", FUNCTION)
    source = source.replace("EASTERN", EASTERN)
    return re.compile(source.replace("LETTER", LETTER), re.VERBOSE | re.DOTALL)


SINGLE: Final = frozenset("+()[]{},;×·⌊⌋⌈⌉")
"""Signs that begin nothing longer."""
DOUBLE: Final = frozenset("-*/=:")
SECOND: Final = frozenset("-*/=>")
"""Signs that may begin a longer one, and those that go on with it."""
CLOSED: Final = frozenset(("", *"+-*/()^×·"))
"""What a letter or a digit stands alone before: no longer name or number has it there."""
DIGITS: Final = frozenset("0123456789")
WHOLE: Final = re.compile(rf"(?!0[xX])[0-9]{{1,15}}(?![0-9.,{{\\'_{THIN}eE])")
"""A short whole number, and behind it nothing with which a longer one goes on."""
PATTERNS: Final = {True: _compiled(_MARKS), False: _compiled(_SURE_MARKS)}
CROSSES: Final = "xX\u0445\u0425\u03c7\u03a7"
"""The letters that look like a cross: the Latin, the Cyrillic and the Greek one."""
CROSS_OF_NUMBERS: Final = re.compile(
    rf"[{CROSSES}](?!{LETTER})|(?:by|times)(?=[\s$]*[-+.0-9(\[\\])"
)
CROSS_OF_NAMES: Final = re.compile(rf"[{CROSSES}]|(?:by|times)(?!{LETTER})")
RAISED: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
VULGAR: Final = {
    sign: Fraction(unicodedata.normalize("NFKC", sign).replace("\u2044", "/"))
    for sign in map(chr, (*range(0xBC, 0xBF), *range(0x2150, 0x215F)))
}
"""Fractions of one character, such as ``½``."""
FUNCTION_WORD: Final = re.compile(r"floor|ceil|sqrt|√|abs|min|max|round|exp|ln|log")
LOGARITHM: Final = re.compile(r"10|₁₀|2|₂")
LOGARITHMS: Final = {"": "ln", "2": "log2", "₂": "log2", "10": "log10", "₁₀": "log10"}
"""The logarithm by its base; without one only Python has it."""
DIGIT_MARKS: Final = re.compile(_MARKS)


def tokenize(
    text: str,
    start: int = 0,
    end: int | None = None,
    *,
    names: Names = NO_NAMES,
    grouping: bool = True,
) -> list[Token]:
    """Return the tokens of ``text[start:end]``; with *grouping*, commas may group thousands."""
    at, end = start, len(text) if end is None else end
    pattern, letters = PATTERNS[grouping], names.letters
    tokens: list[Token] = []
    while at < end:
        character, follows = text[at], text[at + 1 : at + 2]
        if character in SINGLE or (character in DOUBLE and follows not in SECOND):
            tokens.append(Token("symbol", character, at, at + 1))
        elif follows in CLOSED and character in letters:
            tokens.append(Token("name", character, at, at + 1))
        elif follows in CLOSED and character in DIGITS:
            tokens.append(Token("number", character, at, at + 1, int(character), 0))
        elif character != " ":
            token, after = _longer(text, at, end, tokens, pattern, names)
            if token is not None:
                tokens.append(token)
            at = after
            continue
        at += 1
    return tokens


def _longer(
    text: str, at: int, end: int, tokens: Sequence[Token], pattern: re.Pattern[str], names: Names
) -> tuple[Token | None, int]:
    """Return the token at *at* and the position after it; None for text that yields no token."""
    character = text[at]
    if character in DIGITS:
        if _is_argument(tokens):
            return Token("number", character, at, at + 1, int(character), 0), at + 1
        if whole := WHOLE.match(text, at, end):
            digits, after = whole[0], whole.end()
            return Token("number", digits, at, after, int(digits), 0), after
    elif character.isalpha() or character in "\\∂":
        token = _variable(text, at, end, names) or _cross(text, at, end, tokens, names)
        if token is not None:
            return token, token.end
    match = pattern.match(text, at, end)
    return (None, at + 1) if match is None else (_token(match), match.end())


def _is_argument(tokens: Sequence[Token]) -> bool:
    r"""Return whether a digit after *tokens* is by itself an argument of ``\frac``."""
    at = len(tokens) - 1
    if at < 0 or tokens[at].text == "frac":
        return at >= 0
    if tokens[at].kind == "symbol" and tokens[at].text != "}":
        return False
    depth = 0
    while at >= 0:
        depth += (tokens[at].text == "}") - (tokens[at].text == "{")
        at -= 1
        if not 0 < depth < DEEPEST:
            break
    return depth == 0 and at >= 0 and tokens[at].text == "frac"


def ends_operand(tokens: Sequence[Token]) -> bool:
    """Return whether the last token ends a value, so that an operator may follow."""
    if not tokens:
        return False
    last = tokens[-1]
    if last.kind == "symbol":
        return last.text in CLOSERS or last.text in {"%", "percent", "|"}
    return last.kind in {"number", "name", "power"}


def _variable(text: str, at: int, end: int, names: Names) -> Token | None:
    spotted = names.spot(text, at, end)
    if spotted is None:
        return None
    return Token("name", spotted.name, at, spotted.end, recased=spotted.recased)


def _cross(text: str, at: int, end: int, tokens: Sequence[Token], names: Names) -> Token | None:
    """Return the multiplication sign spelled ``x``, ``by`` or ``times`` after a value, or None."""
    if text[at] not in CROSSES + "bt" or not ends_operand(tokens):
        return None
    pattern = CROSS_OF_NAMES if names.declared else CROSS_OF_NUMBERS
    match = pattern.match(text, at, end)
    return Token("symbol", "×", at, match.end()) if match else None


def _token(match: re.Match[str]) -> Token | None:
    kind, (start, end), raw = match.lastgroup, match.span(), match[0]
    match kind:
        case "number":
            digits = raw if raw.isdigit() else DIGIT_MARKS.sub("", raw)
            value, place = exact_number(digits, start)
            return Token("number", raw, start, end, value, place)
        case "vulgar":
            return Token("number", raw, start, end, VULGAR[raw])
        case "power":
            return Token("power", raw, start, end, int(raw.translate(RAISED)))
        case "function":
            return Token("function", _function(raw), start, end)
        case "text":
            words = raw[raw.index("{") + 1 : -1].strip()
            return Token("text", words, start, end) if words else None
        case "word" | "unknown":
            return Token(kind, raw, start, end)
        case "hex":
            return Token("unknown", raw, start, end)
        case "command" | "symbol":
            table = COMMANDS if kind == "command" else SYMBOLS
            return _sign(table.get(raw.removeprefix("\\")), raw, start, end)
        case _:
            return None


def _sign(meaning: str | None, raw: str, start: int, end: int) -> Token | None:
    if meaning is None:
        return Token("unknown", raw, start, end)
    return Token("symbol", meaning, start, end) if meaning else None


def _function(raw: str) -> str:
    found = FUNCTION_WORD.search(raw)
    word = found[0] if found else raw
    if word == "log":
        base = LOGARITHM.search(raw)
        return LOGARITHMS[base[0] if base else ""]
    return "sqrt" if word == "√" else word


def exact_number(digits: str, position: int) -> tuple[Number, int]:
    """Return the value of ASCII *digits* such as ``1.5e3``, and the place of the last one.

    The place is a power of ten: -2 for ``3.14``.
    """
    if len(digits) < SHORT and digits.isdigit():
        return int(digits), 0
    mantissa, _, exponent = digits.lower().partition("e")
    if len(mantissa) > MAX_DIGITS or len(exponent) > len(f"-{MAX_EXPONENT}0"):
        raise _too_long(position)
    whole, _, decimals = mantissa.partition(".")
    place = int(exponent or 0) - len(decimals)
    if abs(place) > MAX_EXPONENT + MAX_DIGITS:
        raise _too_long(position)
    value = int(whole + decimals or 0)
    if place >= 0:
        return value * 10**place, place
    return simplest(Fraction(value, 10**-place)), place


def _too_long(position: int) -> AnswerError:
    return AnswerError(
        "A number is too long or too large.",
        expected=f"at most {MAX_DIGITS} digits",
        position=position,
    )
