"""Rewritings of each form of answer, in the order in which they are tried."""

from typing import Final

from grader.reading.restatements.checks import drop_check, keep_computed
from grader.reading.restatements.conclusions import (
    drop_comparison,
    drop_copied_label,
    explain_sign,
    keep_asked,
    keep_conclusion,
)
from grader.reading.restatements.question_echo import strip_echo
from grader.reading.restatements.rewriting import Rewriter
from grader.reading.restatements.shapes import drop_axis_nouns, name_axes
from grader.reading.restatements.spelled_numbers import spell_out
from grader.reading.restatements.tables import drop_row_names
from grader.reading.restatements.totals import keep_total
from grader.reading.restatements.vectors import (
    drop_cell_units,
    order_named_cells,
    solve_cells,
    stack_lettered,
    unwrap_record,
)

SCALAR_REWRITERS: Final[tuple[Rewriter, ...]] = (
    spell_out,
    keep_total,
    keep_asked,
    drop_comparison,
    drop_copied_label,
    drop_check,
    explain_sign,
    keep_computed,
    keep_conclusion,
    strip_echo,
)
QUANTITY_REWRITERS: Final[tuple[Rewriter, ...]] = (
    keep_total,
    drop_comparison,
    drop_check,
    keep_conclusion,
    strip_echo,
)
ARRAY_REWRITERS: Final[tuple[Rewriter, ...]] = (
    unwrap_record,
    stack_lettered,
    order_named_cells,
    drop_copied_label,
    solve_cells,
    drop_row_names,
    drop_cell_units,
    keep_conclusion,
    strip_echo,
)
SHAPE_REWRITERS: Final[tuple[Rewriter, ...]] = (
    name_axes,
    drop_axis_nouns,
    keep_conclusion,
    name_axes,
    strip_echo,
)
