"""Steps that lead to a value: each equation is computed again, with the names before it."""
