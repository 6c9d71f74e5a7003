"""The bank of the checkout, loaded once per test process."""

from problems.catalog import ProblemCatalog

__all__ = ["CATALOG"]

CATALOG = ProblemCatalog()
