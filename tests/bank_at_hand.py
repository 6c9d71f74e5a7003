"""The bank of the checkout, each of its problems loaded once for all tests of a process."""

from problems.catalog import ProblemCatalog

__all__ = ["CATALOGUE"]

CATALOGUE = ProblemCatalog()
