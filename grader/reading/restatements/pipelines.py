"""Rewritings of each form of answer, in the order in which they are tried."""

from functools import partial
from typing import Final

from grader.reading.restatements.arrays import (
    collect_listed_numbers,
    keep_last_array_of_unique_size,
    keep_last_cells_of_unique_count,
    read_row_commas,
    replace_decimal_commas_in_cells,
    split_rows_at_bars,
)
from grader.reading.restatements.phrases import strip_phrases
from grader.reading.restatements.question_echo import strip_echo
from grader.reading.restatements.rewriting import Rewriter
from grader.reading.restatements.shapes import (
    drop_nouns_behind_sizes,
    drop_some_axis_names,
    name_axes_of_told_shape,
)
from grader.reading.restatements.spelled_numbers import spell_out
from grader.reading.restatements.steps.evaluated_steps import keep_result_of_used_steps
from grader.reading.restatements.steps.harmless_clauses import (
    drop_clause_about_irrelevance,
    drop_hash_or_true_comparison,
    drop_ratio_remark,
)
from grader.reading.restatements.steps.listed_items import drop_clause_about_others
from grader.reading.restatements.steps.ordered_cells import (
    assemble_matrix_from_corners,
    drop_index_column,
    extract_range_ends,
    keep_computed_cells,
    order_paired_cells,
)
from grader.reading.restatements.steps.rounded_results import keep_rounded_result
from grader.reading.restatements.steps.singled_out_values import (
    drop_remark_on_proven_value,
    keep_value_before_computation,
    keep_value_with_asked_noun,
)
from grader.reading.restatements.steps.tex_words import drop_name_and_definition, write_plain_tex
from grader.reading.restatements.surroundings.array_labels import drop_product_in_question
from grader.reading.restatements.surroundings.batch_axis import drop_batch_axis
from grader.reading.restatements.surroundings.conversions import drop_conversion, write_out_rate
from grader.reading.restatements.surroundings.examples import (
    keep_exact_value_after_rounding,
    keep_share_after_count,
)
from grader.reading.restatements.surroundings.harmless_remarks import (
    drop_comparison_of_equals,
    drop_decimal_remark,
    drop_enumeration_behind_count,
    drop_excluded_value,
    drop_one_for_each,
    drop_same_value_in_other_notation,
)
from grader.reading.restatements.surroundings.printed_code import drop_code_above_output
from grader.reading.restatements.surroundings.row_phrases import (
    expand_repeated_lists,
    repeat_rows,
    stack_ordinal_rows,
)
from grader.reading.restatements.tables import (
    drop_row_names,
    drop_row_numbers,
    sort_indexed_entries,
)
from grader.reading.restatements.vectors import (
    drop_units_behind_cells,
    evaluate_cell_equations,
    order_last_named_cells,
    order_named_cells,
    stack_lettered_matrices,
    unwrap_single_field_object,
)
from grader.reading.restatements.working.array_results import (
    drop_size_behind,
    drop_words_behind_array,
    keep_array_result,
)
from grader.reading.restatements.working.checks import (
    drop_bracketed_percentage,
    drop_computation_behind_value,
    keep_result_of_one_operation,
)
from grader.reading.restatements.working.comparisons import (
    complete_unit_prefix,
    drop_count_of_subset,
    drop_plus_minus_sign,
    drop_replaced_number,
    keep_result_of_multiple,
)
from grader.reading.restatements.working.concluded_values import (
    keep_concluded_array,
    keep_explained_equation,
    keep_last_clause,
    keep_last_conclusion,
    keep_value_behind_colon,
)
from grader.reading.restatements.working.conclusions import (
    drop_byte_or_cross_sign,
    drop_copied_label,
    drop_true_comparison,
    keep_asked_equation,
    keep_conclusion_after_computation,
)
from grader.reading.restatements.working.final_shapes import (
    drop_computed_size,
    keep_supported_shape,
    name_computed_axes,
)
from grader.reading.restatements.working.final_values import keep_supported_value
from grader.reading.restatements.working.labeled_results import keep_value_with_asked_label
from grader.reading.restatements.working.phrased_cells import (
    join_paired_cells,
    order_phrased_cells,
)
from grader.reading.restatements.working.prose_results import keep_prose_result
from grader.reading.restatements.working.proven_results import keep_proven_result
from grader.reading.restatements.working.totals import keep_sum_of_summands

SCALAR_REWRITERS: Final[tuple[Rewriter, ...]] = (
    drop_code_above_output,
    write_out_rate,
    drop_conversion,
    drop_enumeration_behind_count,
    drop_same_value_in_other_notation,
    drop_comparison_of_equals,
    drop_decimal_remark,
    drop_excluded_value,
    drop_one_for_each,
    spell_out,
    write_plain_tex,
    drop_name_and_definition,
    drop_hash_or_true_comparison,
    drop_clause_about_irrelevance,
    keep_rounded_result,
    keep_result_of_used_steps,
    keep_exact_value_after_rounding,
    keep_share_after_count,
    keep_sum_of_summands,
    keep_asked_equation,
    keep_value_with_asked_label,
    drop_true_comparison,
    drop_copied_label,
    drop_computation_behind_value,
    drop_bracketed_percentage,
    drop_clause_about_others,
    drop_byte_or_cross_sign,
    drop_replaced_number,
    drop_plus_minus_sign,
    drop_count_of_subset,
    keep_result_of_multiple,
    keep_result_of_one_operation,
    keep_proven_result,
    keep_supported_value,
    keep_prose_result,
    keep_conclusion_after_computation,
    keep_explained_equation,
    keep_last_clause,
    keep_last_conclusion,
    keep_value_behind_colon,
    keep_value_with_asked_noun,
    keep_value_before_computation,
    drop_remark_on_proven_value,
    strip_echo,
)
PERCENT_REWRITERS: Final = tuple(
    one for one in SCALAR_REWRITERS if one is not drop_bracketed_percentage
)
QUANTITY_REWRITERS: Final[tuple[Rewriter, ...]] = (
    drop_conversion,
    drop_same_value_in_other_notation,
    drop_comparison_of_equals,
    strip_phrases,
    write_plain_tex,
    drop_clause_about_irrelevance,
    drop_ratio_remark,
    keep_result_of_used_steps,
    complete_unit_prefix,
    keep_exact_value_after_rounding,
    keep_sum_of_summands,
    keep_value_with_asked_label,
    drop_replaced_number,
    keep_result_of_multiple,
    drop_true_comparison,
    drop_computation_behind_value,
    drop_bracketed_percentage,
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
    drop_code_above_output,
    expand_repeated_lists,
    repeat_rows,
    stack_ordinal_rows,
    read_row_commas,
    split_rows_at_bars,
    drop_product_in_question,
    drop_comparison_of_equals,
    strip_phrases,
    unwrap_single_field_object,
    drop_index_column,
    order_paired_cells,
    assemble_matrix_from_corners,
    keep_computed_cells,
    stack_lettered_matrices,
    drop_row_names,
    order_named_cells,
    order_last_named_cells,
    order_phrased_cells,
    join_paired_cells,
    drop_copied_label,
    evaluate_cell_equations,
    sort_indexed_entries,
    drop_units_behind_cells,
    keep_array_result,
    drop_size_behind,
    drop_words_behind_array,
    keep_conclusion_after_computation,
    keep_concluded_array,
    keep_last_array_of_unique_size,
    keep_last_cells_of_unique_count,
    keep_last_conclusion,
    strip_echo,
)
VECTOR_REWRITERS: Final[tuple[Rewriter, ...]] = (
    extract_range_ends,
    replace_decimal_commas_in_cells,
    drop_row_numbers,
    spell_out,
    *ARRAY_REWRITERS[:-2],
    collect_listed_numbers,
    keep_last_conclusion,
    strip_echo,
)
SHAPE_REWRITERS: Final[tuple[Rewriter, ...]] = (
    drop_code_above_output,
    drop_batch_axis,
    drop_comparison_of_equals,
    strip_phrases,
    drop_computed_size,
    name_computed_axes,
    keep_supported_shape,
    name_axes_of_told_shape,
    drop_nouns_behind_sizes,
    drop_some_axis_names,
    keep_result_of_multiple,
    keep_conclusion_after_computation,
    name_axes_of_told_shape,
    keep_last_conclusion,
    strip_echo,
)


def adapt_to_statement(rewriters: tuple[Rewriter, ...], statement: str) -> tuple[Rewriter, ...]:
    """Return *rewriters* that also use the problem's *statement*, where they can."""
    using: dict[Rewriter, Rewriter] = {
        drop_row_names: partial(drop_row_names, statement=statement),
        drop_units_behind_cells: partial(drop_units_behind_cells, statement=statement),
    }
    return tuple(using.get(one, one) for one in rewriters)
