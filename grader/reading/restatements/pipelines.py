"""Rewritings of each form of answer, in the order in which they are tried."""

from functools import partial
from typing import Final

from grader.reading.restatements.arrays import (
    join_listed_cells,
    keep_last_array_of_unique_size,
    keep_last_cells_of_unique_count,
    read_cell_commas,
    read_row_commas,
)
from grader.reading.restatements.phrases import strip_phrases
from grader.reading.restatements.question_echo import strip_echo
from grader.reading.restatements.rewriting import Rewriter
from grader.reading.restatements.shapes import (
    add_axis_names,
    drop_axis_nouns,
    drop_some_axis_names,
)
from grader.reading.restatements.spelled_numbers import spell_out
from grader.reading.restatements.steps.evaluated_steps import keep_evaluated_steps
from grader.reading.restatements.steps.harmless_clauses import (
    drop_number_sign,
    drop_ratio,
    drop_settled_clause,
)
from grader.reading.restatements.steps.listed_items import drop_others
from grader.reading.restatements.steps.ordered_cells import (
    drop_index_column,
    keep_computed_cells,
    order_paired_cells,
    place_corners,
    read_ends,
)
from grader.reading.restatements.steps.rounded_results import keep_rounded_result
from grader.reading.restatements.steps.tex_words import drop_definition, write_plain_tex
from grader.reading.restatements.surroundings.array_labels import drop_product_in_question
from grader.reading.restatements.surroundings.batch_axis import drop_batch_axis
from grader.reading.restatements.surroundings.conversions import drop_conversion, write_out_rate
from grader.reading.restatements.surroundings.examples import keep_exact, keep_share
from grader.reading.restatements.surroundings.harmless_remarks import (
    drop_comparison_of_equals,
    drop_decimal_remark,
    drop_items,
    drop_repeated_form,
)
from grader.reading.restatements.surroundings.printed_code import drop_code
from grader.reading.restatements.surroundings.row_phrases import (
    expand_repeated_lists,
    repeat_rows,
    stack_ordinal_rows,
)
from grader.reading.restatements.tables import (
    drop_row_names,
    drop_row_numbers,
    order_entries,
)
from grader.reading.restatements.vectors import (
    drop_cell_units,
    order_last_named_cells,
    order_named_cells,
    solve_cells,
    stack_lettered,
    unwrap_record,
)
from grader.reading.restatements.working.array_results import (
    drop_size_behind,
    drop_words_behind,
    keep_array_result,
)
from grader.reading.restatements.working.checks import (
    drop_check,
    drop_share,
    keep_result_of_one_operation,
)
from grader.reading.restatements.working.comparisons import (
    complete_unit,
    drop_rejected,
    drop_sign_of_limit,
    drop_subset,
    keep_multiple,
)
from grader.reading.restatements.working.concluded_values import (
    keep_concluded_array,
    keep_explained_equation,
    keep_last_clause,
    keep_last_conclusion,
    keep_value_behind_colon,
)
from grader.reading.restatements.working.conclusions import (
    drop_comparison,
    drop_copied_label,
    explain_sign,
    keep_asked_equation,
    keep_conclusion_after_computation,
)
from grader.reading.restatements.working.final_shapes import (
    drop_computed_size,
    keep_supported_shape,
    name_computed_axes,
)
from grader.reading.restatements.working.final_values import keep_supported_value
from grader.reading.restatements.working.labeled_results import keep_labeled
from grader.reading.restatements.working.phrased_cells import (
    join_paired_cells,
    order_phrased_cells,
)
from grader.reading.restatements.working.prose_results import keep_prose_result
from grader.reading.restatements.working.proven_results import keep_proven_result
from grader.reading.restatements.working.totals import keep_total

SCALAR_REWRITERS: Final[tuple[Rewriter, ...]] = (
    drop_code,
    write_out_rate,
    drop_conversion,
    drop_items,
    drop_repeated_form,
    drop_comparison_of_equals,
    drop_decimal_remark,
    spell_out,
    write_plain_tex,
    drop_definition,
    drop_number_sign,
    drop_settled_clause,
    keep_rounded_result,
    keep_evaluated_steps,
    keep_exact,
    keep_share,
    keep_total,
    keep_asked_equation,
    keep_labeled,
    drop_comparison,
    drop_copied_label,
    drop_check,
    drop_share,
    drop_others,
    explain_sign,
    drop_rejected,
    drop_sign_of_limit,
    drop_subset,
    keep_multiple,
    keep_result_of_one_operation,
    keep_proven_result,
    keep_supported_value,
    keep_prose_result,
    keep_conclusion_after_computation,
    keep_explained_equation,
    keep_last_clause,
    keep_last_conclusion,
    keep_value_behind_colon,
    strip_echo,
)
PERCENT_REWRITERS: Final = tuple(one for one in SCALAR_REWRITERS if one is not drop_share)
QUANTITY_REWRITERS: Final[tuple[Rewriter, ...]] = (
    drop_conversion,
    drop_repeated_form,
    drop_comparison_of_equals,
    strip_phrases,
    write_plain_tex,
    drop_settled_clause,
    drop_ratio,
    keep_evaluated_steps,
    complete_unit,
    keep_exact,
    keep_total,
    keep_labeled,
    drop_rejected,
    keep_multiple,
    drop_comparison,
    drop_check,
    drop_share,
    keep_proven_result,
    keep_supported_value,
    keep_prose_result,
    keep_conclusion_after_computation,
    keep_explained_equation,
    keep_last_clause,
    keep_last_conclusion,
    keep_value_behind_colon,
    strip_echo,
)
ARRAY_REWRITERS: Final[tuple[Rewriter, ...]] = (
    drop_code,
    expand_repeated_lists,
    repeat_rows,
    stack_ordinal_rows,
    read_row_commas,
    drop_product_in_question,
    drop_comparison_of_equals,
    strip_phrases,
    unwrap_record,
    drop_index_column,
    order_paired_cells,
    place_corners,
    keep_computed_cells,
    stack_lettered,
    drop_row_names,
    order_named_cells,
    order_last_named_cells,
    order_phrased_cells,
    join_paired_cells,
    drop_copied_label,
    solve_cells,
    order_entries,
    drop_cell_units,
    keep_array_result,
    drop_size_behind,
    drop_words_behind,
    keep_conclusion_after_computation,
    keep_concluded_array,
    keep_last_array_of_unique_size,
    keep_last_cells_of_unique_count,
    keep_last_conclusion,
    strip_echo,
)
VECTOR_REWRITERS: Final[tuple[Rewriter, ...]] = (
    read_ends,
    read_cell_commas,
    drop_row_numbers,
    spell_out,
    *ARRAY_REWRITERS[:-2],
    join_listed_cells,
    keep_last_conclusion,
    strip_echo,
)
SHAPE_REWRITERS: Final[tuple[Rewriter, ...]] = (
    drop_code,
    drop_batch_axis,
    drop_comparison_of_equals,
    strip_phrases,
    drop_computed_size,
    name_computed_axes,
    keep_supported_shape,
    add_axis_names,
    drop_axis_nouns,
    drop_some_axis_names,
    keep_multiple,
    keep_conclusion_after_computation,
    add_axis_names,
    keep_last_conclusion,
    strip_echo,
)


def adapt_to_statement(rewriters: tuple[Rewriter, ...], statement: str) -> tuple[Rewriter, ...]:
    """Return *rewriters* that also use the problem's *statement*, where they can."""
    using: dict[Rewriter, Rewriter] = {
        drop_row_names: partial(drop_row_names, statement=statement),
        drop_cell_units: partial(drop_cell_units, statement=statement),
    }
    return tuple(using.get(one, one) for one in rewriters)
