"""The problem bank: solvers with their wrong versions, networks, loader, checker."""
