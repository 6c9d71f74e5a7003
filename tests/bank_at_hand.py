"""The bank of the checkout, each of its problems loaded once for all tests of a process."""

from problems.catalogue import Catalogue

__all__ = ["CATALOGUE"]

CATALOGUE = Catalogue()
