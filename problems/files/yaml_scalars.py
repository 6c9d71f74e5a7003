"""Value of an unquoted YAML scalar: an exact number, a boolean, nothing, or its text.

YAML 1.1, which PyYAML implements, reads `no` as false, `12:30` as 750 and `0777` as
511. An author who writes one of these means something else, so each is rejected with
the spelling to use instead.
"""

from fractions import Fraction
from typing import Final, TypeAlias

from grader.errors import ProblemError
from grader.lazy_regex import lazy_regex

Scalar: TypeAlias = str | int | Fraction | bool | None

MAX_DIGITS: Final = 1_000
SHORT_INTEGER: Final = lazy_regex(r"-?(?:0|[1-9][0-9]{0,17})")  # most of a file: tensors
CONSTANTS: Final[dict[str, Scalar]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
NUMBER: Final = lazy_regex(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE](?P<exponent>[-+]?[0-9]+))?")
TRAPS: Final = tuple(
    (lazy_regex(pattern), advice)
    for pattern, advice in (
        (
            r"(?i:yes|no|on|off)",
            "YAML takes it for a truth value; quote it if it is text, or write true or false",
        ),
        (
            r"[-+]?[0-9]+(?::[0-9]+)+(?:\.[0-9]*)?",
            "YAML takes it for a number to the base 60; quote it",
        ),
        (
            r"[-+]?0(?:[xX][0-9a-fA-F_]+|[oO][0-7_]+|[bB][01_]+)",
            "write the number in decimal, or quote it if it is text",
        ),
        (
            r"[-+]?0[0-9_]+(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?",
            "YAML may take a leading zero for base 8; leave it out, or quote it if it is text",
        ),
        (
            r"(?=.*_)[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?",
            "write the number without underscores, or quote it if it is text",
        ),
        (
            r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?",
            "YAML takes it for a date; quote it",
        ),
        (
            r"[-+]?\.(?i:inf|nan)",
            "it is not an exact number; write a finite one, or quote it if it is text",
        ),
    )
)


def parse_scalar(text: str) -> Scalar:
    """Return the value of the unquoted *text*; raise `ProblemError` if it is ambiguous.

    >>> parse_scalar("0.1"), parse_scalar("1e3"), parse_scalar("conv_size(W, 3)")
    (Fraction(1, 10), 1000, 'conv_size(W, 3)')
    """
    if SHORT_INTEGER.fullmatch(text):
        return int(text)
    if text in CONSTANTS:
        return CONSTANTS[text]
    for pattern, advice in TRAPS:
        if pattern.fullmatch(text):
            raise ProblemError(f"{text[:40]!r} is unquoted: {advice}")
    match = NUMBER.fullmatch(text)
    return _parse_number(text, exponent=match["exponent"]) if match else text


def _parse_number(text: str, *, exponent: str | None) -> int | Fraction:
    """Return the exact number in *text*, as `int` if it is whole.

    Raises `ProblemError` for a number with too many digits.
    """
    if len(text) > MAX_DIGITS or abs(int(exponent or 0)) > MAX_DIGITS:
        raise ProblemError(
            f"{text[:20]}... is a number of more than {MAX_DIGITS} digits; quote it if it is text"
        )
    number = Fraction(text)
    return number.numerator if number.denominator == 1 else number
