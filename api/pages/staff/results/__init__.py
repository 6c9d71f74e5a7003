"""Pages of results: figures, gradebook, one student's grades."""
