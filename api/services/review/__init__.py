"""Review by people: what waits for a mark, who has it, rubrics, marks, and requests for more."""
