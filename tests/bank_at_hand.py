"""The bank of the checkout, each of its problems loaded once for all tests of a process."""

from problems.catalogue import ProblemCatalog

__all__ = ["CATALOGUE"]

CATALOGUE = ProblemCatalog()
