"""Reading: text or JSON to a value, and how it was read. Every reader raises only `AnswerError`.

`characters` makes look-alike characters one, `tokens` and `names` find numbers, signs and
variables, `magnitudes` and `wording` deal with the words around a value and the earlier links of a
chain, `parser` builds a tree. On these stand `numbers`, `shapes` and `formulas`. Arrays are laid
out by `printing`, `brackets` and `layouts`, read by `cells` and put together by `tensors`.
"""

from grader.reading.formulas import read_formula, read_formulas
from grader.reading.json_text import load_json
from grader.reading.numbers import looks_like_thousands, read_number
from grader.reading.result import Reading, Typed, is_blank
from grader.reading.shapes import read_shape
from grader.reading.tensors import read_tensor

__all__ = [
    "Reading",
    "Typed",
    "is_blank",
    "load_json",
    "looks_like_thousands",
    "read_formula",
    "read_formulas",
    "read_number",
    "read_shape",
    "read_tensor",
]
