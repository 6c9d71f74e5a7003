"""Tests that a shape in the other layout is diagnosed as `layout_swapped`."""

import pytest
from bank_catalog import CATALOG

from grader.display.text import to_text
from grader.grading.context import build_part_context
from grader.grading.grade import grade_part
from grader.variants.variant import solve_variant
from problems.registry import REGISTRY

LAYOUTS = {"CHW": (1, 2, 0), "HWC": (2, 0, 1)}
"""The order of the axes in the other layout."""
SHAPES = [
    (name, part)
    for name in CATALOG.ids
    for part in CATALOG.get(name).parts
    if part.kind == "shape" and not part.variables and part.layout in LAYOUTS
]


@pytest.mark.parametrize(("name", "part"), SHAPES, ids=[f"{name}.{p.id}" for name, p in SHAPES])
def test_swapped_axis_layout_is_named(name, part):
    variant = solve_variant(CATALOG.get(name), None, REGISTRY)
    key = variant.keys[part.id]
    other = tuple(key[axis] for axis in LAYOUTS[part.layout])
    result = grade_part(build_part_context(variant, part.id, REGISTRY), to_text(other), {}, None)
    assert other == key or "layout_swapped" in result.mistakes
