r"""Typesetting commands in working, and definitions in symbols: ``\text{so } 4``."""

import re
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.restatements.rewriting import Rewriting, compute_value, describe_dropped
from grader.reading.restatements.steps.evaluated_steps import label_fits_question
from grader.reading.restatements.working.final_values import weighs_or_retracts_value

COMMAND: Final = lazy_regex(
    r"\\(?:text|mathrm|textbf|mathbf|operatorname|mbox|textrm)\s*\{([^{}]*)\}"
)
FRACTION: Final = lazy_regex(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
SIGNS: Final = {
    r"\cdot": "·",
    r"\times": "×",
    r"\Rightarrow": "⇒",
    r"\rightarrow": "→",
    r"\to": "→",
    r"\implies": "⇒",
    r"\therefore": "∴",
    r"\approx": "≈",
    r"\left": "",
    r"\right": "",
    r"\,": " ",
    r"\;": " ",
    r"\quad": " ",
    r"\qquad": " ",
    r"\\": "\n",
    r"\%": "%",
}
SIGN: Final = lazy_regex(
    "|".join(
        re.escape(sign) + (r"(?![^\W\d_])" if sign[-1].isalpha() else "")
        for sign in sorted(SIGNS, key=len, reverse=True)
    )
)
SENTENCE: Final = lazy_regex(
    r"\\(?:text|textrm|mbox|Rightarrow|implies|therefore|quad)(?![^\W\d_])"
)
"""A command of working that is typeset."""
NAME: Final = lazy_regex(r"\s*(?P<name>[^\W\d_][\w@]{0,15})\s*")
NUMERIC: Final = lazy_regex(r"\s*[-−]?[0-9][0-9.,/()\s%]*|\s*\(?[0-9]+\)?/\(?[0-9]+\)?\s*")
TEX_NAME: Final = lazy_regex(r"\\[A-Za-z]+")
MIN_SIDES: Final = 3


def write_plain_tex(text: str, question: str) -> Rewriting | None:
    r"""Return typeset working in plain signs; None for any other text.

    >>> write_plain_tex(r"\text{two convs } 2\cdot 3 = 6 \Rightarrow 6", "").text
    'two convs  2· 3 = 6 ⇒ 6'
    """
    del question
    if "\\" not in text or not SENTENCE.search(text):
        return None
    plain = _replace_tex_commands(text)
    return None if "\\" in plain else Rewriting(plain, (), plain)


def _replace_tex_commands(text: str) -> str:
    plain = COMMAND.sub(r"\1", text.strip(" $"))
    plain = FRACTION.sub(r"(\1)/(\2)", plain)
    return SIGN.sub(lambda sign: SIGNS[sign[0]], plain)


def drop_name_and_definition(text: str, question: str) -> Rewriting | None:
    r"""Return the value behind the name that the *question* asks for and its definition.

    >>> drop_name_and_definition(r"AP = \int_0^1 p(r) dr = \frac{4}{9}", "What is the AP?").text
    '(4)/(9)'
    >>> drop_name_and_definition(r"AR = \int_0^1 p(r) dr = 4/9", "What is the AP?")
    """
    sides = [side.strip() for side in _replace_tex_commands(text).split("=")]
    name = NAME.fullmatch(sides[0])
    if len(sides) != MIN_SIDES or name is None or weighs_or_retracts_value(text):
        return None
    if not label_fits_question(name["name"], question) or not NUMERIC.fullmatch(sides[-1]):
        return None
    if not re.search(r"[^\W\d_]|∫|∑", sides[1]) or compute_value(sides[1]) is not None:
        return None
    definition = TEX_NAME.sub(" ", sides[1])
    dropped = describe_dropped(" = ".join(sides[:-1]))
    return Rewriting(sides[-1], dropped, f"{definition} = {sides[-1]}")
