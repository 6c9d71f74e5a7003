"""Readers: text or JSON to a value. Every reader raises only `AnswerError`.

`number_styles` converts the decimal commas of a declared style to points. Then `characters` folds
look-alike characters; `tokens`, `names` and `constants` recognize numbers, signs and variables;
`magnitudes` and `wording` handle the words around a value and the earlier links of a chain;
`parser` builds a tree; `places` finds the last digit of a number. `numbers`, `units`, `shapes` and
`formulas` build on these. For arrays, `printing`, `brackets` and `layouts` find the layout, `cells`
reads the cells, and `tensors` assembles them.
"""

from grader.reading.formulas import read_formula, read_formula_list, read_formulas
from grader.reading.grammar.number_styles import Style, in_style
from grader.reading.json_text import load_json
from grader.reading.numbers import grouped_by_points, read_number
from grader.reading.result import Reading, TruncatedAnswer, Typed, is_blank
from grader.reading.shapes import read_shape, read_side
from grader.reading.tensors import read_tensor
from grader.reading.units.quantities import Quantity, read_quantity
from grader.reading.wording.axis_names import read_named_axes, refuse_other_layout
from grader.reading.wording.labeled_numbers import read_listed

__all__ = [
    "Quantity",
    "Reading",
    "Style",
    "TruncatedAnswer",
    "Typed",
    "grouped_by_points",
    "in_style",
    "is_blank",
    "load_json",
    "read_formula",
    "read_formula_list",
    "read_formulas",
    "read_listed",
    "read_named_axes",
    "read_number",
    "read_quantity",
    "read_shape",
    "read_side",
    "read_tensor",
    "refuse_other_layout",
]
