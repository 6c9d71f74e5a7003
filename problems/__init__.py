"""What can be asked: the bank, solvers with their twins, networks, loader, checker."""
