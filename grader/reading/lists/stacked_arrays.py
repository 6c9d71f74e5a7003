"""Several arrays in order, with names or blank lines between them: ``X1 = [[…]], X2 = [[…]]``."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.result import Reading
from grader.values import Tensor

LABEL: Final = lazy_regex(
    r"(?:(?<=\A)|(?<=[\s,;\])}]))(?P<stem>[^\W\d_]{1,16})[ \t_#]*"
    r"(?P<number>[0-9]{1,3}|(?<=[ \t_])[A-Ha-h])[ \t]*(?:=|:|\n)",
)
ROW: Final = lazy_regex(r"\s*\[[^\[\]]+\][\s,;]*")
BLANK_LINES: Final = lazy_regex(r"\n[ \t]*\n\s*")
MIN_ARRAYS: Final = 2
NOTE: Final = "The arrays were read in the order of their names."


def read_stacked_arrays(
    text: str, read_matrix: Callable[[str], Reading[Tensor]]
) -> tuple[tuple[int, ...], tuple[Tensor, ...]] | None:
    """Return the common shape and the arrays, whose labels count up; None for other text."""
    labels = list(LABEL.finditer(text))
    blocks = BLANK_LINES.split(text.strip())
    if not labels and len(blocks) >= MIN_ARRAYS and all(map(_is_block_of_rows, blocks)):
        return _read_and_stack_arrays(blocks, read_matrix)
    if len(labels) < MIN_ARRAYS or text[: labels[0].start()].strip(" \t\r\n([{$"):
        return None
    if len({label["stem"].lower() for label in labels}) > 1:
        return None
    ranks = [_parse_index(label["number"]) for label in labels]
    if any(two != one + 1 for one, two in pairwise(ranks)):
        return None
    ends = [*(label.start() for label in labels[1:]), len(text)]
    pieces = [
        text[label.end() : end].strip(" \t\r\n,;") for label, end in zip(labels, ends, strict=True)
    ]
    return _read_and_stack_arrays(pieces, read_matrix)


def _is_block_of_rows(block: str) -> bool:
    """Return whether each line of *block* is a row in its own brackets."""
    return all(ROW.fullmatch(line) for line in block.splitlines())


def _read_and_stack_arrays(
    pieces: Sequence[str], read_matrix: Callable[[str], Reading[Tensor]]
) -> tuple[tuple[int, ...], tuple[Tensor, ...]] | None:
    try:
        arrays = tuple(read_matrix(piece).value for piece in pieces)
    except AnswerError:
        return None
    shapes = {array.shape for array in arrays}
    return (arrays[0].shape, arrays) if len(shapes) == 1 else None


def _parse_index(number: str) -> int:
    return int(number) if number.isdigit() else ord(number.lower())
