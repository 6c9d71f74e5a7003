"""Choices of an author for an archive, in a module that imports nothing of the engine."""

from typing import Literal, TypeAlias

Visibility: TypeAlias = Literal["visible", "after_due_date", "after_published", "hidden"]
"""When students see a test, in Gradescope's words."""
VariantPolicy: TypeAlias = Literal["each", "shared", "original"]
"""Who has which numbers: each student their own, all the same drawn ones, all the textbook's."""
