"""Tests of every kind on published variants: they grade like newly solved ones.

The service keeps keys and known wrong answers as JSON. A kind whose values change their
type on the way passes every other test and then grades each answer wrong in production.
"""

import json
from typing import NamedTuple

import pytest
from factories import BOOK, ask, original
from kind_examples import EXAMPLES, PARAMS
from reloaded_variants import differences, reload_variant, sample_answers

from grader.grading.grade import grade
from grader.json_values import NotSerializableError, from_json, to_json
from grader.kinds import KINDS
from grader.kinds.base import WRONG
from grader.kinds.shapes import ShapeKind
from problems import variant_serialization

PARTS = [
    pytest.param(part, id=f"{kind}{index}")
    for kind, parts in EXAMPLES.items()
    for index, part in enumerate(parts)
]


@pytest.mark.parametrize("part", PARTS)
def test_every_kind_grades_a_stored_variant_like_the_solved_one(part):
    assert differences(original(part, params=PARAMS), BOOK) == []


@pytest.mark.parametrize("part", PARTS)
def test_stored_keys_keep_their_type(part):
    variant = original(part, params=PARAMS)
    for loaded in reload_variant(variant, BOOK).values():
        assert type(loaded.keys["a"]) is type(variant.keys["a"])


@pytest.mark.parametrize("part", PARTS)
def test_carried_answers_keep_their_type(part):
    variant = original(part, params=PARAMS)
    for typed in sample_answers(variant, variant.problem.parts[0]):
        (result,) = grade(variant, {"a": typed}, registry=BOOK)
        back = from_json(json.loads(json.dumps(to_json(result.carries))))
        assert (type(back), back) == (type(result.carries), result.carries)


class Sizes(NamedTuple):
    """Key of a test kind: a new type, as a future kind may have."""

    height: int
    width: int


class SizesKind(ShapeKind):
    """Test kind that accepts only keys of that type."""

    def solve(self, part, scope):
        return Sizes(*super().solve(part, scope))

    def judge(self, reading, key, part, scope):
        return super().judge(reading, key, part, scope) if isinstance(key, Sizes) else WRONG


@pytest.fixture
def planted(monkeypatch):
    """Return a variant of the test kind."""
    monkeypatch.setitem(KINDS, "shape", SizesKind())
    return original(ask("shape", key="(3, 4)"), title="Graded by a planted kind")


def test_key_of_a_custom_type_is_solved_again_instead_of_stored(planted):
    """JSON has no such type, so the key is not stored; formula keys are not stored either."""
    assert variant_serialization.dump_variant(planted, BOOK)["keys"] == {}
    assert differences(planted, BOOK) == []


def test_kind_whose_key_loads_as_a_plain_tuple_is_detected(planted, monkeypatch):
    def lossy(value):
        return to_json(tuple(value) if isinstance(value, tuple) else value)

    monkeypatch.setattr(variant_serialization, "to_json", lossy)
    assert variant_serialization.dump_variant(planted, BOOK)["keys"] == {"a": {"tuple": [3, 4]}}
    whole, *_ = differences(planted, BOOK)
    assert whole.startswith("toy.a, loaded whole: '3×4' is ('wrong'")
    assert "was ('correct'" in whole


@pytest.mark.parametrize(
    "value", [Sizes(3, 4), (1, Sizes(3, 4)), [Sizes(3, 4)], {"a": Sizes(1, 2)}]
)
def test_value_that_would_lose_its_type_is_not_serialized(value):
    with pytest.raises(NotSerializableError):
        to_json(value)
