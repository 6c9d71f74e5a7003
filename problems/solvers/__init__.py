"""Reference solvers, one family a module, each with its twins; `problems.book` gathers them."""
