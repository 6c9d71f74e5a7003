"""Several values in one answer: lists of formulas, numbered values, stacks, column totals."""
