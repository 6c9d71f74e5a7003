"""Options that a text names: by their ids, their texts or both."""

import re
from collections.abc import Mapping
from typing import Final, Protocol

from grader.definitions.field_types import Prose
from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading import RawAnswer
from grader.reading.grammar.characters import fold_lookalikes
from grader.reading.wording.meaning_words import HEDGE

BRACKETS: Final = " ()[]{}."
SURROUNDING_CHARACTERS: Final = "()[]{}.'\"*$` \n\t\r"
"""Characters around an option: brackets, quotes, bold markers."""
LABEL_PATTERN: Final = lazy_regex(
    r"(?:(?:(?:the|my)\s+)?(?:(?:correct|right|best)\s+)?(?:answers?|options?|choices?|letters?)"
    r"|only|it(?:'s)?|i\s+(?:think|choose|pick|say)(?:\s+(?:it|that))?|therefore|so|hence)"
    r"(?:\s+(?:is|are)\b|\s*[:=]|\s|(?=\())\s*",
    re.IGNORECASE,
)
"""Words before an option: ``the answer is``, ``option``, ``I think it is``."""
REASON_PATTERN: Final = lazy_regex(
    r"[\s,;.:(\u2013-](?:because|since|as|due\s{1,3}to|weil|denn)\s.*\Z", re.IGNORECASE | re.DOTALL
)
"""The reason for a choice, which is not graded."""
DOUBT: Final = lazy_regex(
    r"\?|(?<!\w)(?:edit|sorry|wait|actually|rather|wrong|but|no|without|except)(?!\w)",
    re.IGNORECASE,
)
REMARK_PATTERN: Final = lazy_regex(
    r"(?P<value>[^()\n]{1,60}?)(?:\s+[-–]\s+(?P<remark>\S+\s+\S+\s[^\n]*)|\s+\((?P<other>[^()\n]+)\)[\s.]*)",
)
"""A remark behind a dash or in brackets."""
ID_AND_TEXT_PATTERN: Final = lazy_regex(r"(\w+)\s*[).:=\u2013-]+\s*(\S.*)", re.DOTALL)
"""The id of an option and its text: ``b) softmax``."""
LIST_SEPARATORS: Final = lazy_regex(r"[,;\n]")
SEPARATORS: Final = lazy_regex(r"[\s,;/&+]+|\band\b")
MAX_OPTION_LENGTH: Final = 500


class Options(Protocol):
    """Anything with options by id."""

    @property
    def options(self) -> Mapping[str, Prose]:
        """Options by id."""


def match_options(typed: RawAnswer, part: Options) -> tuple[str, ...]:
    """Return the ids of the options in a text or a list, sorted."""
    items = typed if isinstance(typed, list) else split_options(require_text(typed), part)
    return tuple(sorted({match_option(require_text(item), part) for item in items}))


def require_text(typed: RawAnswer) -> str:
    """Return *typed* if it is a text that may name an option, or raise `AnswerError`."""
    if not isinstance(typed, str):
        raise AnswerError("This is not an option.", expected="the letter or name of an option")
    if len(typed) > MAX_OPTION_LENGTH:
        raise AnswerError("The answer is too long.", expected="the letter or name of an option")
    return typed


def strip_remark(text: str, part: Options) -> str:
    """Return *text* without a remark behind the option that names no other option."""
    match = REMARK_PATTERN.fullmatch(text)
    if match is None:
        return text
    remark = match["remark"] or match["other"]
    words = set(re.findall(r"\w+", remark.lower()))
    if DOUBT.search(remark) or HEDGE.search(remark.lower()):
        return text
    return text if words & part.options.keys() else match["value"]


def split_options(text: str, part: Options) -> list[RawAnswer]:
    """Return the options in *text*, separated by commas, lines or spaces."""
    text = LABEL_PATTERN.sub("", strip_reason(text), count=1)
    coarse = [piece for piece in LIST_SEPARATORS.split(text) if piece.strip(BRACKETS)]
    texts = {normalize_option(said.source) for said in part.options.values()}
    if any(normalize_option(piece.strip(BRACKETS)) in texts for piece in coarse):
        return list(coarse)
    pieces: list[RawAnswer] = [piece for piece in SEPARATORS.split(text.strip(BRACKETS)) if piece]
    if not pieces:
        raise AnswerError("No option is named.", expected="letters such as a, c")
    return pieces


def match_option(text: str, part: Options) -> str:
    """Return the id of the option that *text* names by its id, its text, or both."""
    bare = normalize_option(text)
    if bare in part.options:
        return bare
    if (joined := bare.replace("_", "")) in part.options:
        return joined
    by_text = [
        key for key, said in part.options.items() if bare and normalize_option(said.source) == bare
    ]
    if len(by_text) > 1:
        whole = text.strip().casefold()
        by_text = [key for key in by_text if part.options[key].source.strip().casefold() == whole]
    if len(by_text) == 1:
        return by_text[0]
    if REASON_PATTERN.search(text):
        return match_option(strip_reason(text), part)
    both = ID_AND_TEXT_PATTERN.fullmatch(bare)
    option = part.options.get(both[1]) if both else None
    if both and option and normalize_option(option.source) == normalize_option(both[2]):
        return both[1]
    listed = ", ".join(part.options)
    raise AnswerError(
        f"{text.strip()[:40]!r} is not one of the options.", expected=f"one of {listed}"
    )


def strip_reason(text: str) -> str:
    """Return *text* without the reason at its end and the separator before it."""
    return REASON_PATTERN.sub("", text, count=1).strip().rstrip(",;:.(\u2013- ")


def normalize_option(text: str) -> str:
    """Return an option or an answer without labels and surrounding characters, case-folded."""
    return (
        LABEL_PATTERN.sub("", fold_lookalikes(text).strip().strip(SURROUNDING_CHARACTERS))
        .strip(SURROUNDING_CHARACTERS)
        .casefold()
    )
