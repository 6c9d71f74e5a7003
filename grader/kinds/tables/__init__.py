"""Kind whose answer is a table, with a row per layer and cells of other kinds."""
