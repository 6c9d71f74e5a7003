"""Readers: text or JSON to a value. Every reader raises only `AnswerError`.

`number_styles` converts the decimal commas of a declared style to points. Then `characters` folds
look-alike characters; `tokens`, `names` and `constants` recognize numbers, signs and variables;
`magnitudes` and `wording` handle the words around a value and the earlier links of a chain;
`parser` builds a tree; `places` finds the last digit of a number. `numbers`, `units`, `shapes` and
`formulas` build on these. For arrays, `printing`, `brackets` and `layouts` find the layout, `cells`
reads the cells, and `tensors` assembles them.
"""

from grader.reading.formulas import read_formula, read_formula_list, read_formula_shape
from grader.reading.grammar.number_styles import NumberStyle, normalize_number_style
from grader.reading.json_text import load_json
from grader.reading.numbers import find_ambiguous_thousands, read_number
from grader.reading.result import RawAnswer, Reading, TruncatedAnswer, is_blank
from grader.reading.shapes import read_shape
from grader.reading.square_sides import read_square_side, read_square_side_formula
from grader.reading.tensors import read_tensor
from grader.reading.units.quantities import Quantity, read_quantity
from grader.reading.wording.axis_names import find_layout, read_named_axes
from grader.reading.wording.labeled_numbers import read_labeled_numbers

__all__ = [
    "NumberStyle",
    "Quantity",
    "RawAnswer",
    "Reading",
    "TruncatedAnswer",
    "find_ambiguous_thousands",
    "find_layout",
    "is_blank",
    "load_json",
    "normalize_number_style",
    "read_formula",
    "read_formula_list",
    "read_formula_shape",
    "read_labeled_numbers",
    "read_named_axes",
    "read_number",
    "read_quantity",
    "read_shape",
    "read_square_side",
    "read_square_side_formula",
    "read_tensor",
]
