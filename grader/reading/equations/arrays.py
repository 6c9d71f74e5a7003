"""Two arrays in an answer: with letters, ``a) [1] b) [2]``, or with a sign between them."""

from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.equations.numbers import false_equation_error
from grader.reading.tensors import read_tensor
from grader.reading.wording.repeated_values import is_cellwise_rounding_of
from grader.values import Tensor

LETTERED_ARRAYS: Final = lazy_regex(r"[\])]\s*[,;]?\s*\(?b\)\s*:?\s*[\[(]")
"""The letter of a second array."""
ARRAY_SIGN: Final = lazy_regex(r"=|≈|\\approx")
BRACKET: Final = lazy_regex(r"(?<![^\W_])[\[(]")
"""A bracket that is not that of a call, as in ``max(0, 1)``."""
MAX_ARRAYS: Final = 4
MAX_ARRAY_CHARACTERS: Final = 4_000


def refuse_several_arrays(text: str, rank: int | None) -> None:
    """Raise `AnswerError` for lettered arrays, and for ``[1, 2] = [1, 3]``, which differ.

    A list of named numbers in another order, ``x = 1, y = 2, so (2, 1)``, is refused too.
    """
    if LETTERED_ARRAYS.search(text):
        raise AnswerError("Several arrays are given.", expected="one array")
    sides = ARRAY_SIGN.split(text)
    if not 1 < len(sides) <= MAX_ARRAYS or len(text) > MAX_ARRAY_CHARACTERS:
        return
    previous: Tensor | None = None
    for index, side in enumerate(sides):
        try:
            array = read_tensor(side, rank=rank).value if BRACKET.search(side) else None
        except AnswerError:
            array = None
        if array is not None and previous is not None and not _are_rounded(previous, array):
            start = text.index(sides[index - 1])
            raise false_equation_error(text, start, text.rindex(side) + len(side))
        previous = array


def _are_rounded(left: Tensor, right: Tensor) -> bool:
    """Return whether two arrays are equal, or one rounds the other; of other sizes they may be."""
    if left.shape != right.shape or left == right:
        return True
    return is_cellwise_rounding_of(right, left) or is_cellwise_rounding_of(left, right)
